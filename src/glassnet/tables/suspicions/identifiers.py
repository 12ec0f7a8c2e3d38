"""Whether a column names what rows belong to: rows that share its value lie close together and share the target."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.tables.suspicions.rows import MOST_ROWS, QUERIES, Ints, Looked, spread, squared_distances

LEAST_GROUPS, LEAST_QUERIES = 8, 30
PIECE = 40  # rows whose distances to all others are in memory
LARGEST_GROUP = 0.25  # of all rows
WITHIN = 0.5  # of the rows, that have their nearest row in their own group
LEAST_TOLD, LEAST_TOLD_R2 = (
    0.5,
    0.3,
)  # of what the most frequent class has wrong, and of the variance, by the nearest row
LEAST_GAIN, LEAST_GAIN_R2, LEAST_Z = 0.1, 0.2, 4.0  # over the nearest row of another group
SHARED, SHARED_VARIANCE = (
    0.9,
    0.5,
)  # of the target within groups: of the most frequent class, and explained by the group


@dataclass(frozen=True)
class Belonging:
    """What rows of the same group have in common.

    Attributes:
        groups: how many there are.
        with_group: how far the nearest row tells the target: the fraction of right classes, or R².
        without_group: how far the nearest row of another group does.
    """

    groups: int
    with_group: float
    without_group: float


def belonging(looked: Looked, name: str, groups: Ints) -> Belonging | None:
    """Return what rows that share a value have in common, if it is so much that they seem to belong together.

    That is what a network makes use of that meets rows of a group in training and others of it later: it recognizes
    the group, and knows the target. So the nearest row says the target much better than the nearest row of another
    group does.

    Args:
        looked: the rows.
        name: the column, whose own features are left out of the distances.
        groups: the value of each row, as a number from 0.
    """
    n, counts = len(groups), np.bincount(groups)
    if len(counts) < LEAST_GROUPS or 2 * len(counts) > n or counts.max() > LARGEST_GROUP * n:
        return None
    if not _share_target(looked.y, groups, looked.is_regression):
        return None
    chosen = _whole_groups(groups)
    X, y, group = looked.without(name)[chosen], looked.y[chosen], groups[chosen]
    several = np.flatnonzero(np.bincount(group)[group] > 1)
    queries = several[spread(len(several), QUERIES)]
    if not X.shape[1] or len(queries) < LEAST_QUERIES:
        return None
    pieces = [_nearest(X, group, queries[start : start + PIECE]) for start in range(0, len(queries), PIECE)]
    nearest, outside = (np.concatenate(each) for each in zip(*pieces, strict=True))
    within = float(np.mean(group[nearest] == group[queries]))
    errors, errors_outside = (_errors(y[at], y[queries], looked.is_regression) for at in (nearest, outside))
    scale = float(y.var()) or 1.0 if looked.is_regression else 1.0
    gains = (errors_outside - errors) / scale
    z = gains.mean() / max(gains.std() / np.sqrt(len(gains)), 1e-9)
    told, told_outside = (1 - float(each.mean()) / scale for each in (errors, errors_outside))
    if looked.is_regression:
        least_told, least_gain = LEAST_TOLD_R2, LEAST_GAIN_R2
    else:
        by_majority = float(np.bincount(y).max()) / len(y)
        least_told, least_gain = by_majority + LEAST_TOLD * (1 - by_majority), LEAST_GAIN
    if within < WITHIN or told < least_told or told - told_outside < least_gain or z < LEAST_Z:
        return None
    return Belonging(len(counts), told, told_outside)


def _nearest(X: npt.NDArray[np.float32], group: Ints, queries: Ints) -> tuple[Ints, Ints]:
    """Return the row nearest to each of these, and the nearest one of another group."""
    squares = squared_distances(X[queries], X)
    squares[np.arange(len(queries)), queries] = np.inf
    nearest = squares.argmin(axis=1)
    squares[group[queries][:, np.newaxis] == group] = np.inf
    return nearest, squares.argmin(axis=1)


def _share_target(y: npt.NDArray[Any], groups: Ints, is_regression: bool) -> bool:
    """Return whether the target is nearly the same in all rows of a group."""
    counts = np.bincount(groups)
    if is_regression:
        if not (total := y.var()):
            return False
        means = np.bincount(groups, weights=y) / counts
        # Of n rows in G groups, chance explains (G − 1)/(n − 1) of the variance.
        left = np.mean((y - means[groups]) ** 2) * (len(y) - 1) / (len(y) - len(counts))
        return bool(left <= (1 - SHARED_VARIANCE) * total)
    table = np.zeros((len(counts), int(y.max()) + 1), dtype=np.int64)
    np.add.at(table, (groups, y), 1)
    return bool(table.max(axis=1).sum() >= SHARED * len(y))


def _errors(guessed: npt.NDArray[Any], y: npt.NDArray[Any], is_regression: bool) -> npt.NDArray[np.float64]:
    """Return the squared difference of a regression, or 1 for a class that is wrong."""
    return (guessed - y) ** 2 if is_regression else (guessed != y).astype(np.float64)


def _whole_groups(groups: Ints) -> Ints:
    """Return the rows of as many whole groups as are looked at."""
    if len(groups) <= MOST_ROWS:
        return np.arange(len(groups))
    order = np.random.default_rng(0).permutation(int(groups.max()) + 1)
    sizes = np.bincount(groups, minlength=len(order))[order]
    taken = np.zeros(len(order), dtype=bool)
    taken[order[np.cumsum(sizes) <= MOST_ROWS]] = True
    return np.flatnonzero(taken[groups])
