"""Records a run: brings a run's record in MLflow up to date with what is on disk. Repeating it changes nothing."""

import json
import platform
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.config import Settings, flatten, named_by
from glassnet.runs import Layout
from glassnet.runs.manifest import BEST, Manifest, best_scores, read_manifest
from glassnet.tables import PreparedData
from glassnet.tracking.client.addresses import printable, tracking_uri
from glassnet.tracking.client.calls import OutageError, StoreError, call_store, heartbeat
from glassnet.tracking.client.limits import DATA_SET_NAME, key, param_string, shortened, tag_strings
from glassnet.tracking.client.runs import (
    COMPLETE,
    FAILURE_TAG,
    FOLDER_TAG,
    INCOMPLETE,
    RECORD_TAG,
    TRAINING_TAG,
    connect,
    job_tags,
    known_epochs,
    row_metrics,
)
from glassnet.tracking.registry.logged_model import log_model
from glassnet.training import Row, read_history

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run


def record_run(settings: Settings, layout: Layout, prepared: PreparedData) -> str | None:
    """Record the run of `layout` in MLflow, and return the run's id.

    The run is found by its key, a digest of settings, data and code, and made if there is none: the same settings, data
    and code are the same run, however often the pipeline executes. What the folders hold is recorded: parameters and
    epochs after training; the test scores, report and figures too once they exist. Until all of it has arrived, the run
    is tagged as incomplete.

    A store that cannot be reached, or does not work, costs a warning on stderr and returns None, never the run itself.
    """
    if settings.tracking.name == "none":
        return None
    uri = tracking_uri(settings.tracking.uri)
    try:
        folder = None if layout.sweep is None else layout.sweep.folder
        return call_store(uri, lambda: _record_run(settings, layout, prepared), folder)
    except StoreError as error:
        if layout.sweep is None or not isinstance(error, OutageError):  # else the sweep says so for all of them
            print(
                f"tracking: warning: the run was not recorded in {printable(uri)}, or not all of it: {error}; its "
                f"results are on disk, and {_remedy(layout)} records them",
                file=sys.stderr,
                flush=True,
            )
        return None


def _remedy(layout: Layout) -> str:
    """Return what records the run later."""
    if layout.by_dvc:
        return "`dvc repro -sf report`"
    if layout.sweep is not None:
        return f"the sweep, started again in {layout.sweep.folder},"
    again = "" if Path(sys.argv[0]).stem == "report" else " training.resume=true"
    return f"the same command with hydra.run.dir={layout.root}{again}"


def _record_run(settings: Settings, layout: Layout, prepared: PreparedData) -> str:
    manifest = read_manifest(layout)
    evaluated = _is_evaluated(layout, manifest)
    client, run = connect(settings, manifest["key"], layout)
    run_id = str(run.info.run_id)
    known = known_epochs(client, run)
    scores = _scores(layout, manifest, evaluated)
    changed = [metric for metric in scores if run.data.metrics.get(metric.key) != metric.value]
    rows = [row for row in _rows(layout, manifest["key"]) if int(row["epoch"]) not in known]
    _log(client, run_id, _tags(settings, layout, manifest), _params(manifest, run), changed + row_metrics(rows))
    if FAILURE_TAG in run.data.tags:  # of an earlier attempt
        client.delete_tag(run_id, FAILURE_TAG)
    if not run.inputs.dataset_inputs:
        _log_data_set(client, run_id, prepared)
    _log_files(client, run_id, layout, manifest["key"], evaluated)
    of_model: list[Metric] = []
    if layout.sweep is None or settings.tracking.sweep_models:
        logged = log_model(client, run, layout.model, named_by(settings))
        of_model = _for_model(logged or _model_of(run), scores if logged else changed)
    _log(client, run_id, {RECORD_TAG: COMPLETE}, {}, of_model)
    client.set_terminated(run_id, "FINISHED")
    return run_id


def _log(
    client: "MlflowClient", run_id: str, tags: dict[str, str], params: dict[str, str], metrics: "list[Metric]"
) -> None:
    """Log everything in as few requests as possible, since each may take seconds."""
    from mlflow.entities import Param, RunTag

    heartbeat()
    client.log_batch(
        run_id,
        metrics=metrics,
        params=[Param(name, value) for name, value in params.items()],
        tags=[RunTag(name, value) for name, value in tag_strings(tags).items()],
    )


def _tags(settings: Settings, layout: Layout, manifest: Manifest) -> dict[str, str]:
    commit, changes = _checkout()
    return {
        "mlflow.source.git.commit": commit or "not a Git checkout",
        "glassnet.uncommitted_changes": str(bool(changes)),
        "glassnet.conf_digest": settings.conf_digest,
        "glassnet.python": platform.python_version(),
        "glassnet.machine": platform.platform(),
        FOLDER_TAG: str(layout.root.resolve()),
        TRAINING_TAG: manifest["key"],
        RECORD_TAG: INCOMPLETE,
        **job_tags(layout),
    }


