"""Whether a column alone tells the target, or is a near copy of it."""

import numpy as np

from glassnet.tables.suspicions.rows import Floats, Ints

LEAST_ROWS = 50
COPY_RIGHT, COPY_ERRORS = 0.98, 0.15  # right answers, and errors as a fraction of those of the most frequent class
ALONE_RIGHT, ALONE_ERRORS = 0.987, 0.05  # the same of a column with more values than classes
CORRELATED = 0.99


def tells_class(places: Ints, numbers: Floats | None, y: Ints, classes: int) -> float | None:
    """Return what fraction of the rows a column alone has right, if it is nearly all; else None.

    Each row is guessed from the others: the most frequent class of those with the same value, or for a number that no
    other row has, of the two next below and above it.

    Args:
        places: for each row, the place of its value among the different ones; a missing one is a value too.
        numbers: the values, if they are numbers, NaN where one is missing.
        y: the class ids.
        classes: how many there are.
    """
    n, different = len(y), int(places.max()) + 1
    if n < LEAST_ROWS or (numbers is None and 2 * different > n):
        return None
    table = np.zeros((different, classes), dtype=np.int64)
    np.add.at(table, (places, y), 1)
    others = table[places]
    others[np.arange(n), y] -= 1
    alone = others.sum(axis=1) == 0
    majority = np.bincount(y, minlength=classes)
    if alone.any():
        others[alone] = majority if numbers is None else _around(numbers, y, classes)[alone]
    errors = float(np.mean(others.argmax(axis=1) != y))
    by_majority = 1 - float(majority.max()) / n
    right, most = (COPY_RIGHT, COPY_ERRORS) if different <= classes + 1 else (ALONE_RIGHT, ALONE_ERRORS)
    return 1 - errors if by_majority and 1 - errors >= right and errors <= most * by_majority else None


def tells_number(numbers: Floats, y: Floats) -> float | None:
    """Return the correlation of a column with the target of a regression, if it is nearly 1; else None.

    So is to be that of their steps from row to row: two series that grow are correlated without telling each other.
    """
    both = ~np.isnan(numbers)
    x, y = numbers[both], y[both]
    if len(x) < LEAST_ROWS or 2 * len(x) < len(numbers):
        return None
    of_values, of_steps = _correlation(x, y), _correlation(np.diff(x), np.diff(y))
    return of_values if min(of_values, of_steps) >= CORRELATED else None


def _around(numbers: Floats, y: Ints, classes: int) -> Ints:
    """Return for each row how many of the two next below and above its number are of each class."""
    order = np.argsort(numbers, kind="stable")
    ones = np.zeros((len(y) + 4, classes), dtype=np.int64)
    ones[np.arange(len(y)) + 2, y[order]] = 1
    counts = np.empty((len(y), classes), dtype=np.int64)
    counts[order] = ones[:-4] + ones[1:-3] + ones[3:-1] + ones[4:]
    return counts


def _correlation(x: Floats, y: Floats) -> float:
    """Return the absolute correlation, 0 where there is none."""
    x, y = x - x.mean(), y - y.mean()
    with np.errstate(all="ignore"):
        correlation = float(abs(x @ y) / np.sqrt((x @ x) * (y @ y)))
    return correlation if np.isfinite(correlation) else 0.0
