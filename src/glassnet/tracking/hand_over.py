"""The hand-over: brings a run's record in MLflow up to date with what is on disk. Repeating it changes nothing."""

import json
import platform
import subprocess
import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from glassnet.config import Layout, Settings, flatten
from glassnet.data import PreparedData
from glassnet.tracking.model import log_model
from glassnet.tracking.runs import (
    FAILURE_TAG,
    FOLDER_TAG,
    TRAINING_TAG,
    connect,
    known_epochs,
    log_rows,
    quiet_warnings,
)
from glassnet.tracking.store import tracking_uri
from glassnet.training import read_history

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def hand_over(settings: Settings, layout: Layout, prepared: PreparedData) -> str | None:
    """Record the run of `layout` in MLflow, and return the run's id.

    The run is found by its key, a digest of settings, data and code, and made if there is none: the same settings, data
    and code are the same run, however often the pipeline executes. What the folders hold is recorded: parameters and
    epochs after training; the test scores, report and figures too once they exist.

    A store that cannot be reached, or does not work, costs a warning on stderr and returns None, never the run itself.
    """
    if settings.tracking.name == "none":
        return None
    uri = tracking_uri(settings.tracking.uri)
    try:
        return _hand_over(uri, settings, layout, prepared)
    except Exception as error:  # a broken store raises anything, from SQLAlchemy's errors to requests'
        line = " ".join(str(error).split())[:300]
        print(
            f"tracking: warning: the run was not recorded in {uri}: {line or type(error).__name__}; "
            "its results are on disk, and the next run of this stage records them",
            file=sys.stderr,
        )
        return None


def _hand_over(uri: str, settings: Settings, layout: Layout, prepared: PreparedData) -> str:
    card = json.loads(layout.run_card.read_text(encoding="utf-8"))
    with quiet_warnings():
        client, run_id = connect(uri, settings.tracking.experiment, card, layout.sweep)
        import mlflow

        _log_tags(client, run_id, settings, layout, card)
        known = client.get_run(run_id)  # as it was before; asked for once, since a sweep waits for each answer
        if FAILURE_TAG in known.data.tags:  # of an earlier attempt
            client.delete_tag(run_id, FAILURE_TAG)
        _log_params(client, known, card)
        _log_epochs(client, run_id, layout, card["key"])
        _log_scores(client, known, layout, card)
        with mlflow.start_run(run_id=run_id):
            if not known.inputs.dataset_inputs:
                _log_data_set(prepared)
            _log_files(client, run_id, layout)
            if layout.sweep is None or settings.tracking.sweep_models:
                log_model(client, run_id, layout.model)
    return run_id


def _log_tags(client: "MlflowClient", run_id: str, settings: Settings, layout: Layout, card: dict[str, Any]) -> None:
    from mlflow.entities import RunTag

    commit, changes = _checkout()
    tags = {
        "mlflow.source.git.commit": commit or "not a Git checkout",
        "glassnet.uncommitted_changes": str(bool(changes)),
        "glassnet.conf_digest": settings.conf_digest,
        "glassnet.python": platform.python_version(),
        "glassnet.machine": platform.platform(),
        FOLDER_TAG: str(layout.root.resolve()),
        TRAINING_TAG: card["key"],
    }
    client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])


@cache
def _checkout() -> tuple[str, str]:
    """Return the commit and what is not committed; once for all jobs of a sweep."""
    commit, changes = (
        subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()
        for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain"))
    )
    return commit, changes


def _log_params(client: "MlflowClient", known: "Run", card: dict[str, Any]) -> None:
    from mlflow.entities import Param

    values = flatten(card["settings"])
    values |= {f"rows.{split}": rows for split, rows in card["rows"].items()}
    new = [Param(key, str(value)) for key, value in values.items() if key not in known.data.params]
    client.log_batch(known.info.run_id, params=new)


def _log_epochs(client: "MlflowClient", run_id: str, layout: Layout, key: str) -> None:
    """Log the epochs that the store does not have yet: all of them, unless they went out while training ran."""
    history = read_history(layout.history)
    timings = layout.timing(key)
    if timings.is_file():
        for row, timing in zip(history, read_history(timings), strict=True):
            row |= timing
    known = known_epochs(client, run_id)
    log_rows(client, run_id, [row for row in history if int(row["epoch"]) not in known])


def _log_scores(client: "MlflowClient", known: "Run", layout: Layout, card: dict[str, Any]) -> None:
    from mlflow.entities import Metric

    values = {name: value for name, value in card.items() if name.startswith("best_")}
    if layout.metrics.is_file():
        scores = flatten(json.loads(layout.metrics.read_text(encoding="utf-8")))
        values |= {_metric_name(name): value for name, value in scores.items()}
    now = int(time.time() * 1000)
    changed = [
        Metric(name, float(value), now, 0)
        for name, value in values.items()
        if value is not None and known.data.metrics.get(name) != value
    ]
    client.log_batch(known.info.run_id, metrics=changed)


def _metric_name(name: str) -> str:
    """Return the name in MLflow of what metrics.json, and so DVC, calls `name`.

    "validation.accuracy" becomes "best_validation_accuracy". All else is of the test split: "accuracy" becomes
    "test_accuracy", "baselines.softmax_regression.accuracy" becomes "test_softmax_regression.accuracy".
    """
    if name.startswith("validation."):
        return f"best_validation_{name.removeprefix('validation.')}"
    return f"test_{name.removeprefix('baselines.')}"


def _log_data_set(prepared: PreparedData) -> None:
    import mlflow

    split = prepared.split("train")
    mlflow.log_input(
        mlflow.data.from_numpy(split.X, targets=split.y, name=prepared.about["dataset"]), context="training"
    )


def _log_files(client: "MlflowClient", run_id: str, layout: Layout) -> None:
    for path in (layout.report, layout.metrics, layout.predictions, layout.history, layout.telemetry, layout.run_card):
        if path.is_file():
            client.log_artifact(run_id, str(path))
    if layout.figures.is_dir():
        client.log_artifacts(run_id, str(layout.figures), "figures")
