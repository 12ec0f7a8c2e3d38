"""Whether the target changes with time, so that rows drawn at random know the future of the others."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.tables.suspicions.rows import Floats

BLOCKS = 10  # of time, of equally many rows
LEAST_ROWS, LEAST_TIMES = 60, 8
LEAST_EXPLAINED = 0.1  # of the target's variance, that lies between the blocks
LEAST_Z = 5.0  # standard deviations above what chance explains
YEARS = 1500, 2100
NAMED = re.compile(
    r"(?:^|[\W_])(?:date|datetime|time|timestamp|year|yr|quarter|qtr|month|week|day|hour|minute|period|epoch|step|t)s?$",
    re.IGNORECASE,
)


def are_times(name: str, numbers: Floats) -> bool:
    """Return whether whole numbers are times: years by name and size, or called like another time, and in order."""
    called = NAMED.search(re.sub(r"([a-z])([A-Z])", r"\1_\2", name))
    if called is None or np.isnan(numbers).any() or (numbers != np.round(numbers)).any():
        return False
    if "y" in called[0].lower() and YEARS[0] <= numbers.min() <= numbers.max() <= YEARS[1]:
        return True
    return bool((np.diff(numbers) >= 0).all())


def drift(times: Floats, y: npt.NDArray[Any], classes: int, independent: int) -> float | None:
    """Return what fraction of the target's variance lies between blocks of time; None if little, or perhaps chance.

    By chance, n times that fraction for n independent rows is distributed as χ² with one degree of freedom less than
    there are blocks. The variance of a class is that of belonging to it or not, and the class that changes most counts.

    Args:
        times: of the rows `(N,)`.
        y: class ids, or the numbers of a regression.
        classes: how many there are; 0 for a regression.
        independent: how many rows are independent of each other: the number of groups, where rows belong together.
    """
    different, place = np.unique(times, return_inverse=True)
    if len(y) < LEAST_ROWS or len(different) < LEAST_TIMES:
        return None
    ends = np.cumsum(np.bincount(place))
    block = np.unique((BLOCKS * (ends - 1) // len(y))[place], return_inverse=True)[1]  # of whole times
    counts = np.bincount(block)
    freedom = len(counts) - 1
    if not freedom:
        return None
    largest = 0.0
    for values in [y.astype(np.float64)] if not classes else [(y == c).astype(np.float64) for c in range(classes)]:
        values = values - values.mean()
        if total := float(values @ values):
            explained = float((np.bincount(block, weights=values) ** 2 / counts).sum()) / total
            if (independent * explained - freedom) / np.sqrt(2 * freedom) >= LEAST_Z:
                largest = max(largest, explained - freedom / independent)
    return largest if largest >= LEAST_EXPLAINED else None
