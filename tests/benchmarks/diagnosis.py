"""How often the diagnosis names an induced illness, and how often its first advice lowers the validation loss.

   python tests/benchmarks/diagnosis.py [tune|verify|all] [seed ...]

Each illness is induced in a training on each data set, beside healthy trainings. The first of the next improvements is
followed, with the same seed. A change of the lowest validation loss by more than 2% counts. Needs scikit-learn.
To compare two versions, run this file with the `src` of either on PYTHONPATH; it prints its tables in Markdown.
"""

import copy
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import yaml
from sklearn import datasets

from glassnet.config import Settings, parse_settings, training_plan
from glassnet.data import ArrayDataset
from glassnet.diagnostics import (
    AnyOf,
    Finding,
    Telemetry,
    Training,
    diagnose,
    examine_scores,
    next_improvements,
    training_of,
)
from glassnet.evaluation import (
    ErrorAnalysis,
    LabelledRows,
    Metrics,
    RegressionErrorAnalysis,
    analyse_errors,
    analyse_regression_errors,
    apply_temperature,
    classification_scores,
    compare_classifiers,
    compare_regressions,
    examine_calibration,
    majority_probabilities,
    regression_scores,
)
from glassnet.reporting import setup_of
from glassnet.training import Row, TrainingDivergedError, TrainingPlan, baseline_plan, predict, train_network

Arrays: TypeAlias = tuple[npt.NDArray[np.float64], npt.NDArray[Any]]
Changes: TypeAlias = dict[str, Any]
ROWS, MATTERS = 900, 0.02


def _table(seed: int, **settings: Any) -> Arrays:
    X, y = datasets.make_classification(ROWS, random_state=seed, **settings)
    return X, y


TUNE: dict[str, Callable[[], Arrays]] = {
    "moons": lambda: datasets.make_moons(500, noise=0.25, random_state=1),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "friedman 1": lambda: datasets.make_friedman1(ROWS, noise=1.0, random_state=1),
    "12 classes": lambda: _table(3, n_features=16, n_informative=10, n_classes=12, n_clusters_per_class=1),
    "hard table": lambda: _table(4, n_features=20, n_informative=6, n_classes=3, class_sep=0.7, flip_y=0.05),
}
VERIFY: dict[str, Callable[[], Arrays]] = {
    "breast cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "circles": lambda: datasets.make_circles(400, noise=0.15, factor=0.5, random_state=5),
    "shells": lambda: datasets.make_gaussian_quantiles(n_samples=800, n_features=4, n_classes=4, random_state=6),
    "friedman 2": lambda: datasets.make_friedman2(600, noise=100.0, random_state=7),
    "linear target": lambda: datasets.make_regression(500, 12, n_informative=8, noise=40.0, random_state=8),
    "20 classes": lambda: _table(9, n_features=24, n_informative=14, n_classes=20, n_clusters_per_class=1),
    "swiss roll": lambda: datasets.make_swiss_roll(700, noise=0.8, random_state=10),
}
CONSTANT = {"schedule": "constant", "training.patience": None}
ILLNESSES: dict[str, Changes] = {
    "rate × 100": {"optimizer.learning_rate": 1.0, "schedule": "constant"},
    "rate ÷ 1000": {"optimizer.learning_rate": 1e-5},
    "SGD, rate 3": {"optimizer": "sgd", "optimizer.momentum": 0.0, "optimizer.learning_rate": 3.0},
    "RMSProp, rate 1": {"optimizer": "rmsprop", "optimizer.learning_rate": 1.0},
    "sigmoid, 3 layers": {
        "model.hidden_sizes": [16, 16, 16],
        "model.activation": "sigmoid",
        "model.init": "xavier_normal",
    },
    "sigmoid, 6 layers": {"model.hidden_sizes": [32] * 6, "model.activation": "sigmoid", "model.init": "xavier_normal"},
    "dropout 0.9": {"model.hidden_sizes": [32], "model.dropout": 0.9},
    "penalty 1": {"training.l2": 1.0},
    "2 units": {"model.hidden_sizes": [2]},
    "40 rows, 256 + 256 units": {"model.hidden_sizes": [256, 256], "rows": 40, **CONSTANT},
    "3 epochs": {"training.epochs": 3},
    "batches of 2": {
        "training.batch_size": 2,
        "optimizer.learning_rate": 0.02,
        "training.epochs": 30,
        **CONSTANT,
    },
    "tanh, scale 60": {"model.activation": "tanh", "model.init": "xavier_normal", "scale": 60.0},
    "25% wrong labels": {"model.hidden_sizes": [64, 64], "noise": 0.25, "schedule": "constant"},
    "rare class, 7%": {"rare": 0.07},
}
HEALTHY: list[Changes] = [
    {},
    {"model.hidden_sizes": [32]},
    {"optimizer": "sgd", "optimizer.learning_rate": 0.05},
    {"model.hidden_sizes": [32], "training.l2": 0.001},
]
HAS_NOTHING = "nothing found"


