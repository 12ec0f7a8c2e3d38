"""Folders that are given to runs and sweeps: their own, and nothing that is there for something else."""

from pathlib import Path

from glassnet.config.errors import UserError


def require_own_folder(key: str, folder: Path) -> None:
    """Raise a `UserError`, naming the setting `key`, unless `folder` is a run's own, or may become one."""
    here = Path.cwd()
    if here.is_relative_to((here / folder).resolve()):
        raise UserError(
            f"{key}: expected a folder of its own, received {str(folder)!r}, the project's, which is DVC's to write"
        )
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise UserError(f"{key}: expected a folder, received {str(folder)!r}, where {place} is a file")
