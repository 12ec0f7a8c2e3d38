"""What a refused run leaves behind: nothing. Hydra makes its folder, and writes into it, before it calls a stage."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from glassnet.config.explain import parse_override
from glassnet.runs.layout import Layout

CONFIGURATION = ".hydra"


@dataclass(frozen=True)
class Before:
    """What was in the folder of a run before it began.

    Attributes:
        folder: as hydra.run.dir= names it; None for a dated one, which is always new.
        missing: of it and the folders that it is in, those that were not there, from the inside out.
        present: what was in it.
        configuration: the settings that Hydra has written there of an earlier run.
        manifest: what was trained there.
    """

    folder: Path | None = None
    missing: tuple[Path, ...] = ()
    present: frozenset[Path] = frozenset()
    configuration: dict[Path, bytes] = field(default_factory=dict)
    manifest: bytes | None = None


def look_before(arguments: list[str]) -> Before:
    """Return what is in the folder that these overrides name, if they do."""
    given = [each for each in arguments if each.startswith("hydra.run.dir=")]
    if not given or "${" in given[-1]:
        return Before()
    folder = Path(str(parse_override(given[-1]).value()))
    return Before(
        folder,
        tuple(path for path in (folder, *folder.parents) if not path.exists()),
        frozenset(folder.rglob("*")),
        {path: path.read_bytes() for path in folder.glob(f"{CONFIGURATION}/*") if path.is_file()},
        _manifest(folder),
    )


def clear_away(before: Before, dated: Path) -> None:
    """Remove what Hydra wrote for a run that was refused, and the folders that it made for that.

    What the run has left there of its own stays, with its configuration. So does an earlier run, which gets its own
    configuration back.

    Args:
        before: what was there.
        dated: the run's folder, if it is a dated one.
    """
    folder = before.folder or dated
    new = sorted(set(folder.rglob("*")) - before.present, key=lambda path: -len(path.parts))
    if _manifest(folder) != before.manifest or any(path.is_file() and not _is_nothing(path, folder) for path in new):
        return
    for path, content in before.configuration.items():
        path.write_bytes(content)
    for path in [*new, *(before.missing if before.folder else (dated, *dated.parents))]:
        if path.is_dir():
            with suppress(OSError):  # it is not empty
                path.rmdir()
        else:
            path.unlink(missing_ok=True)


def _is_nothing(path: Path, folder: Path) -> bool:
    """Return whether a file is Hydra's, or a lock: none that a run is for."""
    is_empty = path.suffix in {".log", ".lock"} and path.stat().st_size == 0
    return path.relative_to(folder).parts[0] == CONFIGURATION or is_empty


def _manifest(folder: Path) -> bytes | None:
    path = Layout(folder).manifest
    return path.read_bytes() if path.is_file() else None