@dataclass(frozen=True)
class Result:
    """What a training came to: the training, its findings and the first of the next improvements."""

    training: Training
    findings: list[Finding]
    first: Finding

    @property
    def named_first(self) -> str:
        """The finding that comes first."""
        return self.findings[0].name if self.findings else HAS_NOTHING


def _splits(arrays: Arrays, changes: Changes, seed: int) -> tuple[list[ArrayDataset], int | None]:
    """Return the training, validation and test rows, standardized, and how many classes there are."""
    rng = np.random.default_rng(seed)
    X, y = arrays
    classes = None if y.dtype == np.float64 else int(y.max()) + 1
    if "rare" in changes:
        y = (y == 0).astype(np.int64)
        rare, usual = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
        kept = np.concatenate([usual, rare[: max(8, int(changes["rare"] * len(usual)))]])
        X, y, classes = X[kept], y[kept], 2
    order = rng.permutation(len(X))[:ROWS]
    X, y = X[order], y[order]
    if "noise" in changes and classes:
        wrong = rng.random(len(y)) < changes["noise"]
        y = np.where(wrong, rng.integers(0, classes, len(y)), y)
    train = min(len(X) // 2, changes.get("rows", len(X)))
    parts = [slice(0, train), slice(len(X) // 2, 3 * len(X) // 4), slice(3 * len(X) // 4, len(X))]
    X = (X - X[parts[0]].mean(axis=0)) / np.maximum(X[parts[0]].std(axis=0), 1e-6)
    X = (np.clip(X, -10, 10) * changes.get("scale", 1.0)).astype(np.float32)
    if classes is None:
        y = ((y - y[parts[0]].mean()) / y[parts[0]].std()).astype(np.float32)[:, np.newaxis]
    return [ArrayDataset(X[part], y[part]) for part in parts], classes


def _settings(values: Changes, changes: Changes, seed: int) -> Changes:
    """Return settings with these changes: keys such as "training.l2", or groups such as "optimizer"."""
    values = copy.deepcopy(values)
    values["seed"] = seed
    for name, value in changes.items():
        group, _, key = name.partition(".")
        if key:
            values[group][key] = list(value) if isinstance(value, tuple) else value
        elif group in ("model", "optimizer", "schedule"):
            with open(f"conf/{group}/{value}.yaml", encoding="utf-8") as file:
                values[group] = (values[group] if value == "mlp" else {}) | yaml.safe_load(file)
            if (group, value) == ("model", "mlp"):
                values[group]["init"] = "he_normal"
        elif group == "seed":
            values["seed"] = value
    return values


def lowest_loss(history: Sequence[Row]) -> float:
    """Return the lowest validation loss."""
    return min(row["validation_loss"] for row in history)


def prepare(arrays: Arrays, changes: Changes, seed: int) -> tuple[Settings, TrainingPlan, list[ArrayDataset]]:
    """Return the settings with these changes of the defaults, their plan, and the rows of the splits."""
    with open("params.yaml", encoding="utf-8") as file:
        defaults = yaml.safe_load(file)
    settings = parse_settings(_settings(defaults, changes, seed), "bench")
    splits, classes = _splits(arrays, changes, seed)
    return settings, training_plan(settings, splits[0].X.shape[1], classes), splits


def run(arrays: Arrays, changes: Changes, seed: int) -> Result:
    """Train with these changes of the defaults, and diagnose."""
    settings, plan, (train, validation, test) = prepare(arrays, changes, seed)
    telemetry = Telemetry(50)
    trained = train_network(plan, train, validation, [telemetry])
    classes = plan.architecture.classes
    training = training_of(
        trained.history, telemetry.rows, setup_of(settings.describing_the_result()), classes,
        best_epoch=trained.best_epoch, validation_targets=np.asarray(validation.y),
    )  # fmt: skip
    linear = baseline_plan(train.X.shape[1], classes, len(train), learning_rate=0.02, epochs=40, seed=seed)
    metrics, errors = _scores(linear, trained.model, train, validation, test, classes)
    findings = sorted([*diagnose(training), *examine_scores(metrics, training)], key=lambda finding: -finding.severity)
    return Result(training, findings, next_improvements(findings, errors, training)[0])


def _scores(
    linear: TrainingPlan, model: Any, train: ArrayDataset, validation: ArrayDataset,
    test: ArrayDataset, classes: int | None,
) -> tuple[Metrics, ErrorAnalysis | RegressionErrorAnalysis]:  # fmt: skip
    """Return the scores of the test rows, as `evaluate` writes them, and the error analysis."""
    outputs = [predict(network, test.X, output=lambda logits: logits) for network in (
        model, train_network(linear, train, validation, []).model
    )]  # fmt: skip
    names = [f"x{i}" for i in range(train.X.shape[1])]
    ours, known = (LabelledRows(s.X, np.asarray(s.y).ravel(), np.arange(len(s))) for s in (test, train))
    if classes is None:
        actual, predicted, other = test.y[:, 0], outputs[0][:, 0], outputs[1][:, 0]
        metrics: Any = {**regression_scores(actual, predicted), "baselines": {}}
        metrics["comparisons"] = {"linear_regression": compare_regressions(actual, predicted, other)}
        return metrics, analyse_regression_errors(ours, predicted, known, {"mean": 0.0, "scale": 1.0}, names)
    mine, theirs = (apply_temperature(logits, 1.0) for logits in outputs)
    majority = majority_probabilities(len(test), np.bincount(train.y, minlength=classes))
    held_out = validation.y, predict(model, validation.X, output=lambda logits: logits)
    compared = {"majority_class": majority, "softmax_regression": theirs}
    metrics = {
        **classification_scores(test.y, mine),
        "baselines": {name: classification_scores(test.y, p) for name, p in compared.items()},
        "comparisons": {
            name: compare_classifiers(test.y, mine.argmax(axis=1), p.argmax(axis=1)).as_scores()
            for name, p in compared.items()
        },
        "calibration": examine_calibration(test.y, outputs[0], held_out)[0],
    }
    class_names = tuple(str(label) for label in range(classes))
    return metrics, analyse_errors(ours, mine, known, class_names, names)


def _follow(arrays: Arrays, changes: Changes, result: Result, seed: int) -> str:
    """Return what the first improvement does to the lowest validation loss."""
    wanted = {change.setting: change.value for change in result.first.changes}
    if not wanted or any(isinstance(value, AnyOf) for value in wanted.values()):
        return "compares"
    _, plan, (train, validation, _) = prepare(arrays, {**changes, **wanted}, seed)
    try:
        other = train_network(plan, train, validation, [])
    except TrainingDivergedError:
        return "worse"
    ratio = lowest_loss(other.history) / lowest_loss(result.training.history)
    return "better" if ratio < 1 - MATTERS else "worse" if ratio > 1 + MATTERS else "same"


def main(which: str, seeds: list[int]) -> None:
    """Print what was named first for each illness, and what the first advice did."""
    data = {"tune": TUNE, "verify": VERIFY, "all": {**TUNE, **VERIFY}}[which]
    cases = [*ILLNESSES.items(), *((f"healthy {at}", changes) for at, changes in enumerate(HEALTHY))]
    total: Counter[str] = Counter()
    print("| induced | named first | better | same | worse | compares |\n|---|---|---|---|---|---|")
    for illness, changes in cases:
        named: Counter[str] = Counter()
        effects: Counter[str] = Counter()
        for name, load in data.items():
            arrays = load()
            if arrays[1].dtype == np.float64 and ("noise" in changes or "rare" in changes):
                continue
            for seed in seeds:
                try:
                    result = run(arrays, changes, seed)
                except TrainingDivergedError:
                    named["stopped by an error"] += 1
                    continue
                named[result.named_first] += 1
                effect = _follow(arrays, changes, result, seed)
                effects[effect] += 1
                total[effect] += not illness.startswith("healthy")
                words = " ".join(f"{c.setting}={c.value}" for c in result.first.changes)
                others = ", ".join(finding.name for finding in result.findings)
                print(f"{illness}\t{name}\t{seed}\t{effect}\t{words}\t[{others}]", file=sys.stderr, flush=True)
        counts = ", ".join(f"{name} {count}" for name, count in named.most_common())
        shown = " | ".join(str(effects[name]) for name in ("better", "same", "worse", "compares"))
        print(f"| {illness} | {counts} | {shown} |", flush=True)
    print(f"\nFirst advice in ill trainings: {dict(total.most_common())}")


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "all", [int(seed) for seed in sys.argv[2:]] or [0])
