"""The end of a sweep in MLflow: its table and figures on the parent run, and a failed child for each failed job."""

import sys
from pathlib import Path

from glassnet.config import FINISHED, PRUNED, Job, Sweep, read_jobs
from glassnet.tracking.runs import FAILURE_TAG, find_or_create_child, find_or_create_parent, open_store, quiet_warnings
from glassnet.tracking.store import shown_by, tracking_uri


def hand_over_sweep(folder: Path, files: list[Path]) -> tuple[str, str] | None:
    """Bring the record of a sweep up to date; return the parent run's id and what shows it, or None if not tracked.

    A store that does not work costs a warning, as with a single run.

    Args:
        folder: the sweep's.
        files: what to keep with the parent run.
    """
    jobs = read_jobs(folder)
    places = [job.tracking for job in jobs if job.tracking is not None]
    if not places or places[0]["name"] == "none":
        return None
    uri = tracking_uri(places[0]["uri"])
    try:
        return _hand_over_sweep(uri, str(places[0]["experiment"]), folder, jobs, files), shown_by(uri)
    except Exception as error:  # a broken store raises anything, from SQLAlchemy's errors to requests'
        line = " ".join(str(error).split())[:300] or type(error).__name__
        print(f"tracking: warning: the sweep was not recorded in {uri}: {line}", file=sys.stderr)
        return None


def _hand_over_sweep(uri: str, experiment: str, folder: Path, jobs: list[Job], files: list[Path]) -> str:
    with quiet_warnings(), open_store(uri, experiment) as (client, experiment_id):
        parent = find_or_create_parent(client, experiment_id, Sweep(folder, tuple(jobs[0].changes)))
        failed = [job for job in jobs if job.status not in {FINISHED, PRUNED}]
        for job in [job for job in jobs if job.status != FINISHED]:
            child = find_or_create_child(client, experiment_id, Sweep(folder, tuple(job.changes)))
            known = client.get_run(child).data.params
            for override in job.overrides:
                name, _, value = override.lstrip("+").partition("=")
                if name not in known:
                    client.log_param(child, name, value)
            client.set_tag(child, FAILURE_TAG, job.reason)
            client.set_terminated(child, "KILLED" if job.status == PRUNED else "FAILED")
        client.log_metric(parent, "jobs", len(jobs))
        client.log_metric(parent, "jobs_failed", len(failed))
        for path in files:
            client.log_artifact(parent, str(path), "figures" if path.suffix == ".png" else None)
        client.set_terminated(parent, "FAILED" if failed else "FINISHED")
    return parent
