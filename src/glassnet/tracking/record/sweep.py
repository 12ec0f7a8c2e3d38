"""The end of a sweep in MLflow: its table and figures on the parent run, and a failed child for each failed job."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.runs import FINISHED, PRUNED, Job, Layout, Sweep, read_jobs
from glassnet.runs.manifest import read_manifest
from glassnet.tracking.client.addresses import printable, shown_by, tracking_uri
from glassnet.tracking.client.calls import StoreError, call_store, forget_outage, heartbeat
from glassnet.tracking.client.limits import key, param_string, tag_strings
from glassnet.tracking.client.opening import open_store
from glassnet.tracking.client.runs import (
    COMPLETE,
    FAILURE_TAG,
    INCOMPLETE,
    JOB_TAG,
    OVERRIDES_TAG,
    RECORD_TAG,
    REPLACED_TAG,
    START_TAG,
    TRAINING_TAG,
    children_of,
    create_child,
    find_or_create_parent,
    job_tags,
    place_of,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

REPLACED = "the sweep was started again with other settings, and has another job in this place"


def record_sweep(folder: Path, files: list[Path]) -> tuple[str, str] | None:
    """Bring the record of a sweep up to date; return the parent run's id and what shows it, or None if not tracked.

    A store that does not work costs a warning, as with a single run; so do jobs that it did not take.

    Args:
        folder: the sweep's.
        files: what to keep with the parent run.
    """
    jobs = read_jobs(folder)
    sections = [job.tracking for job in jobs if job.tracking is not None]
    if not sections or sections[0]["name"] == "none":
        return None
    uri = tracking_uri(sections[0]["uri"])
    missing = [job for job in jobs if job.status == FINISHED and not _is_recorded(job)]
    parent, reason = None, ""
    try:
        parent = call_store(
            uri, lambda: _record_sweep(uri, str(sections[0]["experiment"]), folder, jobs, files, len(missing)), folder
        )
    except StoreError as error:
        reason = f": {error}"
    forget_outage(folder)
    if parent is None or missing:
        what = f"{len(missing)} of the sweep's {len(jobs)} jobs were" if parent else "the sweep was"
        print(
            f"tracking: warning: {what} not recorded in {printable(uri)}{reason}; the sweep, started again in "
            f"{folder}, records what is missing",
            file=sys.stderr,
            flush=True,
        )
    return None if parent is None else (parent, shown_by(uri))


def _is_recorded(job: Job) -> bool:
    recorded = Layout(job.folder).recorded
    return recorded.is_file() and json.loads(recorded.read_text(encoding="utf-8"))["run_id"] is not None


def _record_sweep(uri: str, experiment: str, folder: Path, jobs: list[Job], files: list[Path], missing: int) -> str:
    from mlflow.entities import Metric, RunTag

    client, experiment_id = open_store(uri, experiment)
    parent = find_or_create_parent(client, experiment_id, Sweep(folder, tuple(jobs[0].changes)))
    parent_id = str(parent.info.run_id)
    children = children_of(client, parent)
    present = set()
    for job in jobs:
        if job.status == FINISHED:
            present |= {child.info.run_id for child in children if _is_training_of(child, job)}
        else:
            present.add(_record_failure(client, parent, children, job))
    for child in children:
        is_present = child.info.run_id in present
        if is_present and REPLACED_TAG in child.data.tags:
            client.delete_tag(child.info.run_id, REPLACED_TAG)
        elif not is_present and REPLACED_TAG not in child.data.tags:
            client.set_tag(child.info.run_id, REPLACED_TAG, REPLACED)
    failed = sum(job.status not in {FINISHED, PRUNED} for job in jobs)
    for path in files:
        heartbeat(upload=path.stat().st_size)
        client.log_artifact(parent_id, str(path), "figures" if path.suffix == ".png" else None)
    now = int(time.time() * 1000)
    client.log_batch(
        parent_id,
        metrics=[Metric("jobs", len(jobs), now, 0), Metric("jobs_failed", failed, now, 0)],
        tags=[RunTag(RECORD_TAG, INCOMPLETE if missing else COMPLETE)],
    )
    client.set_terminated(parent_id, "FAILED" if failed else "FINISHED")
    return parent_id


def _is_training_of(child: "Run", job: Job) -> bool:
    """Return whether a run is the training that a finished job's folder holds."""
    sweep = Sweep(job.folder.parent, tuple(job.changes))
    layout = Layout(job.folder, sweep)
    tags = child.data.tags
    return (tags.get(JOB_TAG), tags.get(TRAINING_TAG)) == (place_of(layout, sweep), read_manifest(layout)["key"])


def _record_failure(client: "MlflowClient", parent: "Run", children: "list[Run]", job: Job) -> str:
    """Record a job that was not finished: on the run that its training has begun, or on one of its own."""
    from mlflow.entities import Param, RunTag

    sweep = Sweep(job.folder.parent, tuple(job.changes))
    layout = Layout(job.folder, sweep)
    of_job = job_tags(layout)
    same_place = [child for child in children if child.data.tags.get(JOB_TAG) == place_of(layout, sweep)]
    begun = [child for child in same_place if child.data.tags.get(START_TAG) == job.start]
    begun += [
        child
        for child in same_place
        if child.data.tags[OVERRIDES_TAG] == of_job[OVERRIDES_TAG] and child.data.tags.get(RECORD_TAG) != COMPLETE
    ]
    child = begun[0] if begun else create_child(client, parent, layout, sweep, {})
    run_id = str(child.info.run_id)
    params = {name: value for name, value in _given(job.overrides).items() if name not in child.data.params}
    client.log_batch(
        run_id,
        params=[Param(name, param_string(value)) for name, value in params.items()],
        tags=[RunTag(name, value) for name, value in tag_strings({**of_job, FAILURE_TAG: job.reason}).items()],
    )
    client.set_terminated(run_id, "KILLED" if job.status == PRUNED else "FAILED")
    return run_id


def _given(overrides: list[str]) -> dict[str, object]:
    """Return the values of overrides by their names, as a finished run's parameters would have them."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_overrides(overrides)
    return {key(override.key_or_group): override.value() for override in parsed}
