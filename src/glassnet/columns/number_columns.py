"""Whether the texts of a column are numbers, in which form, and if most but not all are, what is odd about it."""

import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.columns.number_forms import (
    NumberForm,
    find_form,
    may_part_thousands,
    number_or_nan,
    read_number,
    split_number,
    to_numbers,
)
from glassnet.columns.text_column import TextColumn

WRITTEN, MAYBE_THOUSANDS = "written", "thousands"  # of numbers
OTHER_DECIMALS, DIFFERENT_FORMS, MISSING_MARKS, STRAY_TEXTS = "decimals", "forms", "missing", "stray"  # of texts
MOST_UNITS, LEAST_NUMBERS = 5, 3  # of more units, or fewer numbers of each, the texts are names with a number in them
SAMPLE = 200
PLAIN = NumberForm()
# What people write for a missing value, in small letters and without punctuation; and the errors of a spreadsheet.
MISSING_WORDS = {
    "", "na", "nan", "nil", "none", "null", "nd", "no data", "nodata", "not available", "not applicable",
    "missing", "unknown", "unk", "undefined", "empty", "blank", "tbd", "tba", "not known", "not reported",
    "not recorded", "not measured", "no answer", "no response", "no value", "refused", "dont know", "error",
}  # fmt: skip
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
        return Reading(numbers, form, WRITTEN, (next(text for text in texts if _is_no_number(text, decimal)),))
    other = "," if decimal == "." else "."
    if find_form(texts, other):
        return Reading(oddity=OTHER_DECIMALS)
    odd = _odd(column, decimal)
    return odd if odd.oddity or not _odd(column, other).oddity else Reading(oddity=OTHER_DECIMALS)


def may_mark_missing(text: str) -> bool:
    """Return whether people write this for a missing value: signs alone, a word that says so, a spreadsheet's error."""
    words = " ".join(re.sub(r"[^\w\s]|_", "", text).casefold().split())
    return words in MISSING_WORDS or SPREADSHEET_ERROR.fullmatch(text) is not None


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
    return Reading(oddity=MISSING_MARKS if all(map(may_mark_missing, strays)) else STRAY_TEXTS, examples=strays)


def _is_no_number(text: str, decimal: str) -> bool:
    return math.isnan(number_or_nan(text, decimal))
