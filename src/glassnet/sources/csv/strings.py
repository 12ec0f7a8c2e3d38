"""Reading a CSV file as strings, whatever its delimiter and what stands above it, or one line on why it is none."""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from glassnet.columns.naming import listed
from glassnet.columns.raw_values import MissingMarkers
from glassnet.columns.string_column import StringColumn, read_column
from glassnet.sources.csv.decoding import decode
from glassnet.sources.csv.options import FileFormat

DELIMITERS = (",", ";", "\t", "|")
END = "\x00"  # no text has it
DECIMALS = re.compile(r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?")
SEARCHED = 50  # records, among which the header is looked for


@dataclass(frozen=True)
class StringTable:
    """A CSV file as strings.

    Attributes:
        columns: the columns that have a name.
        rows: the number of their rows.
        empty: the numbers, from 1, of the rows that are wholly empty, and left out.
        notes: what else was left out, a sentence each.
    """

    columns: dict[str, StringColumn]
    rows: int
    empty: list[int]
    notes: list[str]

    @property
    def rows_in_file(self) -> npt.NDArray[np.intp]:
        """The number of each row, from 1, among all that stand below the header."""
        return np.setdiff1d(np.arange(1, self.rows + len(self.empty) + 1), self.empty)


def read_strings(path: Path, file_format: FileFormat, wanted: Collection[str] = ()) -> StringTable:
    """Return the file as strings.

    Args:
        path: where it lies.
        file_format: how it is written.
        wanted: names of columns that the header has; what stands above one that has them are titles.

    Raises:
        ValueError: if it is no table: missing, empty, binary, without rows, ragged, or with columns of the same name.
    """
    if not path.is_file():
        raise ValueError(f"{path}: expected a CSV file here, found none; set data.path")
    text, named = _without_delimiter_line(decode(path, path.read_bytes(), file_format.encoding))
    delimiter = file_format.delimiter or named or _find_delimiter(text, wanted)
    lines = _read_lines(path, text, delimiter)
    if all(map(_is_empty, lines)):
        raise ValueError(f"{path}: expected a table with a header, received an empty file")
    at = _header_among(lines[:SEARCHED], wanted)
    empty = [number for number, line in enumerate(lines[at + 1 :], 1) if _is_empty(line)]
    header, rows, notes = _fitted(path, lines[at:], set(empty), delimiter)
    if at:
        titles = [" ".join(filter(None, map(str.strip, line))) for line in lines[:at] if not _is_empty(line)]
        notes.append(f"what stands above the header was left out: {listed(map(repr, titles))}")
    if twice := [name for name, count in Counter(header).items() if count > 1 and name]:
        raise ValueError(
            f"{path}: expected columns with names of their own, received more than one called {listed(twice)}"
        )
    missing = MissingMarkers(file_format.missing_values, file_format.decimal)
    columns = {
        name: read_column(name, fields, missing)
        for name, fields in zip(header, zip(*rows, strict=True), strict=True)
        if name
    }
    return StringTable(columns, len(rows), empty, notes)


def _without_delimiter_line(text: str) -> tuple[str, str | None]:
    """Return the text without a first line such as `sep=;`, which tells Excel the delimiter, and that delimiter."""
    if found := re.match(r"""["']?sep=(.)["']?[,;\t|]*\r?\n""", text, re.IGNORECASE):
        return text[found.end() :], found[1]
    return text, None


def _read_lines(path: Path, text: str, delimiter: str) -> list[list[str]]:
    """Return the records of a text, in which a backslash may stand before a quotation mark that is meant.

    Databases write such marks. It is taken for that only where the records have the same length then, and not without,
    since a field may as well end with a backslash.

    Raises:
        ValueError: if a quotation mark is never closed, or a field is too long.
    """
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
    if '\\"' in text and len(set(map(len, lines))) > 1:
        with suppress(csv.Error):
            escaped = list(_records(text, delimiter, escape="\\"))
            lines = escaped if len(set(map(len, escaped))) == 1 else lines
    return lines


def _fitted(
    path: Path, lines: list[list[str]], empty: set[int], delimiter: str
) -> tuple[list[str], list[list[str]], list[str]]:
    """Return the header and the rows below it that are not empty, with as many fields each, and what was noted.

    Where each row has one field more than the header, the first is its name, as R writes and pandas reads it, if it has
    one of its own; and the last is none, if it is empty in all rows, which then end with a delimiter. Numbers with
    decimals are no names: the row has a field more for another reason, such as a comma in it.
    """
    header = [name.strip() for name in lines[0]]
    rows = [line for number, line in enumerate(lines) if number and number not in empty] if empty else lines[1:]
    if not rows:
        raise ValueError(f"{path}: expected rows below the header, received none")
    notes, width, widths = [], len(rows[0]), set(map(len, rows))
    if widths == {width} and width < len(header) and not any(header[width:]):
        header = header[:width]
    elif widths == {len(header) + 1} and not any(row[-1].strip() for row in rows):
        rows = [row[:-1] for row in rows]
    elif widths == {len(header) + 1} and _are_names([row[0].strip() for row in rows]):
        rows = [row[1:] for row in rows]
        notes.append("the first field of each row was left out as its name, since the header has one field less")
    elif widths != {len(header)}:
        number, line = next(
            (number, line) for number, line in enumerate(lines) if len(line) != len(header) and number not in empty
        )
        raise ValueError(
            f"{path}: expected {len(header)} fields in every row, as in the header (delimiter {delimiter!r}), "
            f"received {len(line)} in row {number} after it"
        )
    if nameless := header.count(""):  # pandas writes its row numbers so, a spreadsheet the columns beside its table
        what = "the column without a name was" if nameless == 1 else f"{nameless} columns without a name were"
        notes.append(f"{what} left out")
    return header, rows, notes


def _are_names(strings: list[str]) -> bool:
    """Return whether the strings are another in each row, and no measurements, which have decimals."""
    return len(set(strings)) == len(strings) and not any(map(DECIMALS.fullmatch, strings))


def _is_empty(record: list[str]) -> bool:
    return not record[0].strip() and not any(map(str.strip, record))


def _header_among(records: list[list[str]], wanted: Collection[str]) -> int:
    """Return the number of the first record that has the most of the wanted names: the header, below any titles.

    A title has fewer fields that are not empty, or begins with the character of a comment. Without titles, the header
    is the first record that is not empty.
    """
    names = [{name.strip() for name in record} - {""} for record in records]
    first = next((at for at, some in enumerate(names) if some), 0)
    most = max(range(first, len(records)), key=lambda at: len(names[at].intersection(wanted)), default=0)
    fields = [sum(1 for name in record if name.strip()) for record in records[: most + 1]]
    titles = [count < fields[-1] or records[at][0].startswith("#") for at, count in enumerate(fields[:-1])]
    return most if all(titles) else first


def _records(text: str, delimiter: str, escape: str | None = None) -> Iterator[list[str]]:
    """Yield the rows that are not blank; one with line breaks inside quotation marks is still one.

    Spaces between a delimiter and a quotation mark do not make the mark a part of the text.

    Raises:
        csv.Error: if a quotation mark is never closed: the reader takes all that follows for one field.
    """
    lines = io.StringIO(f"{text}\n{END}", newline="")
    for record in csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != " ", escapechar=escape):
        if record and record[-1].endswith(END):
            if record != [END]:
                raise csv.Error("a quotation mark that is never closed")
        elif record:
            yield record


def _find_delimiter(text: str, wanted: Collection[str]) -> str:
    """Return the delimiter that divides the first rows into the same number of fields, the more the better.

    Where none does, it is the one that divides the header into the most, so that what is wrong with the rows can be
    said. A space is one only where no other divides all of them.
    """
    best, most = ",", (False, False, 1)
    for delimiter in DELIMITERS:
        if (rank := _rank(text, delimiter, wanted)) > most:
            best, most = delimiter, rank
    if not most[1] and _rank(text, " ", wanted)[1] and _rank(text, " ", wanted)[0] >= most[0]:
        return " "
    return best


def _rank(text: str, delimiter: str, wanted: Collection[str]) -> tuple[bool, bool, int]:
    """Return whether a delimiter gives a header with the wanted names, rows of one length, and how many fields."""
    try:
        records = list(islice(_records(text, delimiter), SEARCHED))
    except csv.Error:
        return False, False, 0
    if not records:
        return False, False, 0
    header, *rows = records[_header_among(records, wanted) :]
    widths = {len(row) for row in rows if not _is_empty(row)}
    fits = len(header) > 1 and (widths <= {len(header)} or widths == {len(header) + 1})
    return bool(wanted) and {name.strip() for name in header}.issuperset(wanted), fits, len(header)
