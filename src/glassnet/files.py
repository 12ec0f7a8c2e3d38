"""Writing a file whole or not at all, what JSON files hold, and digests of files of any size."""

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

# What a JSON file holds.
JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]

# What a disk says that takes no more: it is full, a quota is used up, the file is too large, it may only be read.
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def section_of(document: JsonObject, name: str) -> JsonObject:
    """Return what a JSON document holds under a name, where that is to be an object.

    Raises:
        ValueError: if it is none, or missing.
    """
    value = document.get(name)
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}: expected values by name, received {value!r}")
    return value


def write_whole(path: Path, text: str) -> None:
    """Write a text to a file, whole or not at all."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to, beside `path`; at the end of the `with` block the file takes the name `path`.

    If anything goes wrong, what was written so far is removed, and `path` is as it was.

    Raises:
        OSError: with `path` in it, which the system leaves out when a write fails.
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if error.filename not in {None, str(part)}:  # nobody has asked for that file
            raise
        # NumPy gives no number: it says in words how many bytes there was no room for.
        raise OSError(error.errno or errno.ENOSPC, error.strerror or str(error), str(path)) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def whole_files(folder: Path) -> Iterator[None]:
    """If anything goes wrong in the `with` block, remove the parts of files in `folder` that killed processes left."""
    try:
        yield
    except BaseException:
        for part in folder.glob("*.part"):
            part.unlink(missing_ok=True)
        raise


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's content, in hexadecimal; read in pieces, since it may be larger than memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_digest(paths: Iterable[Path]) -> str:
    """Return the first 16 characters of a digest of files and their names, each below that of its folder."""
    lines = sorted(f"{path.parent.name}/{path.name} {file_digest(path)}" for path in paths)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
