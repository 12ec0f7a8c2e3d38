"""The experiment table of a sweep: what each job changed and what came of it, as CSV, markdown and figures."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.config import ABLATION, REPLICATES, UNCHANGED
from glassnet.evaluation.number_text import readable
from glassnet.files import whole_file, write_whole
from glassnet.reporting.sweep_figures import draw_setting
from glassnet.reporting.tables import markdown_table
from glassnet.runs import FINISHED, PRUNED, Job, Layout, read_jobs, read_notes
from glassnet.runs.manifest import Manifest, best_scores, learns_logarithm, learnt_target, monitor_of, read_manifest
from glassnet.training import minimized, read_history
from glassnet.training.monitor import LOSS

if TYPE_CHECKING:
    import pandas as pd


def write_experiment(folder: Path) -> list[Path]:
    """Write `experiment.csv`, `experiment.md` and a figure for each swept setting; return their paths.

    Finished jobs come first, the best validation loss, or monitored score, before the others; then those that failed,
    with the reason.
    """
    jobs = read_jobs(folder)
    swept, manifest = _swept(jobs), _manifest(jobs)
    settings, monitor = (manifest["settings"], monitor_of(manifest)) if manifest else ({}, LOSS.name)
    table = _table(jobs, monitor)
    files = [folder / "experiment.csv", folder / "experiment.md"]
    with whole_file(files[0]) as part:
        table.to_csv(part, index=False, lineterminator="\n")
    finished = table[table["status"] == FINISHED]
    text = [f"# Sweep {folder.name}", "", markdown_table(list(table.columns), _formatted(table)), ""]
    notes = read_notes(folder)
    if "validation_mae" in table:
        notes = [*notes, f"The scores are of {learnt_target(settings)}, whose standard deviation is 1."]
    if notes:
        text += [*(f"- {note}" for note in notes), ""]
    varied = [name for name in swept if finished[name].nunique() > 1]
    replicates = [name for name in varied if name in REPLICATES]
    others = [name for name in varied if name not in REPLICATES]
    if replicates and len(finished):
        title = " and ".join(replicates)
        text += [f"## Mean ± standard deviation over {title}", "", _over_replicates(finished, others, monitor), ""]
    if ABLATION in others and replicates and UNCHANGED in set(finished[ABLATION]):
        beside = [name for name in others if name != ABLATION]
        text += ["## What each part is worth", "", _ablation(finished, replicates, beside), ""]
        text += [f"Differences to `{UNCHANGED}`, pair by pair of {title}, mean ± standard error.", ""]
    if len(finished):
        for name in varied:
            path = folder / f"by_{name.replace('.', '_').replace('/', '_')}.png"
            beside = [other for other in others if other != name]
            draw_setting(finished, name, beside, path, monitor, of_logarithm=learns_logarithm(settings))
            files.append(path)
    write_whole(files[1], "\n".join(text))
    return files


def _table(jobs: list[Job], monitor: str) -> "pd.DataFrame":
    import pandas as pd

    swept = _swept(jobs)
    rows = [_row(job, swept) for job in jobs]
    score = next((name for row in rows for name in ("accuracy", "mae") if f"validation_{name}" in row), "accuracy")
    scores = dict.fromkeys(["validation_loss", f"validation_{score}", f"validation_{monitor}"])
    columns = ["job", *swept, *scores, "best_epoch", "epochs", "seconds", "status", "run", "notes"]
    table = pd.DataFrame(rows).reindex(columns=columns).sort_values("job")
    order = minimized_in(table, monitor).sort_values(na_position="last", kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _manifest(jobs: list[Job]) -> Manifest | None:
    """Return the manifest of a finished job, if one was: what all of them have in common stands in it."""
    layouts = [Layout(job.folder) for job in jobs if job.status == FINISHED]
    return next((read_manifest(layout) for layout in layouts if layout.manifest.is_file()), None)


def minimized_in(table: "pd.DataFrame", monitor: str) -> "pd.Series[float]":
    """Return the monitored score of each row as trainings are compared by it: lower is better."""
    return table[f"validation_{monitor}"].astype(float).map(lambda value: minimized(monitor, value))


@dataclass(frozen=True)
class _Result:
    """What came of a job: all of it if it was finished, its length if it was ended early, else nothing.

    Attributes:
        epochs: how many it ran.
        seconds: how long they took.
        best_epoch: the one whose weights were kept.
        validation: the scores of that epoch, by their names.
        run: the id of its run in MLflow.
    """

    epochs: int | None = None
    seconds: float | None = None
    best_epoch: int | None = None
    validation: Mapping[str, float] = field(default_factory=dict)
    run: str | None = None


def _row(job: Job, swept: list[str]) -> dict[str, object]:
    """Return a job's columns of the table."""
    given = dict(change.lstrip("+").partition("=")[::2] for change in job.changes)
    result = _result(job)
    return {
        "job": int(job.folder.name),
        **{name: given.get(name, "") for name in swept},
        **{f"validation_{name}": value for name, value in result.validation.items()},
        "best_epoch": result.best_epoch,
        "epochs": result.epochs,
        "seconds": result.seconds,
        "status": job.status,
        "run": result.run,
        "notes": job.reason,
    }


