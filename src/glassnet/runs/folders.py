"""Folders that are given to runs and sweeps: their own, and nothing that is there for something else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassnet.config.errors import UserError


def require_own_folder(key: str, folder: Path) -> None:
    """Raise a `UserError`, naming the setting `key`, unless `folder` is a run's own, or may become one.

    Hydra writes there before anything of ours does, and what goes wrong then names neither folder nor cause.
    """
    here = Path.cwd()
    if here.is_relative_to((here / folder).resolve()):
        raise UserError(
            f"{key}: expected a folder of its own, received {str(folder)!r}, the project's, which is DVC's to write"
        )
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise UserError(f"{key}: expected a folder, received {str(folder)!r}, where {place} is a file")
    require_writable(key, folder)


def require_writable(key: str, path: Path) -> None:
    """Raise a `UserError`, naming the setting `key`, unless files can be made in the folder, or beside the file."""
    place = next(place for place in (path, *path.absolute().parents) if place.is_dir())
    if not os.access(place, os.W_OK | os.X_OK):
        is_read_only = bool(os.statvfs(place).f_flag & os.ST_RDONLY)
        why = "on a file system that can only be read" if is_read_only else "where you may not write"
        raise UserError(
            f"{key}: expected a place that can be written, received {str(path)!r}, {why} ({place}); choose another one"
        )


@contextmanager
def alone_in(folder: Path, lock: str, work: str, patience: float = 0.0) -> Iterator[None]:
    """Hold a folder for one command at a time; the system frees that of one that is killed.

    Args:
        folder: to hold; made if it is missing.
        lock: the name of the file in it that stands for this.
        work: what the command does there, such as "training", for the message.
        patience: seconds to wait for another command's end.

    Raises:
        UserError: if another command does not let go of it.
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    held = FileLock(folder / lock)
    try:
        held.acquire(timeout=patience)
    except Timeout:
        raise UserError(
            f"{folder}: expected a folder in which no {work} is at work, received one that another command holds for "
            "its own; wait for its end, or choose another folder"
        ) from None
    try:
        yield
    finally:
        held.release()
