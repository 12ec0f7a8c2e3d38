"""Whether the texts of a column are numbers, in which form, and if most but not all are, what is odd about it."""

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
from glassnet.columns.text_column import TextColumn

WRITTEN, MAYBE_THOUSANDS, MAYBE_DECIMALS = "written", "thousands", "grouped"  # of numbers
OTHER_DECIMALS, DIFFERENT_FORMS, MISSING_MARKS, STRAY_TEXTS = "decimals", "forms", "missing", "stray"  # of texts
MOST_UNITS, LEAST_NUMBERS = 5, 3  # of more units, or fewer numbers of each, the texts are names with a number in them
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
# What texts may mean as well.
MEANINGFUL = {"none", "empty", "blank", "error", "refused", "dont know", "no answer", "no response", "no value"}
CODE_OF_TWO = re.compile("[A-Z]{2}")
DATABASE_NULL = r"\N"
SPREADSHEET_ERROR = re.compile("#(?:DIV/0|VALUE|REF|NAME|NUM|NULL|N/A|#+)[!?]?")


@dataclass(frozen=True)
class Reading:
    """What a column of texts is as one of numbers.

    Attributes:
        numbers: the number that each different text is, or None if some is none.
        form: how they are written.
        oddity: what is to be noted, or "".
        examples: the texts that it is about.
    """

    numbers: npt.NDArray[np.float64] | None = None
    form: NumberForm = PLAIN
    oddity: str = ""
    examples: tuple[str, ...] = ()


def read_numbers(column: TextColumn, decimal: str) -> Reading:
    """Return the numbers in a column, or what is odd about those that some of its texts are."""
    texts = column.texts
    plain = to_numbers(texts, decimal)
    if plain is not None:
        doubtful = decimal == "." and may_part_thousands(texts, decimal)
        return Reading(plain, NumberForm(decimal=decimal), MAYBE_THOUSANDS if doubtful else "")
    if form := find_form(texts, decimal):
        numbers = np.array([read_number(text, form) for text in texts])
        oddity = MAYBE_DECIMALS if decimal == "." and may_be_decimals(texts, form) else WRITTEN
        return Reading(numbers, form, oddity, (next(text for text in texts if _is_no_number(text, decimal)),))
    other = "," if decimal == "." else "."
    if find_form(texts, other):
        return Reading(oddity=OTHER_DECIMALS)
    odd = _odd(column, decimal)
    return odd if odd.oddity or not _odd(column, other).oddity else Reading(oddity=OTHER_DECIMALS)


def are_padded(texts: Sequence[str]) -> bool:
    """Return whether numbers have zeros before them, so that all are as long, as codes are: 02139."""
    lengths = set(map(len, texts))
    return (
        len(lengths) == 1
        and lengths.pop() >= LEAST_PADDED
        and all(map(str.isdecimal, texts))
        and any(text[0] == "0" and text.strip("0") for text in texts)
    )


def may_mark_missing(text: str) -> bool:
    """Return whether people write this for a missing value: signs alone, a word that says so, a program's error."""
    return _words(text) in MISSING_WORDS or is_written_by_programs(text)


def marks_among_texts(texts: Sequence[str], *, of_target: bool = False) -> list[str]:
    """Return which of a column's texts, that are not read as missing, may mark a missing value nevertheless.

    Among features a word such as "unknown" is a category as good as any, among classes it is noted. Of two texts
    neither is a mark, nor are signs of which there are several, such as + and -, nor are two letters among such codes.
    """
    if len(texts) <= 2:
        return []
    are_numbers = 2 * sum(split_number(text, ".") is not None for text in texts) >= len(texts)
    are_codes = 2 * sum(CODE_OF_TWO.fullmatch(text) is not None for text in texts) > len(texts)
    words = MISSING_WORDS if are_numbers else MISSING_WORDS - MEANINGFUL if of_target else NO_WORDS
    signs = [text for text in texts if not _words(text)]
    return [
        text
        for text in texts
        if (_words(text) in words or is_written_by_programs(text))
        and not (text in signs and len(signs) > 1)
        and not (are_codes and CODE_OF_TWO.fullmatch(text))
    ]


def is_written_by_programs(text: str) -> bool:
    """Return whether a text is what a spreadsheet or a database writes where there is no value."""
    return text == DATABASE_NULL or SPREADSHEET_ERROR.fullmatch(text) is not None


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]|_", "", text).casefold().split())


def _odd(column: TextColumn, decimal: str) -> Reading:
    """Return what is odd about a column that holds numbers, but not in one form and nothing else."""
    texts, counts = column.texts, column.counts
    if 4 * sum(split_number(text, decimal) is not None for text in texts[:SAMPLE]) < len(texts[:SAMPLE]):
        return Reading()
    forms = [split[1] if (split := split_number(text, decimal)) else None for text in texts]
    units = [None if form is None else form.unit for form in forms]
    rows: Counter[tuple[str, str] | None] = Counter()
    for unit, count in zip(units, counts.tolist(), strict=True):
        rows[unit] += count
    kinds = [str(form and (form.unit if len(rows) > 1 else form.grouping)) for form in forms]
    numbers_of_kind = Counter(kinds)
    if None not in rows and len(numbers_of_kind) <= MOST_UNITS and min(numbers_of_kind.values()) >= LEAST_NUMBERS:
        return Reading(oddity=DIFFERENT_FORMS, examples=tuple(texts[kinds.index(kind)] for kind in numbers_of_kind))
    main = max((unit for unit in rows if unit is not None), key=rows.__getitem__)
    if 2 * rows[main] < column.present or units.count(main) < LEAST_NUMBERS:
        return Reading()
    strays = tuple(text for text, unit in zip(texts, units, strict=True) if unit != main)
    are_marks = all(may_mark_missing(text) or CODE.fullmatch(text) for text in strays)  # -999 among 12%
    return Reading(oddity=MISSING_MARKS if are_marks else STRAY_TEXTS, examples=strays)


def _is_no_number(text: str, decimal: str) -> bool:
    return math.isnan(number_or_nan(text, decimal))
