"""Columns that tell the target by themselves, which is more often a leak than a discovery."""

from itertools import pairwise
from math import lgamma, log

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

MOST_PROBABLE = 0.01  # that any column of the table seems to tell the target and does not
ROUNDING = 1e-9  # how far a correlation of 1 may be from 1
LEAST_ROWS = 10
SAMPLE = 100
COPIES, TELLS = "copies", "tells"


class Target:
    """A target, which is asked how much single columns tell of it."""

    def __init__(self, places: Places, numbers: Floats | None, columns: int) -> None:
        """Take the target.

        Args:
            places: for each row, the place of its class, or of its value among the different ones.
            numbers: the values of a regression's target; None for classes.
            columns: the number of columns that it is going to be asked about.
        """
        self.places, self.numbers = places, numbers
        self.fractions = np.bincount(places) / len(places)
        self.rows_of_class = (
            [] if numbers is not None else [np.flatnonzero(places == c) for c in range(len(self.fractions))]
        )
        self.limit = log(MOST_PROBABLE / max(columns, 1))

    def told_by(self, places: Places, numbers: Floats | None = None) -> str:
        """Return "copies" or "tells" for a column that does; "" for others, or if it may be chance.

        Args:
            places: for each row, the place of the column's value among the different ones; -1 where one is missing.
            numbers: the values, NaN where missing, if it holds numbers.
        """
        if len(places) < LEAST_ROWS:
            return ""
        present = places >= 0
        told = self._told_by_values(places, self.places)
        if not told and len(places) > np.count_nonzero(present) >= max(len(places) / 2, LEAST_ROWS):
            told = self._told_by_values(places[present], self.places[present])  # which has missing values of its own
        if told:
            return told
        if numbers is None:
            return ""
        return self._told_by_intervals(numbers) if self.numbers is None else self._told_by_order(numbers)

    def _told_by_values(self, places: Places, of_target: Places) -> str:
        """Return what is to be said if each value goes with one of the target's, and some come more than once.

        The probability that n rows of one value agree by themselves is `Σ_c p_c^n`, with p_c the fraction of class c.
        A missing value is a value here.
        """
        goes_with = np.zeros(places.max() + 2, dtype=np.intp)
        goes_with[places] = of_target
        if (goes_with[places] != of_target).any():
            return ""
        groups = np.bincount(places + 1)
        sizes, times = np.unique(groups[groups > 0], return_counts=True)
        with np.errstate(divide="ignore", under="ignore"):
            log_probability = sum(
                count * np.log(np.sum(self.fractions**size)) for size, count in zip(sizes, times, strict=True)
            )
        if log_probability > self.limit:
            return ""
        return COPIES if np.count_nonzero(groups) == len(self.fractions) else TELLS

    def _told_by_intervals(self, numbers: Floats) -> str:
        """Return what is to be said if each class has an interval of its own, as `C!` of `N! / Π n_c!` orders have."""
        with_number = ~np.isnan(numbers)
        if 2 * np.count_nonzero(with_number) < len(numbers):
            return ""
        values = [numbers[rows] for rows in self.rows_of_class]
        if not with_number.all():
            values = [some[~np.isnan(some)] for some in values]
        if any(not some.size for some in values):
            return ""
        ends = sorted((float(some.min()), float(some.max())) for some in values)
        if any(high >= low for (_, high), (low, _) in pairwise(ends)):
            return ""
        total = sum(len(some) for some in values)
        log_probability = lgamma(len(values) + 1) + sum(lgamma(len(some) + 1) for some in values) - lgamma(total + 1)
        return TELLS if log_probability <= self.limit else ""

    def _told_by_order(self, numbers: Floats) -> str:
        """Return what is to be said if the numbers lie on a line with the target's, or order the rows as those do."""
        assert self.numbers is not None  # noqa: S101  # asked of a regression alone
        both = ~np.isnan(numbers)
        if 2 * np.count_nonzero(both) < len(numbers) or np.count_nonzero(both) < LEAST_ROWS:
            return ""
        x, y = numbers[both], self.numbers[both]
        orders = np.sign(np.diff(y))
        is_trend = bool((orders >= 0).all() or (orders <= 0).all())  # which others may follow of their own accord
        some = np.linspace(0, len(x) - 1, min(SAMPLE, len(x))).astype(np.intp)
        if _are_on_a_line(x[some], y[some]) and _are_on_a_line(x, y):
            return COPIES
        return COPIES if not is_trend and _have_one_order(x[some], y[some]) and _have_one_order(x, y) else ""


def _are_on_a_line(x: Floats, y: Floats) -> bool:
    with np.errstate(all="ignore"):
        x, y = x - x.mean(), y - y.mean()
        correlation = x @ y / np.sqrt((x @ x) * (y @ y))
    return bool(abs(correlation) >= 1 - ROUNDING)


def _have_one_order(x: Floats, y: Floats) -> bool:
    """Return whether the one rises, or falls, wherever the other rises, and stays where it stays."""
    order = np.argsort(x, kind="stable")
    with np.errstate(all="ignore"):
        steps, others = np.sign(np.diff(x[order])), np.sign(np.diff(y[order]))
    return bool((steps == others).all() or (steps == -others).all())
