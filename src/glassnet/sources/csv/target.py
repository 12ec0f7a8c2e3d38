"""What the target of a table is: classes or a quantity, and which rows have one."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import find_date_format
from glassnet.columns.naming import listed
from glassnet.columns.number_columns import (
    MAYBE_DECIMALS,
    MISSING_MARKERS,
    OTHER_DECIMALS,
    STRAY_STRINGS,
    Reading,
    markers_among_strings,
    read_numbers,
)
from glassnet.columns.number_forms import split_number
from glassnet.columns.spelling import merged, spelt_alike
from glassnet.columns.string_column import StringColumn
from glassnet.sources.csv.options import CSVOptions
from glassnet.sources.raw import Task

MOST_CLASSES = 20  # a whole-number target with more values than this is taken for a quantity
MOST_WORTH_A_WORD = 100  # whole numbers that may be classes all the same
LEAST_IN_A_CLASS = 3  # one row for each split


@dataclass(frozen=True)
class TargetColumn:
    """The target as it is learnt.

    Attributes:
        task: what is learnt.
        column: the strings of each row; equal numbers are one.
        of_strings: for a regression, the number that each string is.
        class_names: for classes, their names in the order of their ids.
        kept: which rows have a class that is not left out.
        notes: what is to be said of it.
    """

    task: Task
    column: StringColumn
    of_strings: npt.NDArray[np.float64] | None
    class_names: tuple[str, ...]
    kept: npt.NDArray[np.bool_]
    notes: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> npt.NDArray[np.float64] | None:
        """For a regression, the value of each row."""
        return None if self.of_strings is None else self.column.spread(self.of_strings)


def understand_target(path: Path, column: StringColumn, options: CSVOptions) -> TargetColumn:
    """Return what the target is, in rows that all have a value.

    Raises:
        ValueError: if it is no quantity where it is to be one, or its classes are too few or too small.
    """
    reading, task = read_numbers(column, options.decimal), options.task
    notes: list[str] = []
    if task == "auto":
        task, notes = _found_task(column, reading)
    if reading.numbers is not None and reading.examples:
        doubt = " whose thousands a comma parts" if reading.oddity == MAYBE_DECIMALS else ""
        remedy = "; if it stands for decimals, set data.decimal (\"data.decimal=','\")" if doubt else ""
        notes.append(f"the target {column.name!r} is read as numbers{doubt} ({reading.examples[0]!r}){remedy}")
    if task == "regression":
        numbers = _quantity(path, column, reading, options)
        return TargetColumn("regression", column, numbers, (), np.ones(len(column.places), dtype=bool), notes)
    column, equal = merged(column, options.decimal, reading.numbers)
    if equal:
        notes.append(f"equal numbers are one class of the target {column.name!r}: {'; '.join(equal)}")
    if alike := spelt_alike(column.strings):
        notes.append(
            f"classes of the target {column.name!r} that differ in case or spaces, a hyphen or a stop alone are "
            f"classes of their own: {'; '.join(alike)}; write them alike to have one"
        )
    return _classes(path, column, options, notes)


def _found_task(column: StringColumn, reading: Reading) -> tuple[Task, list[str]]:
    """Return what the target is taken for, and a note where it may as well be the other."""
    numbers = reading.numbers
    if numbers is None:
        odd = listed(map(repr, reading.examples))
        said = f"the target {column.name!r} is taken for classes, though most of it are numbers (not {odd})"
        return "classification", [said] if reading.oddity in {MISSING_MARKERS, STRAY_STRINGS} else []
    different = len(np.unique(numbers))
    whole = bool((numbers == np.round(numbers)).all())
    task: Task = "classification" if whole and different <= MOST_CLASSES else "regression"
    said = f"the target {column.name!r} has {different} different {'whole numbers' if whole else 'numbers'}, taken for "
    if task == "classification":
        return task, [f"{said}classes; data.task=regression takes them for a quantity"] if different > 2 else []
    most = MOST_WORTH_A_WORD if whole else MOST_CLASSES
    may_be_classes = different <= most and column.present >= LEAST_IN_A_CLASS * different
    return task, [f"{said}a quantity; data.task=classification takes them for classes"] if may_be_classes else []


def _quantity(path: Path, column: StringColumn, reading: Reading, options: CSVOptions) -> npt.NDArray[np.float64]:
    """Return what the strings of a regression's target are as numbers."""
    target, numbers = column.name, reading.numbers
    if numbers is None:
        strange = (
            reading.examples
            or tuple(string for string in column.strings if split_number(string, ".") is None)
            or column.strings
        )
        hint = _hint(reading, options)
        raise ValueError(
            f"{path}: expected numbers in the target {target!r} for regression, received {strange[0]!r}"
            f"{f'; set {hint}' if hint else ''}"
        )
    if not np.isfinite(numbers).all():
        string = column.strings[int(np.flatnonzero(~np.isfinite(numbers))[0])]
        raise ValueError(
            f"{path}: expected finite numbers in the target {target!r}, received {string!r}; declare it in "
            "data.missing_values if it marks a missing value"
        )
    if (numbers == numbers[0]).all():
        raise ValueError(f"{path}: expected a target {target!r} that varies, received {numbers[0]:,.15g} in every row")
    return numbers


