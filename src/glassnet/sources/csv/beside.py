"""The columns of a table by which rows belong together or follow each other in time, instead of being learnt from."""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import are_dates, find_date_format, iso_strings, to_days
from glassnet.columns.naming import listed, near
from glassnet.columns.number_columns import read_numbers
from glassnet.columns.spelling import merged, spelt_alike
from glassnet.columns.string_column import StringColumn
from glassnet.overrides import as_setting
from glassnet.sources.csv.options import CSVOptions
from glassnet.sources.csv.strings import StringTable

LEAST_GROUPS = 3  # one for each split
LEAST_NAMES = 8  # of what rows belong to, in a column that is not declared to have them
MOST_BESIDE = 20


@dataclass(frozen=True)
class Beside:
    """The values of a column beside the features, one for each row.

    Attributes:
        values: names of groups; numbers; or dates as strings in ISO's form.
        date_format: how dates are written in the file; "" for what are none.
        notes: what is to be said of the column.
    """

    values: npt.NDArray[np.object_] | npt.NDArray[np.float64]
    date_format: str = ""
    notes: tuple[str, ...] = ()


def require_dividing(path: Path, table: StringTable, options: CSVOptions) -> None:
    """Raise a `ValueError` unless `data.group` and `data.time` name columns that may be used so."""
    names = list(table.columns)
    for key, name in (("group", options.group), ("time", options.time)):
        if name is None:
            continue
        if name not in names:
            meant = near(name, names)
            raise ValueError(
                f"{path}: expected data.{key} to name one of the columns {listed(names)}, received {name!r}"
                + (f"; did you mean {as_setting(f'data.{key}', meant)}?" if meant else "")
            )
        if name == options.target:
            raise ValueError(
                f"{path}: expected data.{key} to name a column beside the target, received {name!r}, which is it"
            )
    if options.group is not None and options.group == options.time:
        raise ValueError(
            f"{path}: expected different columns in data.group and data.time, received {options.group!r} in both"
        )
    if options.near_copies == "together" and (options.group or options.time):
        raise ValueError(
            f"{path}: expected data.near_copies=apart with data.group or data.time, received together; rows are "
            "divided in one way"
        )
    if options.time is not None and options.time in options.categorical:
        raise ValueError(
            f"{path}: expected a column of times in data.time, received {options.time!r}, which data.categorical takes "
            "for categories; take it out of one of them"
        )
    if options.group in options.keep:
        raise ValueError(
            f"{path}: expected data.keep to name columns to learn from, received {options.group!r}, which is "
            "data.group: rows of the test split are of groups that no training row has; take it out"
        )


def dividing_columns(
    path: Path, table: StringTable, kept: npt.NDArray[np.bool_], options: CSVOptions
) -> dict[str, Beside]:
    """Return the columns that `data.group` and `data.time` name, for the rows that are kept."""
    rows = table.rows_in_file[kept]
    found: dict[str, Beside] = {}
    if options.group is not None:
        found[options.group] = group_column(path, table.columns[options.group].take(kept), rows, options.decimal)
    if options.time is not None:
        found[options.time] = time_column(path, table.columns[options.time].take(kept), rows, options)
    return found


def require_read_alike(path: Path, categories: Container[str], options: CSVOptions) -> None:
    """Raise a `ValueError` if times that are learnt from too are categories: 2003-04 is, since it may be a season."""
    if options.time is not None and options.time in categories:
        raise ValueError(
            f"{path}: expected dates or numbers to learn from in data.time={options.time!r}, which data.keep names, "
            f"received categories; {as_setting('data.dates', [options.time])} takes them for dates"
        )


def columns_beside(left_out: dict[str, StringColumn]) -> dict[str, Beside]:
    """Return those of the columns that are not learnt from that may say what rows belong to, or when they are from."""
    found: dict[str, Beside] = {}
    for name, column in left_out.items():
        if column.missing.any() or len(found) >= MOST_BESIDE:
            continue
        if form := find_date_format(column.strings):
            days = column.spread(to_days(column.strings, form[0]))
            found[name] = Beside(np.array(iso_strings(days), dtype=object), form[0])
        elif LEAST_NAMES <= len(column.strings) <= column.present / 2:
            found[name] = Beside(column.values())
    return found


def group_column(path: Path, column: StringColumn, rows: npt.NDArray[np.intp], decimal: str) -> Beside:
    """Return the group of each row.

    Args:
        path: of the file.
        column: the strings that name the groups; equal numbers are one.
        rows: the number of each row in the file.
        decimal: the decimal separator.

    Raises:
        ValueError: if a row has none, or there are too few of them.
    """
    _require_present(path, column, rows, "group")
    column, _ = merged(column, decimal)
    if len(column.strings) < LEAST_GROUPS:
        raise ValueError(
            f"{path}: expected {LEAST_GROUPS} groups or more in data.group={column.name!r}, one for each split, "
            f"received {listed(map(repr, column.strings))} alone"
        )
    notes = []
    if len(column.strings) == column.present:
        notes.append(f"data.group={column.name} names another group in each row, so that rows are divided one by one")
    if alike := spelt_alike(column.strings):
        notes.append(
            f"groups of data.group={column.name} that differ in case or spaces, a hyphen or a stop alone are groups of "
            f"their own, and may be in different splits: {'; '.join(alike)}; write them alike to have one"
        )
    return Beside(column.values(), notes=tuple(notes))


def time_column(path: Path, column: StringColumn, rows: npt.NDArray[np.intp], options: CSVOptions) -> Beside:
    """Return the time of each row: a date, or a number that grows with it.

    Args:
        path: of the file.
        column: the strings.
        rows: the number of each row in the file.
        options: how the file is written.

    Raises:
        ValueError: if a row has none, or one is neither a date nor a number.
    """
    _require_present(path, column, rows, "time")
    strings, given = column.strings, options.date_format
    numbers = None if column.name in options.dates else read_numbers(column, options.decimal).numbers
    if numbers is not None:
        if not np.isfinite(numbers).all():
            infinite = strings[int(np.flatnonzero(~np.isfinite(numbers))[0])]
            raise ValueError(f"{path}: expected finite numbers in data.time={column.name!r}, received {infinite!r}")
        return Beside(column.spread(numbers))
    found: tuple[str, str | None] | None
    found = (given, None) if given and are_dates(strings, given) else find_date_format(strings, declared=True)
    if found is None:
        strange = next((string for string in strings if find_date_format([string], declared=True) is None), None)
        received = (
            f"{strange!r}"
            if strange is not None
            else f"dates in several forms, such as {listed(map(repr, strings[:3]))}"
        )
        raise ValueError(
            f"{path}: expected dates or numbers in data.time={column.name!r}, received {received}; name a column of "
            "times, or set data.date_format, such as '%d.%m.%Y'"
        )
    form, other = found
    notes = []
    if other is not None:
        first = "month" if form.index("%m") < form.index("%d") else "day"
        notes.append(
            f"nothing tells the day from the month in data.time={column.name}: {strings[0]!r} is read with the {first} "
            f"first; data.date_format='{other}' reads it the other way"
        )
    days = np.array(iso_strings(column.spread(to_days(strings, form))), dtype=object)
    return Beside(days, form, tuple(notes))


def _require_present(path: Path, column: StringColumn, rows: npt.NDArray[np.intp], key: str) -> None:
    missing = rows[column.missing]
    if len(missing):
        raise ValueError(
            f"{path}: expected a value in every row for data.{key}={column.name!r}, received {len(missing)} rows "
            f"without, the first is row {missing[0]} below the header; fill them, or leave such rows out of the file"
        )