@cache
def _checkout() -> tuple[str, str]:
    """Return the commit and what is not committed; once for all jobs of a sweep."""
    commit, changes = (
        subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()
        for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain"))
    )
    return commit, changes


def _params(manifest: Manifest, run: "Run") -> dict[str, str]:
    """Return the parameters that the run does not have yet."""
    values = flatten(manifest["settings"])
    values |= {f"rows.{split}": rows for split, rows in manifest["rows"].items()}
    return {name: param_string(value) for name, value in values.items() if name not in run.data.params}


def _rows(layout: Layout, key: str) -> list[Row]:
    """Return the history, with the seconds that DVC's is without."""
    history = read_history(layout.history)
    timings = layout.timing(key)
    if timings.is_file():
        for row, timing in zip(history, read_history(timings), strict=True):
            row |= timing
    return history


def _is_evaluated(layout: Layout, manifest: Manifest) -> bool:
    """Return whether the scores in the folder are of this training, by the validation scores that they come with."""
    if not layout.metrics.is_file():
        return False
    scores = json.loads(layout.metrics.read_text(encoding="utf-8")).get("validation")
    best = {"epoch": manifest["best_epoch"], **best_scores(manifest)}
    if scores != best:
        print(
            f"tracking: warning: {layout.metrics} is of another training than {layout.model}, and not recorded; run "
            "evaluate and report",
            file=sys.stderr,
        )
    return bool(scores == best)


def _scores(layout: Layout, manifest: Manifest, evaluated: bool) -> "list[Metric]":
    from mlflow.entities import Metric

    values: dict[str, float] = {"best_epoch": manifest["best_epoch"]}
    values |= {f"{BEST}{name}": value for name, value in best_scores(manifest).items()}
    if evaluated:
        scores = flatten(json.loads(layout.metrics.read_text(encoding="utf-8")))
        values |= {_metric_name(name): value for name, value in scores.items() if isinstance(value, int | float)}
    now = int(time.time() * 1000)
    return [Metric(name, float(value), now, 0) for name, value in values.items()]


def _metric_name(name: str) -> str:
    """Return the name in MLflow of what metrics.json, and so DVC, calls `name`.

    "validation.accuracy" becomes "best_validation_accuracy". All else is of the test split: "accuracy" becomes
    "test_accuracy", "baselines.softmax_regression.accuracy" becomes "test_softmax_regression.accuracy". But
    "out_of_fold.accuracy", of an ensemble's members, keeps its name.
    """
    if name.startswith("out_of_fold."):
        return key(name)
    if name.startswith("validation."):
        return key(f"best_validation_{name.removeprefix('validation.')}")
    return key(f"test_{name.removeprefix('baselines.')}")


def _log_data_set(client: "MlflowClient", run_id: str, prepared: PreparedData) -> None:
    """Name the training data as the run's input, under the digest that the report has of them.

    MLflow's own digest is one of the first 10,000 numbers, which are thirteen images.

    MLflow looks for a data set, and adds it if it is new. Of two runs that do so at once one finds it added meanwhile
    and fails; asked again, MLflow sees it.
    """
    import mlflow
    from mlflow.entities import DatasetInput, InputTag

    split = prepared.split("train")
    name, digest = shortened(prepared.about["dataset"], DATA_SET_NAME), prepared.digest()
    data_set = mlflow.data.from_numpy(split.X, targets=split.y, name=name, digest=digest)
    inputs = [DatasetInput(data_set._to_mlflow_entity(), [InputTag("mlflow.data.context", "training")])]
    try:
        client.log_inputs(run_id, inputs)
    except mlflow.MlflowException:
        client.log_inputs(run_id, inputs)


def _log_files(client: "MlflowClient", run_id: str, layout: Layout, key: str, evaluated: bool) -> None:
    figures: list[Path] = []
    if evaluated or not layout.metrics.is_file():
        figures = sorted(path for path in layout.figures.rglob("*") if path.is_file())
    files = [layout.history, layout.telemetry, layout.manifest]
    files += [layout.report, layout.report_page, layout.metrics, layout.predictions] if evaluated else []
    if layout.look.is_file() and key in layout.look.read_text(encoding="utf-8"):  # else it is of another training
        files.append(layout.look)
    for path in (*(file for file in files if file.is_file()), *figures):
        heartbeat(upload=path.stat().st_size)
        folder = path.parent.relative_to(layout.figures.parent).as_posix() if path in figures else None
        client.log_artifact(run_id, str(path), folder)


def _for_model(model_id: str | None, metrics: "list[Metric]") -> "list[Metric]":
    """Return metrics of a run as those of its model too."""
    from mlflow.entities import Metric

    return [Metric(each.key, each.value, each.timestamp, each.step, model_id=model_id) for each in metrics]


def _model_of(run: "Run") -> str | None:
    """Return the id of the model that a run has logged before."""
    models = run.outputs.model_outputs if run.outputs is not None else []
    return str(models[-1].model_id) if models else None
