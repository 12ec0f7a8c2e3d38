"""The training rows around a row, in standardized space: what an explanation of an error is drawn from."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.scores import FloatArray

Distances: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]

BLOCK = 10_000  # training rows held against the others at a time
SPARE = 8  # rows found beyond those asked for, since rounding in float32 may put neighbours in another order
SAMPLE = 500  # training rows whose distance to their nearest neighbour says what is usual
PART = 10  # every tenth training row is held against all of the sample


@dataclass(frozen=True)
class LabelledRows:
    """Rows with what is known about them.

    Attributes:
        X: the standardized features `(N, D)`.
        y: the class ids `(N,)`, or for a regression the standardized targets `(N,)`.
        rows: their numbers in the raw data `(N,)`.
    """

    X: FloatArray
    y: npt.NDArray[Any]
    rows: npt.NDArray[np.int64]


def nearest_rows(X: FloatArray, train_X: FloatArray, k: int) -> tuple[Distances, Indices]:
    """Return distances and indices `(M, k)` of the k training rows nearest to each row of `X`, the nearest first.

    Works through the training rows block by block, so that they may be memory-mapped. A first pass in float32 finds a
    few rows more than k; the distances of these are then taken from the differences in float64, and decide.

    Args:
        X: the rows `(M, D)`.
        train_X: the training rows `(N, D)`.
        k: how many; where there are fewer, the distance is infinite and the index −1.
    """
    distances, indices = nearest_of_groups(X, train_X, k, np.zeros(len(train_X), dtype=np.int64), 1)
    return distances[:, 0], indices[:, 0]


def nearest_of_groups(
    X: FloatArray, train_X: FloatArray, k: int, groups: Indices, count: int
) -> tuple[Distances, Indices]:
    """Return distances and indices `(M, G, k)` of the k training rows of each group nearest to each row of `X`.

    Args:
        X: the rows `(M, D)`.
        train_X: the training rows `(N, D)`; each is read once.
        k: how many; where a group has fewer, the distance is infinite and the index −1.
        groups: the group of each training row `(N,)`, such as its class; one of −1 counts for none.
        count: how many groups there are, G.
    """
    queries = np.asarray(X, dtype=np.float32)
    screened = np.full((count, len(X), k + SPARE), np.inf, dtype=np.float32)
    indices = np.full(screened.shape, -1, dtype=np.int64)
    for start in range(0, len(train_X), BLOCK):
        block = np.asarray(train_X[start : start + BLOCK], dtype=np.float32)
        squares = np.einsum("nd,nd->n", block, block) - 2 * (queries @ block.T)  # |a − b|², less the row's own |a|²
        of_block = groups[start : start + BLOCK]
        for group in range(count):
            members = np.flatnonzero(of_block == group)
            if not len(members):
                continue
            found = squares if len(members) == len(block) else squares[:, members]
            order = _smallest(found, min(k + SPARE, len(members)))
            all_squares = np.hstack([screened[group], np.take_along_axis(found, order, 1)])
            all_indices = np.hstack([indices[group], (start + members)[order]])
            order = _smallest(all_squares, k + SPARE)
            screened[group] = np.take_along_axis(all_squares, order, 1)
            indices[group] = np.take_along_axis(all_indices, order, 1)
    return _in_order_of_distance(X, train_X, indices.transpose(1, 0, 2), k)


def _in_order_of_distance(X: FloatArray, train_X: FloatArray, found: Indices, k: int) -> tuple[Distances, Indices]:
    """Return the k nearest of the training rows found for each row and group `(M, G, K)`; of equal ones the first."""
    distances = np.full((*found.shape[:2], k), np.inf)
    indices = np.full(distances.shape, -1, dtype=np.int64)
    for row, x in enumerate(np.asarray(X, dtype=np.float64)):
        for group, candidates in enumerate(found[row]):
            places = np.sort(candidates[candidates >= 0])
            exact = np.sqrt(np.square(np.asarray(train_X[places], dtype=np.float64) - x).sum(axis=1))
            nearest = np.argsort(exact, kind="stable")[:k]
            distances[row, group, : len(nearest)], indices[row, group, : len(nearest)] = exact[nearest], places[nearest]
    return distances, indices


def usual_distance(train_X: FloatArray) -> float:
    """Return the distance to the nearest other training row that 99 of 100 training rows do not exceed.

    It is that of a sample of rows, and lies between two of the largest distances. To the nearest of a part of the
    training rows no distance is shorter; so only rows that lie far from this part are held against all.
    """
    sample = np.asarray(train_X[np.linspace(0, len(train_X) - 1, min(SAMPLE, len(train_X))).astype(np.int64)])
    if len(train_X) < PART * SAMPLE:
        return float(np.percentile(_to_nearest_other(sample, train_X), 99))
    distances = _to_nearest_other(sample, np.asarray(train_X[::PART]))
    largest = len(sample) - int(0.99 * (len(sample) - 1))  # as many as decide
    first = np.argsort(-distances, kind="stable")[: 3 * largest]
    bounds = distances.copy()
    distances[first] = _to_nearest_other(sample[first], train_X)
    others = np.setdiff1d(np.flatnonzero(bounds > np.sort(distances[first])[-largest]), first)
    distances[others] = _to_nearest_other(sample[others], train_X)
    return float(np.percentile(distances, 99))


def _to_nearest_other(rows: FloatArray, train_X: FloatArray) -> Distances:
    """Return the distances of training rows to the second nearest of training rows: the nearest is the row itself."""
    return nearest_rows(rows, train_X, 2)[0][:, 1]


def _smallest(values: npt.NDArray[np.float32], k: int) -> Indices:
    """Return where the k smallest values of each row are `(M, k)`, smallest first; of equal ones the first.

    Only what does not exceed the k-th smallest is sorted: for rows of 10,000 that takes a sixth of the time.
    """
    limits = np.partition(values, k - 1, axis=1)[:, k - 1 : k]
    rows, places = np.nonzero(values <= limits)
    order = np.lexsort((places, values[rows, places], rows))
    starts = np.searchsorted(rows, np.arange(len(values)))
    return places[order][starts[:, np.newaxis] + np.arange(k)]