def _result(job: Job) -> _Result:
    layout = Layout(job.folder)
    if job.status not in {FINISHED, PRUNED} or not layout.manifest.is_file():
        return _Result()
    manifest = read_manifest(layout)
    seconds = round(sum(epoch["seconds"] for epoch in read_history(layout.history)), 3)
    if job.status == PRUNED:  # its loss is not one to compare with those of whole trainings
        return _Result(manifest["epochs"], seconds)
    recorded = layout.recorded
    run = json.loads(recorded.read_text(encoding="utf-8"))["run_id"] if recorded.is_file() else None
    return _Result(manifest["epochs"], seconds, manifest["best_epoch"], best_scores(manifest), run)


def _swept(jobs: list[Job]) -> list[str]:
    """Return the settings that the jobs change, in the order of the command line."""
    return list(dict.fromkeys(change.lstrip("+").partition("=")[0] for job in jobs for change in job.changes))


def _formatted(table: "pd.DataFrame") -> list[list[Any]]:
    """Return the rows as a reader wants them: five digits, nothing where nothing is known."""

    def text(name: str, value: Any) -> Any:
        if value is None or value != value:  # NaN
            return ""
        if name in {"best_epoch", "epochs"}:
            return int(value)
        if name == "run":
            return value[:8]  # enough to find it; the CSV has all of it
        return readable(value, 5) if isinstance(value, float) else value

    return [[text(name, value) for name, value in zip(table.columns, row, strict=True)]
            for row in table.itertuples(index=False)]  # fmt: skip


def _over_replicates(finished: "pd.DataFrame", others: list[str], monitor: str) -> str:
    """Return a table of mean and standard deviation for each choice of the other settings, the best mean first."""
    scores = _scores(finished)
    rows = []
    groups = finished.groupby(others, sort=False) if others else [((), finished)]
    for values, group in sorted(groups, key=lambda each: float(minimized_in(each[1], monitor).mean())):
        cells = [_spread(group[name].mean(), group[name].std(ddof=1)) for name in scores]
        rows.append([*(values if isinstance(values, tuple) else (values,)), *cells, len(group)])
    return markdown_table([*others, *scores, "trainings"], rows)


def _ablation(finished: "pd.DataFrame", replicates: list[str], others: list[str]) -> str:
    """Return a table of the differences to the unchanged settings, pair by pair, for each choice of the others.

    A setting that an ablation decides has not the values of the unchanged jobs: its jobs are compared with all of them.
    """
    columns = _scores(finished)
    unchanged = finished[finished[ABLATION] == UNCHANGED]
    rows = []
    for name, group in finished[finished[ABLATION] != UNCHANGED].groupby(ABLATION, sort=False):
        same = [other for other in others if set(group[other]) & set(unchanged[other])]
        pairs = unchanged.merge(
            group[[*replicates, *same, *columns]], on=[*replicates, *same], suffixes=("", "_without")
        )
        for values, part in pairs.groupby(others, sort=False) if others else [((), pairs)]:
            differences = [part[f"{column}_without"] - part[column] for column in columns]
            cells = [_spread(each.mean(), each.std(ddof=1) / len(part) ** 0.5, 4, signed=True) for each in differences]
            rows.append([name, *values, *cells, len(part)])
    return markdown_table([ABLATION, *others, *columns, "pairs"], rows)


def _spread(mean: float, spread: float, digits: int = 5, *, signed: bool = False) -> str:
    """Return a mean with its spread, which a single value has none of."""
    of_mean = readable(mean, digits, signed=signed)
    return of_mean if math.isnan(spread) else f"{of_mean} ± {readable(spread, 2)}"


def _scores(finished: "pd.DataFrame") -> list[str]:
    return [name for name in finished.columns if name.startswith("validation_")]
