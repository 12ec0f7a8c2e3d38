"""Running the jobs of a sweep, whatever starts them, and ending it: with a table, and a word on what failed."""

import importlib
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from glassnet.config.compose import to_settings
from glassnet.config.errors import UserError
from glassnet.config.settings import Settings
from glassnet.garbage import collect_recent
from glassnet.runs.ending import MENDABLE, StoppedError, as_line
from glassnet.runs.folders import alone_in
from glassnet.runs.jobs import (
    FAILED,
    FINISHED,
    LOST,
    PRUNED,
    RUNNING,
    WAITING,
    Job,
    PrunedError,
    Sweep,
    read_jobs,
    write_notes,
)
from glassnet.runs.layout import Layout
from glassnet.runs.plan import Plan

Main = Callable[[Settings, Layout], object]
Finish = Callable[[Path], None]
Begin = Callable[[], object]
LOCK = "sweep.lock"  # in a sweep's folder, held while a command is at work there


def say_plan(name: str, folder: Path, plan: Plan) -> None:
    """Say what the stage `name` will train in `folder`, and keep there what the reader of its table should know."""
    print(f"{name}: {plan.lines[0]}, in {folder}", *plan.lines[1:], sep="\n")
    for note in plan.notes:
        print(f"{name}: note: {note}")
    sys.stdout.flush()
    write_notes(folder, plan.notes)


def run_job(main: Main, config: Any, job: Job) -> object:
    """Run one job of a sweep and return its result, or NaN: what goes wrong is its record's to say."""
    collect_recent()  # the network of the job before
    job.status, job.reason, job.attempts = RUNNING, "", job.attempts + 1
    job.write()
    try:
        settings = to_settings(config, "settings")
        job.tracking = settings.tracking.model_dump()
        job.write()
        result = main(settings, Layout(job.folder, Sweep(job.folder.parent, tuple(job.changes))))
    except Exception as error:
        if not isinstance(error, (*MENDABLE, PrunedError)):  # a bug: keep the way to it
            (job.folder / "traceback.txt").write_text(traceback.format_exc(), encoding="utf-8")
        job.status = PRUNED if isinstance(error, PrunedError) else FAILED
        job.reason = as_line(error)
        job.write()
        print(f"{', '.join(job.changes)}: {job.status}: {job.reason}", file=sys.stderr)
        return float("nan")
    job.status = FINISHED
    job.write()
    return result


def load_for_the_table(*others: str) -> None:
    """Import what the table of a sweep is made with, and its figures with `others`."""
    for name in ("pandas", *others):
        importlib.import_module(name)


def run_sweep(
    launch: Callable[[Begin], str],
    folder: Path,
    start: str,
    finish: Finish | None,
    again: str,
    *,
    has_jobs_elsewhere: bool = False,
) -> None:
    """Run the jobs of a sweep and end it: also when some failed, or when a signal comes.

    Args:
        launch: calls its argument, which takes the folder, before it writes anything there; runs all jobs; returns
            what cut them short, if anything did.
        folder: the sweep's.
        start: this start of it. Jobs that it has not come upon are those of an earlier, longer sweep.
        finish: what makes the sweep's table.
        again: the argument that goes on with the sweep.
        has_jobs_elsewhere: whether no job runs in this thread, whose imports a signal ends half-way.

    Raises:
        UserError: if jobs failed; it counts them. If another command is at work in the folder.
        StoppedError: if SIGINT or SIGTERM came.
    """
    if not has_jobs_elsewhere:  # what a signal leaves of it while a job loads it cannot be loaded again
        load_for_the_table()
    with ExitStack() as held:
        try:
            # Two at once would put each other's jobs aside.
            trouble = launch(lambda: held.enter_context(alone_in(folder, LOCK, "sweep")))
        except (KeyboardInterrupt, SystemExit) as stop:
            code = stop.code if isinstance(stop, SystemExit) else 128 + signal.SIGINT
            signum = code - 128 if isinstance(code, int) else 0
            if signum not in {signal.SIGINT, signal.SIGTERM} or not _has_started(folder, start):
                raise
            name = signal.Signals(signum).name
            unfinished, number = _close(folder, finish, f"{name} ended the sweep")
            raise StoppedError(
                f"{name}: {unfinished} of {number} jobs are not finished; to go on, start the sweep again with {again}",
                signum,
            ) from None
        for job in read_jobs(folder):
            if job.start != start:
                job.put_aside()
        unfinished, number = _close(folder, finish, trouble or "its process ended without a word")
        if unfinished:
            raise UserError(
                f"{unfinished} of {number} jobs failed, as said above; start the sweep again with {again} to run these "
                "alone"
            )


def _has_started(folder: Path, start: str) -> bool:
    return any(job.start == start for job in read_jobs(folder))


def _close(folder: Path, finish: Finish | None, trouble: str) -> tuple[int, int]:
    """Give every job its last status, make the table, and return how many did not finish, and how many there are."""
    jobs = read_jobs(folder)
    for job in jobs:
        if job.status in {WAITING, RUNNING}:
            job.reason = trouble if job.status == RUNNING else f"was not started: {trouble}"
            job.status = LOST
            job.write()
    if finish is not None:
        finish(folder)
    return sum(job.status not in {FINISHED, PRUNED} for job in jobs), len(jobs)
