"""Reading a CSV file as texts, whatever its delimiter and encoding, and saying in one line why it is none."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = (",", ";", "\t", "|")
END = "\x00"  # no text has it
NO_TEXT = "expected a CSV file, received binary data; unpack an archive, and save a spreadsheet or arrays as CSV"


def read_texts(path: Path, settings: dict[str, Any]) -> "tuple[pd.DataFrame, list[str]]":
    """Return the file as a frame of stripped texts, None where a field says that it is missing, and what was noted.

    Raises:
        ValueError: if it is no table: missing, empty, binary, without rows, ragged, or with columns of the same name.
    """
    import pandas as pd

    if not path.is_file():
        raise ValueError(f"{path}: expected a CSV file here, found none; set data.path")
    text = _decode(path, path.read_bytes(), settings["encoding"])
    delimiter = settings["delimiter"] or _find_delimiter(text)
    lines: list[list[str]] = []
    try:
        lines.extend(_records(text, delimiter))
    except csv.Error as error:
        cause = str(error)
        if "field limit" in cause:
            cause = f"a field of more than {csv.field_size_limit()} characters; is a quotation mark never closed?"
        raise ValueError(
            f"{path}: expected CSV with the delimiter {delimiter!r}, received in row {len(lines)} below the header "
            f"{cause}"
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
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        raise ValueError(
            f"{path}: expected columns with names of their own, received more than one called {listed(twice)}"
        )
    gaps = {"", *settings["missing_values"]}
    columns = {
        name: [None if field.strip() in gaps else field.strip() for field in fields]
        for name, fields in zip(header, zip(*lines[1:], strict=True), strict=True)
        if name
    }
    notes = []
    if nameless := header.count(""):  # pandas writes its row numbers so, a spreadsheet the columns beside its table
        what = "the column without a name was" if nameless == 1 else f"{nameless} columns without a name were"
        notes.append(f"{what} left out")
    return pd.DataFrame(columns, dtype=object), notes


def _decode(path: Path, content: bytes, encoding: str) -> str:
    """Return the text of the file, without a byte order mark."""
    if not content.strip():
        raise ValueError(f"{path}: expected a table with a header, received an empty file")
    try:
        is_wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
        if not is_wide and content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ValueError(f"{path}: expected {encoding} text, received UTF-16; set data.encoding=utf-16")
        if not is_wide and b"\x00" in content:
            raise ValueError(f"{path}: {NO_TEXT}")
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: expected {encoding} text, received byte 0x{content[error.start]:02x} at {error.start}; set "
            "data.encoding (latin-1, cp1252, ...) if the file has another"
        ) from error
    except LookupError as error:
        raise ValueError(f"data.encoding: expected the name of an encoding, received {encoding!r}") from error
    if END in text:
        raise ValueError(f"{path}: {NO_TEXT}")
    return text


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows that are not blank; one with line breaks inside quotation marks is still one.

    Spaces between a delimiter and a quotation mark do not make the mark a part of the text.

    Raises:
        csv.Error: if a quotation mark is never closed: the reader takes all that follows for one field.
    """
    lines = io.StringIO(f"{text}\n{END}", newline="")
    for record in csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != " "):
        if record and record[-1].endswith(END):
            if record != [END]:
                raise csv.Error("a quotation mark that is never closed")
        elif record:
            yield record


def to_numbers(values: "pd.Series[Any]", decimal: str) -> "np.ndarray[Any, np.dtype[np.float64]] | None":
    """Return a column of texts as numbers, NaN where missing, or None if some text is none."""
    try:
        return np.array([np.nan if value is None else to_number(value, decimal) for value in values], dtype=np.float64)
    except ValueError:
        return None


def to_number(text: str, decimal: str) -> float:
    """Return a text as a number.

    Raises:
        ValueError: if it is none: "1_0" is none, though it is one in Python, nor is "1.500" where the comma is the sign
            for decimals, since the point then parts the thousands.
    """
    if "_" in text or (decimal != "." and "." in text):
        raise ValueError(f"expected a number, received {text!r}")
    return float(text.replace(decimal, "."))


def is_number(text: str, decimal: str) -> bool:
    """Return whether a text is a number for `to_number`."""
    try:
        to_number(text, decimal)
    except ValueError:
        return False
    return True


def _find_delimiter(text: str) -> str:
    """Return the delimiter that divides the first rows into the same number of fields, the more the better.

    Where none does, it is the one that divides the header into the most, so that what is wrong with the rows can be
    said.
    """
    best, most = ",", (False, 1)
    for delimiter in DELIMITERS:
        try:
            widths = [len(record) for record in islice(_records(text, delimiter), 50)]
        except csv.Error:
            continue
        if widths and (rank := (widths[0] > 1 and len(set(widths)) == 1, widths[0])) > most:
            best, most = delimiter, rank
    return best


def listed(names: Any) -> str:
    """Return at most eight names in one line, long ones cut short."""
    names = [name if len(name) <= 40 else f"{name[:39]}…" for name in map(str, names)]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
