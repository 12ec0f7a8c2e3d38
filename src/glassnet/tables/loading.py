"""Raw data from the settings that choose them, and what identifies what they are made from."""

import traceback
from pathlib import Path

from glassnet.components import DATA, TARGET, find, source_files, values_for
from glassnet.files import JsonObject, file_digest, files_digest
from glassnet.nn.arrays import describe
from glassnet.sources import SOURCES, DataChoice, RawData, RawImages, RawTable
from glassnet.sources.checks import require_sound


def load_raw(choice: DataChoice) -> RawData:
    """Return the data of a source of ours, or of a function of the user's own.

    Raises:
        ValueError: in one line: for settings that are no arguments of the function, for what it cannot read, and for
            what is no table and no images.
        OSError: if a file cannot be read or fetched.
    """
    load = find(DATA, choice.source, SOURCES, None)
    values = values_for(DATA, choice.source, load)
    if TARGET not in choice.source:
        return load(**values)
    target = choice.source[TARGET]
    try:
        raw = load(**values)
    except Exception as error:  # whatever the user's own code does
        raise ValueError(
            f"{DATA}: expected data from {target}, received {' '.join(repr(error).split())}{_place_of(error, choice)}"
        ) from error
    if not isinstance(raw, RawTable | RawImages):
        raise ValueError(
            f"{DATA}.{TARGET}: expected {target} to return a RawTable or RawImages of glassnet.sources, received "
            f"{describe(raw)}"
        )
    try:
        require_sound(raw)
    except ValueError as error:
        raise ValueError(f"{DATA}.{TARGET}: what {target} returned: {error}") from error
    return raw


def source_digest(choice: DataChoice) -> str:
    """Return a digest of the file at `data.path`: the user's own table, or the code that makes or fetches the data."""
    if not choice.path.is_file():
        raise ValueError(f"data.path: expected a file, received {str(choice.path)!r}; name the table to learn from")
    return file_digest(choice.path)[:16]


def source_identity(choice: DataChoice) -> JsonObject:
    """Return what decides about the raw data: the settings of the source but for those of where to look for a file.

    The digest of the source is among them, and that of a module of the user's own.
    """
    if TARGET in choice.source:
        return {**choice.source, "source_digest": source_digest(choice), "code_digest": files_digest(own_files(choice))}
    others = {key: value for key, value in choice.source.items() if key != "mirrors"}
    return {**others, "source_digest": source_digest(choice)}


def own_files(choice: DataChoice) -> list[Path]:
    """Return the Python files of the function of the user's own that makes the data; none for a source of ours."""
    target = choice.source.get(TARGET)
    return source_files(target) if isinstance(target, str) else []


def _place_of(error: Exception, choice: DataChoice) -> str:
    """Return where in the user's own code an error was raised, if it passed through it."""
    own = {str(path) for path in own_files(choice)}
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in own]
    return f" in {Path(lines[-1].filename).name}, line {lines[-1].lineno}" if lines else ""
