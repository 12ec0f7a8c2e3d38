"""Runs in the tracking store: found by what was trained or made, and the epochs that they have."""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from glassnet.config import Settings
from glassnet.runs import Layout, Sweep
from glassnet.runs.improvements import TRIALS
from glassnet.runs.jobs import RECORD
from glassnet.runs.manifest import learns_logarithm, learnt_target
from glassnet.tracking.client.addresses import request_seconds, tracking_uri
from glassnet.tracking.client.limits import RUN_NAME, shortened, tag_strings
from glassnet.tracking.client.opening import LOCKED, LockedError, alone_with, open_store
from glassnet.training import Row

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

KEY_TAG = "glassnet.key"
SWEEP_TAG, JOB_TAG = "glassnet.sweep", "glassnet.job"  # which sweep, and which place in it
OVERRIDES_TAG, START_TAG = "glassnet.overrides", "glassnet.start"  # what the job was started with, and when
REPLACED_TAG = "glassnet.replaced"  # of a job that its sweep's table does not have any more
MODEL_TAG = "glassnet.model_digest"  # of a run that keeps its model
FOLDER_TAG, TRAINING_TAG = "glassnet.folder", "glassnet.training"  # where its files are, and which training made them
RECORD_TAG, COMPLETE = "glassnet.record", "complete"  # whether all that is on disk has reached the store
INCOMPLETE = "incomplete: it was not brought to its end"
FAILURE_TAG = "glassnet.failure"
PARENT_TAG = "mlflow.parentRunId"  # MLflow shows a run with this tag below the one it names
NOTE_TAG = "mlflow.note.content"  # MLflow shows it as the run's description


def connect(settings: Settings, key: str, layout: Layout) -> "tuple[MlflowClient, Run]":
    """Return a client of the store that the settings name, and the run as it is there, made if there is none.

    A run is one training, found by its key, so that the same settings, data and code are one run. A job of a sweep is a
    run of its own below the sweep's, found by its place in the sweep and its key.

    Args:
        settings: the run's.
        key: what identifies the run.
        layout: of the run's files.
    """
    client, experiment_id = open_store(tracking_uri(settings.tracking.uri), settings.tracking.experiment)
    note = note_of_losses(settings)
    if layout.sweep is None:
        return client, _find_or_create(client, experiment_id, KEY_TAG, key, _plain_name(settings, key), note)
    parent = find_or_create_parent(client, experiment_id, layout.sweep)
    return client, _find_or_create_child(client, parent, layout, layout.sweep, {TRAINING_TAG: key, **note})


def note_of_losses(settings: Settings) -> dict[str, str]:
    """Return the description of a run that has losses of a logarithm beside scores in units of the target, as a tag."""
    values = settings.describing_the_result()
    if not learns_logarithm(values):
        return {}
    return {
        NOTE_TAG: f"Losses and errors by epoch are of {learnt_target(values)}, those of test rows in its own units."
    }


def find_or_create_parent(client: "MlflowClient", experiment_id: str, sweep: Sweep) -> "Run":
    """Return the run that stands for a whole sweep."""
    note = {NOTE_TAG: _sweep_note(sweep)}
    return _find_or_create(client, experiment_id, SWEEP_TAG, sweep.key, _sweep_title(sweep), note)


def children_of(client: "MlflowClient", parent: "Run") -> "list[Run]":
    """Return the runs below the one that stands for a sweep."""
    wanted = f"tags.`{PARENT_TAG}` = '{parent.info.run_id}'"
    return list(all_runs(client, parent.info.experiment_id, wanted))


def create_child(client: "MlflowClient", parent: "Run", layout: Layout, sweep: Sweep, tags: dict[str, str]) -> "Run":
    """Return a new run of a sweep's job, below the run that stands for the sweep."""
    tags = {PARENT_TAG: parent.info.run_id, JOB_TAG: place_of(layout, sweep), **job_tags(layout), **tags}
    return client.create_run(parent.info.experiment_id, run_name=_job_title(sweep), tags=tag_strings(tags))


def place_of(layout: Layout, sweep: Sweep) -> str:
    """Return what identifies a job's place in its sweep."""
    return f"{sweep.key} {_digest(layout.root.name)}"


def job_tags(layout: Layout) -> dict[str, str]:
    """Return the tags that say how a job was started and where; none for a run that is no job of a sweep."""
    if layout.sweep is None:
        return {}
    job = json.loads((layout.root / RECORD).read_text(encoding="utf-8"))
    return {
        OVERRIDES_TAG: _digest(json.dumps(job["overrides"])),
        START_TAG: job["start"],
        FOLDER_TAG: str(layout.root.resolve()),
    }


