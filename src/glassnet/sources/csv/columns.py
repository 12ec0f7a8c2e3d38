"""What each column of a table is to be learnt from as: numbers, dates or categories; or why it is left out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import are_dates, find_date_format, may_be_plain_dates, stray_among_dates, to_days
from glassnet.columns.naming import listed
from glassnet.columns.number_columns import MISSING_MARKERS, Reading, are_padded, may_mark_missing, read_numbers
from glassnet.columns.number_forms import NumberForm
from glassnet.columns.spelling import merged, spelt_alike
from glassnet.columns.string_column import StringColumn
from glassnet.sources.csv.options import CSVOptions
from glassnet.sources.csv.remarks import MOST_CATEGORIES, MOST_REPEATED, REPEATED, Remarks

NO_DATE = re.compile(r"0+[-/.]0+[-/.]0+(?:[ T][0:.]+)?")  # what a database writes: 0000-00-00
WORTH_MERGING = 10  # times as many strings as categories are allowed: of more, equal numbers are not looked for


@dataclass
class Understood:
    """The columns to learn from, by what they are.

    Attributes:
        numbers: what the different strings of a column are as numbers, or as days since 1970.
        forms: how numbers are written, where it is not plainly.
        dates: the columns that hold dates, and how they are written.
        categories: the columns of strings.
        remarks: what was left out, or may not be what it seems.
    """

    numbers: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    categories: dict[str, StringColumn] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)

    @property
    def names(self) -> set[str]:
        """The columns to learn from."""
        return self.numbers.keys() | self.categories.keys()


def understand(path: Path, columns: Iterable[StringColumn], options: CSVOptions) -> Understood:
    """Return what the columns are.

    Raises:
        ValueError: for infinite numbers, or a column declared to hold dates that does not.
    """
    found = Understood()
    for column in columns:
        if not column.strings:
            found.remarks.add("constant", column.name)
        elif column.name in options.categorical:
            _take_categories(column, found, options)
        else:
            _take(path, column, found, options)
    infinite = [name for name, values in found.numbers.items() if np.isinf(values).any()]
    if infinite:
        raise ValueError(
            f"{path}: expected finite numbers, received infinite ones in {listed(infinite)}; declare their string in "
            "data.missing_values, or leave the column out with data.drop"
        )
    return found


def _take(path: Path, column: StringColumn, found: Understood, options: CSVOptions) -> None:
    """Take a column for numbers if its strings are, else for dates, else for categories."""
    name, remarks, declared = column.name, found.remarks, column.name in options.dates
    reading = Reading() if declared else read_numbers(column, options.decimal)
    if reading.numbers is not None:
        if _add_numbers(column, reading.numbers, found, options):
            if form := reading.form.to_json():
                found.forms[name] = form
            if reading.examples:
                string = reading.examples[0]
                remarks.add(reading.oddity, name, remarks.example(re.sub(r"-?\d[\d.,]*", "0", string), string))
            elif reading.oddity:
                remarks.add(reading.oddity, name)
            elif name in options.keep:
                return
            elif are_padded(column.strings):
                remarks.add("padded", name, f"as in {remarks.example('padded', column.strings[0])}")
            elif may_be_plain_dates(column.strings):
                remarks.add("plain dates", name, f"as in {remarks.example('plain date', column.strings[0])}")
    elif date_format := _date_format(path, column, options, remarks, declared=declared):
        if _add_numbers(column, to_days(column.strings, date_format), found, options):
            found.dates[name] = date_format
        else:
            remarks.about["dates"].pop(name, None)
    else:
        if reading.oddity:
            remarks.add(reading.oddity, name, listed(map(repr, reading.examples)))
            remarks.strays += reading.examples if reading.oddity == MISSING_MARKERS else ()
        elif strays := stray_among_dates(column.strings):
            are_markers = all(may_mark_missing(string) or NO_DATE.fullmatch(string) for string in strays)
            remarks.add("missing dates" if are_markers else "stray dates", name, listed(map(repr, strays)))
            remarks.strays += strays if are_markers else ()
        _take_categories(column, found, options)


def _add_numbers(
    column: StringColumn, of_strings: npt.NDArray[np.float64], found: Understood, options: CSVOptions
) -> bool:
    """Add a column of numbers, unless they are all the same; return whether it was."""
    if (of_strings == of_strings[0]).all() and not (options.missing_indicator and column.missing.any()):
        found.remarks.add("constant", column.name)
        return False
    found.numbers[column.name] = of_strings
    return True


def _take_categories(column: StringColumn, found: Understood, options: CSVOptions) -> None:
    """Take a column for categories, unless they are too many, or one."""
    name, remarks = column.name, found.remarks
    equal: list[str] = []
    if len(column.strings) <= WORTH_MERGING * (options.most_categories or MOST_REPEATED):
        column, equal = merged(column, options.decimal)
    different, rows = len(column.strings), column.present
    repeat = options.most_categories is None and REPEATED * different <= rows and different <= MOST_REPEATED
    is_many = different > (options.most_categories or MOST_CATEGORIES) and name not in options.keep
    marks_missing = options.missing_categorical == "own_category" and column.missing.any()
    if different < 2 and not marks_missing:
        remarks.add("constant", name)
        return
    if is_many:
        remarks.add_many(name, different, rows, kept=repeat)
    if not is_many or repeat:
        found.categories[name] = column
        if form := NumberForm(decimal=options.decimal).to_json():
            found.forms[name] = form
        if equal:
            remarks.add("equal", name, "; ".join(equal))
        if alike := spelt_alike(column.strings):
            remarks.add("alike", name, "; ".join(alike))


def _date_format(
    path: Path, column: StringColumn, options: CSVOptions, remarks: Remarks, *, declared: bool
) -> str | None:
    """Return how the strings of a column are written as dates; None if they are none.

    Raises:
        ValueError: if they are declared to be dates, and are not.
    """
    strings, given = column.strings, options.date_format
    found = (given, None) if given and are_dates(strings, given) else find_date_format(strings, declared=declared)
    if found is None and not declared:
        return None
    if found is None:
        strange = next((string for string in strings if find_date_format([string], declared=True) is None), None)
        received = (
            f"{strange!r}"
            if strange is not None
            else f"them in several forms, such as {listed(map(repr, strings[:3]))}"
        )
        raise ValueError(
            f"{path}: expected dates in {column.name}, which data.dates names, received {received}; set "
            "data.date_format, such as '%d.%m.%Y', or take it out of data.dates"
        )
    form, other = found
    century = ", where years from 69 are of the last century, others of this" if "%y" in form else ""
    if other is None:
        remarks.add("dates", column.name, f"as in {remarks.example(form, strings[0])}{century}")
    else:
        first, last = ("month", "day") if form.index("%m") < form.index("%d") else ("day", "month")
        detail = f"{strings[0]!r} has the {first} first; data.date_format='{other}' reads the {last} first{century}"
        remarks.add("ambiguous", column.name, detail)
    return form
