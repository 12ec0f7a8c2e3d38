"""Different strings that may mean the same: equal numbers, and words that differ in case, spaces and the like alone."""

import math
import re
import unicodedata
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from glassnet.columns.number_forms import number_or_nan
from glassnet.columns.string_column import StringColumn

# Spaces, what stands between words in their place, and a stop at the end.
BETWEEN = re.compile(r"\s+|(?<=[^\W\d_])[-_]+(?=[^\W\d_])|(?<=\w)\.$")


def merged(
    column: StringColumn, decimal: str, numbers: npt.NDArray[np.float64] | None = None
) -> tuple[StringColumn, list[str]]:
    """Return a column in which equal numbers are one string, the shortest of theirs, and which were several.

    Args:
        column: strings, some of which may be numbers.
        decimal: their decimal separator.
        numbers: the number that each string is, if they are known to be numbers.
    """
    same: defaultdict[float, list[str]] = defaultdict(list)
    known = [number_or_nan(string, decimal) for string in column.strings] if numbers is None else numbers.tolist()
    for string, number in zip(column.strings, known, strict=True):
        if not math.isnan(number):
            same[number].append(string)
    several = [
        sorted(strings, key=lambda string: (len(string), string)) for strings in same.values() if len(strings) > 1
    ]
    if not several:
        return column, []
    names = {string: strings[0] for strings in several for string in strings}
    return column.renamed([names.get(string, string) for string in column.strings]), [
        " = ".join(strings) for strings in several
    ]


def spelt_alike(strings: list[str]) -> list[str]:
    """Return which strings differ in case, spaces, hyphens, a stop at the end, or a character's encoding alone."""
    same: defaultdict[str, list[str]] = defaultdict(list)
    for string in strings:
        same[BETWEEN.sub("", unicodedata.normalize("NFKC", string)).casefold()].append(string)
    return [" and ".join(map(repr, sorted(alike))) for alike in same.values() if len(alike) > 1]