def _find_or_create_child(
    client: "MlflowClient", parent: "Run", layout: Layout, sweep: Sweep, tags: dict[str, str]
) -> "Run":
    """Return the run of a job's training; one that failed before it could begin becomes it.

    It is below the sweep's run as that is now: the one it was made below may have been deleted since.
    """
    same_place = f"tags.`{JOB_TAG}` = '{place_of(layout, sweep)}'"
    found = list(all_runs(client, parent.info.experiment_id, same_place))
    overrides = job_tags(layout)[OVERRIDES_TAG]
    same = [each for each in found if each.data.tags.get(TRAINING_TAG) == tags[TRAINING_TAG]]
    same += [
        each for each in found if TRAINING_TAG not in each.data.tags and each.data.tags[OVERRIDES_TAG] == overrides
    ]
    if not same:
        return create_child(client, parent, layout, sweep, tags)
    if same[0].data.tags[PARENT_TAG] != parent.info.run_id:
        client.set_tag(same[0].info.run_id, PARENT_TAG, parent.info.run_id)
    return same[0]


def all_runs(client: "MlflowClient", experiment_id: str, wanted: str = "") -> "Iterator[Run]":
    """Yield all runs of an experiment, or those that a filter of MLflow's wants, the latest first, page by page."""
    token: str | None = ""
    while token is not None:
        page = client.search_runs([experiment_id], wanted, page_token=token or None)
        yield from page
        token = page.token or None


def known_epochs(client: "MlflowClient", run: "Run") -> set[int]:
    """Return the epochs that a run has in the store."""
    if "validation_loss" not in run.data.metrics:
        return set()
    return {metric.step for metric in client.get_metric_history(run.info.run_id, "validation_loss")}


def row_metrics(rows: list[Row]) -> "list[Metric]":
    """Return rows of a history as metrics, the validation loss last.

    A long history takes several requests, and an epoch of which the store has the validation loss is known to be there.
    """
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [
        Metric(name, row[name], now, int(row["epoch"]))
        for row in rows
        for name in sorted(row, key="validation_loss".__eq__)
        if name != "epoch"
    ]


def _find_or_create(
    client: "MlflowClient", experiment_id: str, tag: str, value: str, name: str, more: dict[str, str] | None = None
) -> "Run":
    """Return the run that has this tag. Of the processes that find none at once, one makes it; the others look again.

    A run made twice nevertheless, on two machines, stays; the first one is used from then on.
    """

    def find() -> "Run | None":
        same = client.search_runs(
            [experiment_id], f"tags.`{tag}` = '{value}'", max_results=1, order_by=["attributes.start_time ASC"]
        )
        return same[0] if same else None

    deadline = time.monotonic() + LOCKED * request_seconds()
    while (run := find()) is None:
        try:
            with alone_with(client.tracking_uri, request_seconds() / 5):
                tags = tag_strings({tag: value, **(more or {})})
                return find() or client.create_run(experiment_id, run_name=name, tags=tags)
        except LockedError:
            if time.monotonic() > deadline:
                raise
    return run


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _job_title(sweep: Sweep) -> str:
    """Return what a job changes; of several settings the values first, since MLflow's tables cut long names.

    Where there is no room for both, the values alone: the names are those of the run's parameters.
    """
    values = ", ".join(change.partition("=")[2] for change in sweep.changes)
    title = f"{values}: {sweep.job_name}" if len(sweep.changes) > 1 else sweep.job_name
    return shortened(title if len(title) <= RUN_NAME or len(sweep.changes) == 1 else values, RUN_NAME)


def _sweep_title(sweep: Sweep) -> str:
    """Return what the parent run is called: what is swept, or the key of the run that was to be improved."""
    if _is_of_improve(sweep):
        return f"improvement of {sweep.folder.name[:6]}"
    return shortened(f"sweep of {_swept(sweep)}" if sweep.changes else "sweep", RUN_NAME)


def _sweep_note(sweep: Sweep) -> str:
    """Return the parent run's description: what its folder has."""
    what = "What improve tried" if _is_of_improve(sweep) else "The sweep"
    return f"{what} in `{sweep.folder.as_posix()}`."


def _is_of_improve(sweep: Sweep) -> bool:
    return sweep.folder.parent.name == TRIALS


def _swept(sweep: Sweep) -> str:
    return ", ".join(change.partition("=")[0].lstrip("+") for change in sweep.changes)


def _plain_name(settings: Settings, key: str) -> str:
    return f"{settings.data.name}-{settings.model.name}-{key[:6]}"
