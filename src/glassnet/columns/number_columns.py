"""Whether the strings of a column are numbers, in which form, and if most but not all are, what is odd about it."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.columns.number_forms import (
    NumberForm,
    find_form,
    may_be_decimals,
    may_part_thousands,
    number_or_nan,
    read_number,
    split_number,
    to_numbers,
)
from glassnet.columns.sentinels import CODE
from glassnet.columns.string_column import StringColumn

WRITTEN, MAYBE_THOUSANDS, MAYBE_DECIMALS = "written", "thousands", "grouped"  # of numbers
OTHER_DECIMALS, DIFFERENT_FORMS, MISSING_MARKERS, STRAY_STRINGS = "decimals", "forms", "missing", "stray"  # of strings
MOST_UNITS, LEAST_NUMBERS = 5, 3  # of more units, or fewer numbers of each, the strings are names with a number in them
LEAST_PADDED = 3  # digits: hours and months have two
SAMPLE = 200
PLAIN = NumberForm()
# What people write for a missing value, in small letters and without punctuation; and the errors of a spreadsheet.
MISSING_WORDS = {
    "", "na", "nan", "nil", "none", "null", "nd", "no data", "nodata", "not available", "not applicable",
    "missing", "unknown", "unk", "undefined", "empty", "blank", "tbd", "tba", "not known", "not reported",
    "not recorded", "not measured", "no answer", "no response", "no value", "refused", "dont know", "error",
    "n a", "nat",
}  # fmt: skip
NO_WORDS = {"", "na", "nan", "nil", "null", "nd", "n a", "nat"}  # that mean nothing else
# What strings may mean as well.
MEANINGFUL = {"none", "empty", "blank", "error", "refused", "dont know", "no answer", "no response", "no value"}
CODE_OF_TWO = re.compile("[A-Z]{2}")
DATABASE_NULL = r"\N"
SPREADSHEET_ERROR = re.compile("#(?:DIV/0|VALUE|REF|NAME|NUM|NULL|N/A|#+)[!?]?")


@dataclass(frozen=True)
class Reading:
    """What a column of strings is as one of numbers.

    Attributes:
        numbers: the number that each different string is, or None if some is none.
        form: how they are written.
        oddity: what is to be noted, or "".
        examples: the strings that it is about.
    """

    numbers: npt.NDArray[np.float64] | None = None
    form: NumberForm = PLAIN
    oddity: str = ""
    examples: tuple[str, ...] = ()


def read_numbers(column: StringColumn, decimal: str) -> Reading:
    """Return the numbers in a column, or what is odd about those that some of its strings are."""
    strings = column.strings
    plain = to_numbers(strings, decimal)
    if plain is not None:
        doubtful = decimal == "." and may_part_thousands(strings, decimal)
        return Reading(plain, NumberForm(decimal=decimal), MAYBE_THOUSANDS if doubtful else "")
    if form := find_form(strings, decimal):
        numbers = np.array([read_number(string, form) for string in strings])
        oddity = MAYBE_DECIMALS if decimal == "." and may_be_decimals(strings, form) else WRITTEN
        return Reading(numbers, form, oddity, (next(string for string in strings if _is_no_number(string, decimal)),))
    other = "," if decimal == "." else "."
    if find_form(strings, other):
        return Reading(oddity=OTHER_DECIMALS)
    odd = _odd(column, decimal)
    return odd if odd.oddity or not _odd(column, other).oddity else Reading(oddity=OTHER_DECIMALS)


def are_padded(strings: Sequence[str]) -> bool:
    """Return whether numbers have zeros before them, so that all are as long, as codes are: 02139."""
    lengths = set(map(len, strings))
    return (
        len(lengths) == 1
        and lengths.pop() >= LEAST_PADDED
        and all(map(str.isdecimal, strings))
        and any(string[0] == "0" and string.strip("0") for string in strings)
    )


def may_mark_missing(string: str) -> bool:
    """Return whether people write this for a missing value: punctuation, a word that says so, a program's error."""
    return _words(string) in MISSING_WORDS or is_written_by_programs(string)


def markers_among_strings(strings: Sequence[str], *, of_target: bool = False) -> list[str]:
    """Return which of a column's strings, that are not read as missing, may mark a missing value nevertheless.

    Among features a word such as "unknown" is a category as good as any, among classes it is noted. Of two strings
    neither is a marker, nor is punctuation of several kinds, such as + and -, nor are two letters among such codes.
    """
    if len(strings) <= 2:
        return []
    are_numbers = 2 * sum(split_number(string, ".") is not None for string in strings) >= len(strings)
    are_codes = 2 * sum(CODE_OF_TWO.fullmatch(string) is not None for string in strings) > len(strings)
    words = MISSING_WORDS if are_numbers else MISSING_WORDS - MEANINGFUL if of_target else NO_WORDS
    punctuation = [string for string in strings if not _words(string)]
    return [
        string
        for string in strings
        if (_words(string) in words or is_written_by_programs(string))
        and not (string in punctuation and len(punctuation) > 1)
        and not (are_codes and CODE_OF_TWO.fullmatch(string))
    ]


def is_written_by_programs(string: str) -> bool:
    """Return whether a string is what a spreadsheet or a database writes where there is no value."""
    return string == DATABASE_NULL or SPREADSHEET_ERROR.fullmatch(string) is not None


def _words(string: str) -> str:
    return " ".join(re.sub(r"[^\w\s]|_", "", string).casefold().split())


def _odd(column: StringColumn, decimal: str) -> Reading:
    """Return what is odd about a column that holds numbers, but not in one form and nothing else."""
    strings, counts = column.strings, column.counts
    if 4 * sum(split_number(string, decimal) is not None for string in strings[:SAMPLE]) < len(strings[:SAMPLE]):
        return Reading()
    forms = [split[1] if (split := split_number(string, decimal)) else None for string in strings]
    units = [None if form is None else form.unit for form in forms]
    rows: Counter[tuple[str, str] | None] = Counter()
    for unit, count in zip(units, counts.tolist(), strict=True):
        rows[unit] += count
    kinds = [str(form and (form.unit if len(rows) > 1 else form.grouping)) for form in forms]
    numbers_of_kind = Counter(kinds)
    if None not in rows and len(numbers_of_kind) <= MOST_UNITS and min(numbers_of_kind.values()) >= LEAST_NUMBERS:
        return Reading(oddity=DIFFERENT_FORMS, examples=tuple(strings[kinds.index(kind)] for kind in numbers_of_kind))
    main = max((unit for unit in rows if unit is not None), key=rows.__getitem__)
    if 2 * rows[main] < column.present or units.count(main) < LEAST_NUMBERS:
        return Reading()
    strays = tuple(string for string, unit in zip(strings, units, strict=True) if unit != main)
    are_markers = all(may_mark_missing(string) or CODE.fullmatch(string) for string in strays)  # -999 among 12%
    return Reading(oddity=MISSING_MARKERS if are_markers else STRAY_STRINGS, examples=strays)


def _is_no_number(string: str, decimal: str) -> bool:
    return math.isnan(number_or_nan(string, decimal))
