"""Different texts that may mean the same: equal numbers, and words that differ in case, spaces and the like alone."""

import math
import re
import unicodedata
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from glassnet.columns.number_forms import number_or_nan
from glassnet.columns.text_column import TextColumn

# Spaces, what stands between words in their place, and a stop at the end.
BETWEEN = re.compile(r"\s+|(?<=[^\W\d_])[-_]+(?=[^\W\d_])|(?<=\w)\.$")


def merged(
    column: TextColumn, decimal: str, numbers: npt.NDArray[np.float64] | None = None
) -> tuple[TextColumn, list[str]]:
    """Return a column in which equal numbers are one text, the shortest of theirs, and which were several.

    Args:
        column: texts, some of which may be numbers.
        decimal: the sign for their decimals.
        numbers: the number that each text is, if they are known to be numbers.
    """
    same: defaultdict[float, list[str]] = defaultdict(list)
    known = [number_or_nan(text, decimal) for text in column.texts] if numbers is None else numbers.tolist()
    for text, number in zip(column.texts, known, strict=True):
        if not math.isnan(number):
            same[number].append(text)
    several = [sorted(texts, key=lambda text: (len(text), text)) for texts in same.values() if len(texts) > 1]
    if not several:
        return column, []
    names = {text: texts[0] for texts in several for text in texts}
    return column.renamed([names.get(text, text) for text in column.texts]), [" = ".join(texts) for texts in several]


def spelt_alike(texts: list[str]) -> list[str]:
    """Return which texts differ in case, spaces, hyphens, a stop at the end, or a sign's encoding alone."""
    same: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        same[BETWEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()].append(text)
    return [" and ".join(map(repr, sorted(alike))) for alike in same.values() if len(alike) > 1]
