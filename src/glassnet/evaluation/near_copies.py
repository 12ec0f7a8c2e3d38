"""Copies between two sets of rows: which rows are exactly or nearly rows that a network has learnt from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.neighbours import BLOCK, Distances, Indices, nearest_rows
from glassnet.evaluation.scores import FloatArray

Rows: TypeAlias = npt.NDArray[np.float32]

NEAR, FAR = 20, 40  # the neighbours whose distances say how dense the rows lie here
CLOSEST = 1 / 3  # of the distance of the twentieth neighbour, at most, for a near copy
LEAST_ROWS = 80  # to learn from; of fewer the twentieth neighbour is far away
SAMPLED = 100  # rows whose neighbours say how many dimensions the rows spread in
REFERENCE = 2_500  # rows, whose twentieth nearest is no nearer than that of all
DIRECTIONS = 32  # along which a first look takes the distances
MANY = 0.01  # of the pairs that a lower bound leaves, from which on all are taken anew
QUERIES = 500  # rows held against a block at a time
ROUNDED = 1e-5  # of the squares, by which float32 may be wrong


@dataclass(frozen=True)
class Copies:
    """Which rows are copies of rows that were learnt from.

    Attributes:
        mates: for each row the place of the row that it is a copy of, −1 where it is none `(M,)`.
        ratios: for each row the distance to that one, over the distance to the twentieth nearest; 0 of exact copies.
        limit: the ratio up to which a row is a near copy; None where there was no telling.
    """

    mates: Indices
    ratios: Distances
    limit: float | None


def find_copies(X: FloatArray, train_X: FloatArray) -> Copies:
    """Return which rows are copies of training rows: exact ones, byte by byte, and near ones.

    A near copy lies far closer to one training row than to those around: its nearest one is at most a third as far
    as its twentieth nearest, and less where so many rows would be that close by chance, see `ratio_by_chance`, that one
    of these `X` would be expected to. All pairs are looked at: along a few directions first, where no distance is
    larger than the whole one, then the rows that are left in full.

    Args:
        X: the rows `(M, D)`.
        train_X: the training rows `(N, D)`; they may be memory-mapped.
    """
    X = np.asarray(X, dtype=np.float32)
    limit = _limit(X, train_X)
    if limit is None:
        return Copies(_exact_copies(X, train_X), np.zeros(len(X)), None)
    mates, ratios = np.full(len(X), -1, dtype=np.int64), np.zeros(len(X))
    some = np.flatnonzero(_may_be_near(X, train_X, limit))
    distances, nearest = nearest_rows(X[some], train_X, NEAR)
    first, twentieth = distances[:, 0], distances[:, -1]
    is_copy = first <= limit * twentieth  # equal rows too, whose distance is exactly 0
    mates[some[is_copy]] = nearest[is_copy, 0]
    ratios[some[is_copy]] = first[is_copy] / np.where(first[is_copy] > 0, twentieth[is_copy], 1)
    return Copies(mates, ratios, limit)


def ratio_by_chance(near: Distances, far: Distances, share: float) -> float:
    """Return the ratio of the distances to the nearest and the twentieth row that such a share stays below by chance.

    Where rows lie evenly in d dimensions, it stays below ρ in `1 − (1 − ρ^d)^19 ≈ 19 ρ^d` of all cases. The dimension
    follows from how the distance grows from the twentieth to the fortieth: `(r₄₀/r₂₀)^d = 2`, in the median of rows.
    (Facco, d'Errico, Rodriguez & Laio, "Estimating the intrinsic dimension of datasets by a minimal neighborhood
    information", 2017, go the other way, from ratios to d.) `tables.suspicions.near_rows` has the same rule for tables.

    Args:
        near: the distances to the twentieth nearest row, above 0.
        far: those to the fortieth, which are larger.
        share: of the cases.
    """
    dimension = np.log(FAR / NEAR) / np.median(np.log(far / near))
    return float((share / (NEAR - 1)) ** (1 / dimension))


def _exact_copies(X: Rows, train_X: FloatArray) -> Indices:
    """Return the place of the first training row with the same bytes, −1 where there is none."""
    places: dict[bytes, list[int]] = {}
    for place, row in enumerate(X):
        places.setdefault(row.tobytes(), []).append(place)
    mates = np.full(len(X), -1, dtype=np.int64)
    for start, block in _blocks(train_X):
        for number, row in enumerate(block, start=start):
            if copies := places.pop(row.tobytes(), None):
                mates[copies] = number
    return mates


def _limit(X: Rows, train_X: FloatArray) -> float | None:
    """Return the ratio up to which rows are near copies; None where rows are few, or do not lie apart."""
    if len(train_X) < LEAST_ROWS or not len(X):
        return None
    sample = X[_spread(len(X), SAMPLED)]
    distances, _ = nearest_rows(sample, train_X, FAR)
    near, far = distances[:, NEAR - 1], distances[:, FAR - 1]
    apart = (near > 0) & (far > near)
    if np.count_nonzero(apart) < 0.5 * len(sample):
        return None
    return min(CLOSEST, ratio_by_chance(near[apart], far[apart], 1 / len(X)))


def _may_be_near(X: Rows, train_X: FloatArray, limit: float) -> npt.NDArray[np.bool_]:
    """Return which rows may be near copies; all that are, and some others.

    Those are rows with a training row within the limit of their distance to the twentieth of a part of the training
    rows, which is no shorter than that to the twentieth of all. Of most pairs a lower bound of the distance tells.
    """
    reference = np.asarray(train_X[_spread(len(train_X), REFERENCE)], dtype=np.float32)
    centre = reference.mean(axis=0)
    reference = reference - centre
    directions = np.linalg.svd(reference[_spread(len(reference), 4 * SAMPLED)], full_matrices=False)[2][:DIRECTIONS].T
    centred = X - centre
    squares = np.einsum("nd,nd->n", centred, centred)
    reach = np.concatenate([_twentieth(centred[rows], reference) for rows in _slices(len(X))]) * np.float32(limit**2)
    reach += ROUNDED * (squares + squares.max())  # where float32 may be wrong, a row may be near
    # One product gives by how much the lower bound of each squared distance exceeds the reach.
    ones = np.ones_like(squares)[:, np.newaxis]
    left = np.hstack([-2 * _coordinates(centred, directions), (squares - reach)[:, np.newaxis], ones])
    is_near = np.zeros(len(X), dtype=bool)
    for _, block in _blocks(train_X):
        away = block - centre
        along = _coordinates(away, directions)
        right = np.vstack([along.T, np.ones(len(along), np.float32), np.einsum("nd,nd->n", along, along)])
        for rows in _slices(len(X)):
            pairs = np.flatnonzero(left[rows] @ right <= 0)
            if len(pairs) > MANY * len(centred[rows]) * len(block):
                is_near[rows] |= (_squares(centred[rows], away) <= reach[rows, np.newaxis]).any(axis=1)
                continue
            a, b = np.divmod(pairs, len(block))
            a += rows.start
            is_near[a[np.square(centred[a] - away[b]).sum(axis=1) <= reach[a]]] = True
    return is_near


def _twentieth(X: Rows, others: Rows) -> Rows:
    """Return the squared distance from each row to the twentieth nearest of others."""
    found: Rows = np.partition(_squares(X, others), NEAR - 1, axis=1)[:, NEAR - 1]
    return found


def _squares(A: Rows, B: Rows) -> Rows:
    """Return `|a − b|²` for all pairs of rows."""
    squares: Rows = np.einsum("nd,nd->n", A, A)[:, np.newaxis] + np.einsum("nd,nd->n", B, B) - 2 * (A @ B.T)
    return squares


def _coordinates(centred: Rows, directions: Rows) -> Rows:
    """Return where rows lie along directions, and how far from those they lie, as one more coordinate.

    Distances of these coordinates are never larger than those of the rows, by the triangle inequality.
    """
    along = centred @ directions
    beside = np.einsum("nd,nd->n", centred, centred) - np.einsum("nk,nk->n", along, along)
    coordinates: Rows = np.column_stack([along, np.sqrt(np.maximum(beside, 0))])
    return coordinates


def _blocks(train_X: FloatArray) -> Iterator[tuple[int, Rows]]:
    for start in range(0, len(train_X), BLOCK):
        yield start, np.asarray(train_X[start : start + BLOCK], dtype=np.float32)


def _slices(count: int) -> list[slice]:
    return [slice(start, start + QUERIES) for start in range(0, count, QUERIES)]


def _spread(count: int, most: int) -> Indices:
    """Return at most so many of `count` places, evenly spread."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)
