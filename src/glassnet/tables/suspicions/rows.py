"""The rows of a table as the suspicions look at them: features, targets, splits, and which column a feature is of."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

MOST_ROWS = 20_000  # of a larger table, as many are looked at for what is costly
MOST_FEATURES = 2_000  # with more, distances are not looked at
MOST_VALUES = 1_000_000  # of fewer rows, where there are many features
FINE, LEAST_FINE = 0.1, 30  # of the rows have another number, and so many do, in a column of many values
QUERIES = 400  # rows whose neighbours are looked for
ROUNDED = 1e-4  # of the squares, below which a difference is taken anew
BLOCK = 1_000  # rows held against them at a time, and in squares of so many


@dataclass(frozen=True)
class Looked:
    """The rows that are looked at.

    Attributes:
        X: the features `(N, D)`, standardized.
        columns: for each raw column that is learnt from, which of the features it became.
        fine: those of them that are numbers of many different values.
        y: the class ids, or the numbers of a regression `(N,)`.
        is_regression: which of the two.
        split: the split of each row.
    """

    X: npt.NDArray[np.float32]
    columns: dict[str, range]
    fine: list[str]
    y: npt.NDArray[Any]
    is_regression: bool
    split: Ints

    def without(self, column: str) -> npt.NDArray[np.float32]:
        """Return the features without those of a column."""
        if column not in self.columns:
            return self.X
        return np.delete(self.X, self.columns[column], axis=1)


def squared_distances(A: npt.NDArray[np.float32], B: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return `|a − b|²` for all pairs of rows, exactly 0 for equal ones."""
    scale = (A * A).sum(axis=1)[:, np.newaxis] + (B * B).sum(axis=1)
    squares = np.maximum(scale - 2 * (A @ B.T), 0)
    a, b = np.nonzero(squares <= ROUNDED * scale)  # the difference of large numbers, which is all rounding
    for start in range(0, len(a), BLOCK):
        some = slice(start, start + BLOCK)
        squares[a[some], b[some]] = ((A[a[some]] - B[b[some]]) ** 2).sum(axis=1)
    return squares


def spread(count: int, most: int) -> Ints:
    """Return at most so many of `count` places, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64)) if count else np.zeros(0, np.int64)
