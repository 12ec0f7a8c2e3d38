"""Runs in the tracking store: found by their key or made, and the epochs that they have."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glassnet.tracking.store import configure_client, project_root, require_reachable
from glassnet.training import Row

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY_TAG = "glassnet.key"
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # opens the page made for training runs
BATCH = 1_000  # the most metrics that MLflow takes in one request


@contextmanager
def quiet_warnings() -> Iterator[None]:
    """Keep third parties' deprecations, on import and at model logging, from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def connect(uri: str, experiment: str, card: dict[str, Any]) -> "tuple[MlflowClient, str]":
    """Return a client of the store at `uri`, and the id of the run with the card's key, made if there is none.

    Args:
        uri: where the store is.
        experiment: the experiment's name.
        card: what identifies the run: "key" and "settings".
    """
    configure_client()
    require_reachable(uri)
    from filelock import FileLock

    # Two processes that create the same database at once leave it broken, hence the lock.
    with FileLock(project_root() / ".mlflow.lock", timeout=60):
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.ERROR)
        mlflow.set_tracking_uri(uri)
        client = mlflow.MlflowClient(uri)
        return client, _find_or_create_run(client, uri, experiment, card)


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


def _find_or_create_run(client: "MlflowClient", uri: str, experiment: str, card: dict[str, Any]) -> str:
    found = client.get_experiment_by_name(experiment)
    if found is None:
        local = uri.startswith("sqlite:")
        artifacts = (project_root() / "mlartifacts").as_uri() if local else None
        experiment_id = client.create_experiment(experiment, artifacts, EXPERIMENT_TAGS)
    else:
        experiment_id = found.experiment_id
    runs = client.search_runs([experiment_id], f"tags.`{KEY_TAG}` = '{card['key']}'", max_results=1)
    if runs:
        return runs[0].info.run_id
    settings = card["settings"]
    name = f"{settings['data']['name']}-{settings['model']['name']}-{card['key'][:6]}"
    return client.create_run(experiment_id, run_name=name, tags={KEY_TAG: card["key"]}).info.run_id
