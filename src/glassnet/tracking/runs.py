"""Runs in the tracking store: found by their key or made, and the epochs that they have."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glassnet.config import Sweep
from glassnet.tracking.store import configure_client, project_root, require_reachable
from glassnet.training import Row

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

KEY_TAG = "glassnet.key"
SWEEP_TAG, JOB_TAG = "glassnet.sweep", "glassnet.job"
MODEL_TAG = "glassnet.model_digest"  # of a run that keeps its model
FOLDER_TAG, TRAINING_TAG = "glassnet.folder", "glassnet.training"  # where its files are, and which training made them
FAILURE_TAG = "glassnet.failure"
PARENT_TAG = "mlflow.parentRunId"  # MLflow shows a run with this tag below the one it names
NOTE_TAG = "mlflow.note.content"  # MLflow shows it as the run's description
MAX_TAG = 4_000  # characters, below what MLflow stores of a tag
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # opens the page made for training runs
BATCH = 1_000  # the most metrics that MLflow takes in one request


@contextmanager
def quiet_warnings() -> Iterator[None]:
    """Keep third parties' deprecations, on import and at model logging, from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def connect(uri: str, experiment: str, card: dict[str, Any], sweep: Sweep | None = None) -> "tuple[MlflowClient, str]":
    """Return a client of the store at `uri`, and the id of the run of the card, made if there is none.

    A run is found by its key, so that the same settings, data and code are one run. A job of a sweep is a run of its
    own below the sweep's, found by the sweep and by what the job changes.

    Args:
        uri: where the store is.
        experiment: the experiment's name.
        card: what identifies the run: "key" and "settings".
        sweep: the sweep that the run is a job of, if any.
    """
    with open_store(uri, experiment) as (client, experiment_id):
        if sweep is None:
            return client, _find_or_create(client, experiment_id, KEY_TAG, card["key"], _plain_name(card))
        return client, find_or_create_child(client, experiment_id, sweep)


@contextmanager
def open_store(uri: str, experiment: str) -> "Iterator[tuple[MlflowClient, str]]":
    """Yield a client of the store, and the id of the experiment, made if there is none; one process at a time.

    Two processes that create the same database at once leave it broken, hence the lock.
    """
    configure_client()
    require_reachable(uri)
    from filelock import FileLock

    with FileLock(project_root() / ".mlflow.lock", timeout=60):
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.ERROR)
        mlflow.set_tracking_uri(uri)
        client = mlflow.MlflowClient(uri)
        found = client.get_experiment_by_name(experiment)
        if found is not None:
            yield client, found.experiment_id
            return
        artifacts = (project_root() / "mlartifacts").as_uri() if uri.startswith("sqlite:") else None
        yield client, _create_experiment(client, experiment, artifacts)


def _create_experiment(client: "MlflowClient", name: str, artifacts: str | None) -> str:
    """Return the id of a new experiment, or of one that another machine has made on the same server just now."""
    from mlflow import MlflowException

    try:
        return client.create_experiment(name, artifacts, EXPERIMENT_TAGS)
    except MlflowException:
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return found.experiment_id


def find_or_create_child(client: "MlflowClient", experiment_id: str, sweep: Sweep) -> str:
    """Return the id of the run of a sweep's job, below the run that stands for the sweep."""
    parent = find_or_create_parent(client, experiment_id, sweep)
    job = f"{sweep.key} {sweep.job_name}"[:MAX_TAG]
    return _find_or_create(client, experiment_id, JOB_TAG, job, _job_title(sweep), {PARENT_TAG: parent})


def find_or_create_parent(client: "MlflowClient", experiment_id: str, sweep: Sweep) -> str:
    """Return the id of the run that stands for a whole sweep."""
    note = {NOTE_TAG: f"The sweep in `{sweep.folder.as_posix()}`."}
    return _find_or_create(client, experiment_id, SWEEP_TAG, sweep.key, _sweep_title(sweep), note)


def all_runs(client: "MlflowClient", experiment_id: str) -> "Iterator[Run]":
    """Yield all runs of an experiment, the latest first, page by page."""
    token: str | None = ""
    while token is not None:
        page = client.search_runs([experiment_id], page_token=token or None)
        yield from page
        token = page.token or None


def known_epochs(client: "MlflowClient", run_id: str) -> set[int]:
    """Return the epochs that a run has in the store."""
    return {metric.step for metric in client.get_metric_history(run_id, "validation_loss")}


def log_rows(client: "MlflowClient", run_id: str, rows: list[Row]) -> None:
    """Log rows of a history, in as few requests as possible."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [
        Metric(name, value, now, int(row["epoch"])) for row in rows for name, value in row.items() if name != "epoch"
    ]
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])


def _find_or_create(
    client: "MlflowClient", experiment_id: str, tag: str, value: str, name: str, more: dict[str, str] | None = None
) -> str:
    quoted = value.replace("'", "\\'")
    runs = client.search_runs([experiment_id], f"tags.`{tag}` = '{quoted}'", max_results=1)
    if runs:
        return runs[0].info.run_id
    return client.create_run(experiment_id, run_name=name, tags={tag: value, **(more or {})}).info.run_id


def _job_title(sweep: Sweep) -> str:
    """Return what a job changes; of several settings the values first, since MLflow's tables cut long names."""
    values = ", ".join(change.partition("=")[2] for change in sweep.changes)
    return f"{values}: {sweep.job_name}" if len(sweep.changes) > 1 else sweep.job_name


def _sweep_title(sweep: Sweep) -> str:
    return f"sweep of {_swept(sweep)}" if sweep.changes else "sweep"


def _swept(sweep: Sweep) -> str:
    return ", ".join(change.partition("=")[0].lstrip("+") for change in sweep.changes)


def _plain_name(card: dict[str, Any]) -> str:
    settings = card["settings"]
    return f"{settings['data']['name']}-{settings['model']['name']}-{card['key'][:6]}"
