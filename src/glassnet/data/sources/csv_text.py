"""Reading a CSV file as texts, whatever its delimiter and encoding, and saying in one line why it is none."""

import csv
import io
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = (",", ";", "\t", "|")


def read_texts(path: Path, settings: dict[str, Any]) -> "tuple[pd.DataFrame, list[str]]":
    """Return the file as a frame of stripped texts, None where a field says that it is missing, and what was noted.

    Raises:
        ValueError: if it is no table: missing, empty, binary, without rows, ragged, or with columns of the same name.
    """
    import pandas as pd

    if not path.is_file():
        raise ValueError(f"{path}: expected a CSV file here, found none; set data.path")
    content = path.read_bytes()
    if not content.strip():
        raise ValueError(f"{path}: expected a table with a header, received an empty file")
    if b"\x00" in content[:4096]:
        raise ValueError(f"{path}: expected a CSV file, received binary data")
    try:
        text = content.decode("utf-8-sig" if settings["encoding"] == "utf-8" else settings["encoding"])
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: expected {settings['encoding']} text, received byte 0x{content[error.start]:02x} at "
            f"{error.start}; set data.encoding (latin-1, cp1252, ...) if the file has another"
        ) from error
    except LookupError as error:
        raise ValueError(
            f"data.encoding: expected the name of an encoding, received {settings['encoding']!r}"
        ) from error
    delimiter = settings["delimiter"] or _find_delimiter(text)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if line]
    except csv.Error as error:
        raise ValueError(
            f"{path}: expected CSV with the delimiter {delimiter!r}, received something else: {error}"
        ) from error
    header = [name.strip() for name in lines[0]]
    ragged = next((number for number, line in enumerate(lines) if len(line) != len(header)), None)
    if ragged is not None:
        raise ValueError(
            f"{path}: expected {len(header)} fields in every row, as in the header (delimiter {delimiter!r}), "
            f"received {len(lines[ragged])} in row {ragged} after it"
        )
    if len(lines) == 1:
        raise ValueError(f"{path}: expected rows below the header, received none")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise ValueError(
            f"{path}: expected columns with names of their own, received more than one called {listed(twice)}"
        )
    gaps = {"", *settings["missing_values"]}
    columns = {
        name: [None if field.strip() in gaps else field.strip() for field in fields]
        for name, fields in zip(header, zip(*lines[1:], strict=True), strict=True)
    }
    notes = []
    if "" in columns:  # pandas writes its row numbers so
        del columns[""]
        notes.append("the column without a name was left out")
    return pd.DataFrame(columns, dtype=object), notes


def to_numbers(values: "pd.Series[Any]", decimal: str) -> "np.ndarray[Any, np.dtype[np.float64]] | None":
    """Return a column of texts as numbers, NaN where missing, or None if some text is none."""
    try:
        return np.array(
            [np.nan if value is None else float(value.replace(decimal, ".")) for value in values], dtype=np.float64
        )
    except ValueError:
        return None


def _find_delimiter(text: str) -> str:
    """Return the delimiter that divides the first lines into the same number of fields, the more the better."""
    start = text[:100_000].splitlines(keepends=True)[:50]
    best, most = ",", 1
    for delimiter in DELIMITERS:
        try:
            widths = {len(line) for line in csv.reader(start, delimiter=delimiter) if line}
        except csv.Error:
            continue
        if len(widths) == 1 and (width := widths.pop()) > most:
            best, most = delimiter, width
    return best


def listed(names: Any) -> str:
    """Return at most eight names in one line."""
    names = [str(name) for name in names]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
