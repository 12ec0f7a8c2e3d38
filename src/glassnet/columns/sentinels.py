"""Numbers that stand for a missing value, such as -999: far outside the rest, and more than once."""

import re

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CODE = re.compile(r"-?(?:9{2,}|8{2,}|7{2,}|9+[678])|-?9{2,}\.9+|-9")  # what people write: -999, 98, 99.9
AT_AN_END = 5  # codes that a column may have at either end: 96 to 99, say
LEAST_REST, FEW_REST, FAR_OF_FEW = 2, 3, 5  # different numbers beside the code; of two, it lies further out
FAR, FAR_REST, FAR_ROWS = 10, 5, 5  # for a number that is no such code: times as far, beside more others, in more rows


def find_sentinels(numbers: Floats, counts: npt.NDArray[np.intp]) -> list[float]:
    """Return the numbers among different ones that may stand for a missing value.

    A code such as 999 may, where it lies further out than the others lie apart; a negative one, where no other number
    is negative; any other number in five rows or more, where it lies ten times as far out.

    Args:
        numbers: the different numbers of a column.
        counts: the number of rows of each.
    """
    numbers, counts = numbers[np.isfinite(numbers)], counts[np.isfinite(numbers)]
    repeated = np.unique(numbers[counts > 1])
    if not repeated.size:
        return []
    outer = {*repeated[:AT_AN_END].tolist(), *repeated[-AT_AN_END:].tolist()}
    codes = {number for number in outer if CODE.fullmatch(f"{number:.12g}")}
    ends = {end for end in (numbers.min(), numbers.max()) if counts[numbers == end].sum() >= FAR_ROWS} - codes
    found = [number for number in codes if _is_far(number, numbers, codes, 1, LEAST_REST)]
    found += [number for number in ends if _is_far(number, numbers, codes | ends, FAR, FAR_REST)]
    return sorted(found)


def _is_far(number: float, numbers: Floats, others: set[float], times: float, least: int) -> bool:
    """Return whether a number lies outside the rest, so many times as far as the rest is wide."""
    rest = numbers[~np.isin(numbers, list(others))]
    different = len(np.unique(rest))
    if different < least:
        return False
    low, high = rest.min(), rest.max()
    if different < FEW_REST:
        return bool(max(low - number, number - high) > FAR_OF_FEW * (high - low))
    is_odd_code = times == 1 and number <= -10 and low >= 0
    return is_odd_code or bool(max(low - number, number - high) > times * (high - low))
