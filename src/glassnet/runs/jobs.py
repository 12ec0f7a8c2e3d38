"""The jobs of a sweep: which sweep a run belongs to, and the record that each job leaves in its folder."""

import contextlib
import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from glassnet.files import write_whole

RECORD, OUTDATED = "job.json", "job_of_an_earlier_sweep.json"
NOTES = "notes.txt"  # in a sweep's folder
WAITING, RUNNING, FINISHED, PRUNED, FAILED, LOST = "waiting", "running", "finished", "pruned", "failed", "lost"


class PrunedError(Exception):
    """A search ends a training that is unlikely to become the best."""


@dataclass(frozen=True)
class Sweep:
    """The sweep that a run is a job of.

    Attributes:
        folder: the sweep's, in which each job has one.
        changes: the overrides in which this job differs from the others, such as "seed=1".
    """

    folder: Path
    changes: tuple[str, ...]

    @property
    def key(self) -> str:
        """What identifies the sweep: a digest of its folder's place, so that a restarted sweep is the same one."""
        return hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:16]

    @property
    def job_name(self) -> str:
        """What this job changes, in a line."""
        return ", ".join(self.changes) or "nothing changed"


@dataclass
class Job:
    """What became of a job.

    Attributes:
        folder: its own.
        overrides: all that it was started with.
        changes: those in which the jobs of its sweep differ.
        start: which start of the sweep it belongs to, or belonged to last.
        status: "waiting", "running", "finished", "pruned" by a search, "failed", or "lost", if its process died.
        reason: why it did not finish.
        tracking: the section of the settings, if they were valid.
        attempts: how often that start of the sweep has set it going.
    """

    folder: Path
    overrides: list[str]
    changes: list[str]
    start: str = ""
    status: str = WAITING
    reason: str = ""
    tracking: dict[str, str | None] | None = None
    attempts: int = 0

    @property
    def is_over(self) -> bool:
        """Whether this start of the sweep is done with it, one way or the other."""
        return self.attempts > 0 and self.status != RUNNING

    def write(self) -> None:
        """Write the record, whole or not at all."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "folder"}
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / RECORD, json.dumps(values, indent=2) + "\n")

    def put_aside(self) -> None:
        """Take the record out of the sweep, under another name: it belongs to an earlier sweep in the same folder."""
        os.replace(self.folder / RECORD, self.folder / OUTDATED)


def new_start() -> str:
    """Return what tells the start of a sweep from every other, also in the same folder."""
    return uuid.uuid4().hex[:16]


def dated_folder() -> Path:
    """Return a folder for a new sweep, named for the moment, as Hydra names those of single runs."""
    now = datetime.now(tz=UTC)
    return Path("multirun", now.strftime("%Y-%m-%d"), now.strftime("%H-%M-%S-%f"))


def read_jobs(folder: Path) -> list[Job]:
    """Return the jobs of the sweep in `folder`, in the order of their numbers; without those of a damaged record."""
    records = sorted(folder.glob(f"*/{RECORD}"), key=lambda path: (len(path.parent.name), path.parent.name))
    return [job for job in (read_job(path.parent) for path in records) if job is not None]


def read_job(folder: Path) -> Job | None:
    """Return the job whose folder this is, or None if there is no whole record of one."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        return Job(folder=folder, **json.loads((folder / RECORD).read_text(encoding="utf-8")))
    return None


def write_notes(folder: Path, notes: Sequence[str]) -> None:
    """Keep what the reader of a sweep's table should know, a line each; those of an earlier start go."""
    if notes:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / NOTES, "".join(f"{note}\n" for note in notes))
    else:
        (folder / NOTES).unlink(missing_ok=True)


def read_notes(folder: Path) -> list[str]:
    """Return what the reader of a sweep's table should know."""
    path = folder / NOTES
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
