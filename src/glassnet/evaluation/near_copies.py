"""Copies between two sets of rows: which rows are exactly or nearly rows that a network has learnt from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.cells import into_cells
from glassnet.evaluation.neighbours import BLOCK, Distances, Indices, nearest_rows
from glassnet.evaluation.scores import FloatArray

Rows: TypeAlias = npt.NDArray[np.float32]

NEAR, FAR = 20, 40  # the neighbours whose distances say how dense the rows lie here
CLOSEST = 1 / 3  # of the distance of the twentieth neighbour, at most, for a near copy
LEAST_ROWS = 80  # to learn from; of fewer the twentieth neighbour is far away
SAMPLED = 100  # rows whose neighbours say how many dimensions the rows spread in
LEARNT = 200  # training rows that the directions are those of
DIRECTIONS = 48  # along which a first look takes the distances
CELL = 256  # training rows at most; half as many are more than `NEAR`
OF_CELLS = 8  # directions in which a cell's rows lie close together
MANY = 0.01  # of the pairs that a lower bound leaves, from which on all are taken anew
ROUNDED = 1e-6  # of squared distances to cells, more than float64 may be wrong by


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

    Along a few directions no distance is larger than the whole one. So training rows that lie further off there than
    a row's reach, see `_reach`, are none that it is a copy of: balls tell of whole cells, then a product of pairs.
    """
    sample = _rows(train_X, _spread(len(train_X), LEARNT))
    centre = sample.mean(axis=0)
    exact = np.linalg.svd((sample - centre).astype(np.float64), full_matrices=False)[2][:DIRECTIONS].T
    directions = exact.astype(np.float32)  # orthonormal but for their own rounding
    points = (X - centre) @ directions
    train_points = np.concatenate([(block - centre) @ directions for _, block in _blocks(train_X)])
    cells = into_cells(train_points[:, :OF_CELLS], CELL)
    squares = cells.squared_distances(points[:, :OF_CELLS])
    whole, along = np.empty((2, len(X)), dtype=np.float32)
    own_cells = squares.argmin(axis=1)
    for cell in np.unique(own_cells):
        rows = np.flatnonzero(own_cells == cell)
        around = _rows(train_X, cells.members[cell]) - centre
        whole[rows], along[rows] = _reach(X[rows] - centre, around, limit, directions.shape[1])
    is_within = squares <= (1 + ROUNDED) * np.square(cells.radii + np.sqrt(along)[:, np.newaxis])
    is_near = np.zeros(len(X), dtype=bool)
    for members, within in zip(cells.members, is_within.T, strict=True):
        rows = np.flatnonzero(within)
        is_close = _squares(points[rows], train_points[members]) <= along[rows, np.newaxis]
        pairs = np.flatnonzero(is_close)
        if len(pairs) > MANY * is_close.size:
            of_all = _squares(X[rows] - centre, _rows(train_X, members) - centre) <= whole[rows, np.newaxis]
            is_near[rows] |= of_all.any(axis=1)
            continue
        a, b = np.divmod(pairs, len(members))
        distances = np.square(X[rows[a]] - _rows(train_X, members[b])).sum(axis=1)
        is_near[rows[a[distances <= whole[rows[a]]]]] = True
    return is_near


def _reach(away: Rows, around: Rows, limit: float, directions: int) -> tuple[Rows, Rows]:
    """Return the squared distances within which a near copy's training row lies: of whole rows, and along directions.

    That is the limit's part of the distance to the twentieth nearest of some training rows, which is no shorter than
    that to the twentieth of all, and what float32 may be wrong by. A sum of D products of a and b is wrong by at most
    D·2⁻²⁴·|a||b|, about (Higham, "Accuracy and stability of numerical algorithms", 2002, section 3.1), a square by
    (|a| + |b|)² in place of |a||b|, a point along K directions by √K·|a|. Here |b| is at most |a| and the distance
    between them, and all of it is taken twice.

    Args:
        away: the rows less the centre `(M, D)`.
        around: the training rows less the centre `(N, D)`.
        limit: the ratio of a near copy.
        directions: how many.
    """
    twentieth = np.maximum(0, np.partition(_squares(away, around), NEAR - 1, axis=1)[:, NEAR - 1])
    wrong = np.finfo(np.float32).eps * (away.shape[1] + 2)
    scale = 2 * np.sqrt(np.einsum("nd,nd->n", away, away)) + np.sqrt(twentieth)
    length = limit * np.sqrt(twentieth + wrong * scale**2)
    whole, along = length**2, (length + np.sqrt(directions) * wrong * scale) ** 2
    return whole + wrong * scale**2, along + wrong * scale**2


def _squares(A: Rows, B: Rows) -> Rows:
    """Return `|a − b|²` for all pairs of rows."""
    squares: Rows = A @ (-2 * B).T
    squares += np.einsum("nd,nd->n", A, A)[:, np.newaxis]
    squares += np.einsum("nd,nd->n", B, B)
    return squares


def _blocks(train_X: FloatArray) -> Iterator[tuple[int, Rows]]:
    for start in range(0, len(train_X), BLOCK):
        yield start, np.asarray(train_X[start : start + BLOCK], dtype=np.float32)


def _rows(train_X: FloatArray, places: Indices) -> Rows:
    return np.asarray(train_X[places], dtype=np.float32)


def _spread(count: int, most: int) -> Indices:
    """Return at most so many of `count` places, evenly spread."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)