def _classes(path: Path, column: StringColumn, options: CSVOptions, notes: list[str]) -> TargetColumn:
    """Return the target as classes, those of few rows left out where the settings say so."""
    target, counts = column.name, dict(zip(column.strings, column.counts.tolist(), strict=True))
    small = sorted(name for name, count in counts.items() if count < LEAST_IN_A_CLASS)
    kept = [name for name in column.strings if name not in small]
    reading = read_numbers(column, options.decimal)
    if small and find_date_format(column.strings):
        raise ValueError(
            f"{path}: expected classes or numbers in the target {target!r}, received dates such as "
            f"{column.strings[0]!r}; give the file a column of what is to be predicted of them, a number of days, say"
        )
    if small and (options.rare_classes == "error" or len(kept) < 2):
        hint = _hint(reading, options)
        markers = markers_among_strings(small + kept, of_target=True)
        declare = f"; or declare in data.missing_values what marks a missing value ({listed(map(repr, markers))})"
        raise ValueError(
            f"{path}: expected at least {LEAST_IN_A_CLASS} rows of every class of {target!r}, one for each split, "
            f"received {listed(f'{counts[name]} of {name!r}' for name in small)}; set data.rare_classes=drop to leave "
            f"them out, or data.task=regression{f', and {hint},' if hint else ''} if it is a quantity"
            + (declare if markers and not hint else "")
        )
    if len(kept) < 2:
        raise ValueError(f"{path}: expected at least two classes in {target!r}, received {listed(map(repr, kept))}")
    ranks = column.strings if reading.numbers is None else reading.numbers.tolist()
    order: dict[str, Any] = dict(zip(column.strings, ranks, strict=True))
    names = tuple(sorted(kept, key=lambda name: order[name]))
    rows = np.isin(column.places, [place for place, name in enumerate(column.strings) if name in kept])
    if small:
        few = f"left out, fewer than {LEAST_IN_A_CLASS} rows each, and not counted in row numbers"
        notes.append(f"{few}: classes {listed(small)}")
    return TargetColumn("classification", column, None, names, rows, notes)


def _hint(reading: Reading, options: CSVOptions) -> str:
    """Return what to set so that a target's strings are numbers, if most of them are, or nothing."""
    if reading.oddity == OTHER_DECIMALS:
        return f"data.decimal, since they have a decimal {'point' if options.decimal == ',' else 'comma'}"
    if reading.oddity in {MISSING_MARKERS, STRAY_STRINGS}:
        return f"data.missing_values with {listed(map(repr, reading.examples))}, since most are numbers"
    return ""
