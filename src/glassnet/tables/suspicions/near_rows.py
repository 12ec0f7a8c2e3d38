"""Whether rows of the test and validation splits are near copies of training rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.tables.suspicions.rows import (
    BLOCK,
    MOST_ROWS,
    QUERIES,
    Floats,
    Ints,
    Looked,
    spread,
    squared_distances,
)

NEAR, FAR = 20, 40  # the neighbours whose distances say how dense the rows lie here
LEAST_TRAINING_ROWS = 80
BY_CHANCE = 0.005  # how often a nearest row is as close by chance, if rows lie evenly
CLOSEST = 0.2  # of the distance of the twentieth neighbour, at most
MORE_EQUAL = 3  # times as many pairs of equal rows as of rows that differ in one column
LEAST_COLUMNS = 3  # of many values: with fewer, rows are close by chance
SHARE, LEAST = 0.15, 8  # of the held-out rows, and how many at least, from which it is said


@dataclass(frozen=True)
class NearRows:
    """Which held-out rows are near copies of training rows.

    Attributes:
        looked_at: how many were looked at.
        close: those that are, as places among the rows that were looked at.
        mates: the training row that each of those is a near copy of.
    """

    looked_at: int
    close: npt.NDArray[np.int64]
    mates: npt.NDArray[np.int64]


def near_rows(looked: Looked) -> NearRows | None:
    """Return the held-out rows that are far closer to a training row than to the others around; None if they are few.

    Columns of many values alone are looked at, and the two rows are to have the same values of all others: in those,
    rows are equal by chance. Where rows lie evenly in d dimensions, the distances of the nearest and of the
    twentieth neighbour have a ratio of at most ρ in `1 − (1 − ρ^d)^19` of all cases. The dimension follows from how the
    distance grows from the twentieth to the fortieth: `(r₄₀/r₂₀)^d = 2`. ρ is such that one of 200 nearest rows is as
    close by chance, and 0.2 at most. (Facco, d'Errico, Rodriguez & Laio, "Estimating the intrinsic dimension of
    datasets by a minimal neighborhood information", 2017, go the other way, from ratios to d.)
    """
    train, held = np.flatnonzero(looked.split == 0), np.flatnonzero(looked.split > 0)
    fine = [place for name in looked.fine for place in looked.columns[name]]
    if len(looked.fine) < LEAST_COLUMNS or len(train) < LEAST_TRAINING_ROWS or len(held) < LEAST:
        return None
    held = held[spread(len(held), QUERIES)]
    squares, mates = _nearest(looked.X[:, fine], held, train)
    is_close = _are_close(squares)
    if is_close is None:
        return None
    coarse = np.delete(looked.X, fine, axis=1)
    is_close = is_close[:, 0] & (coarse[held] == coarse[mates[:, 0]]).all(axis=1)
    close = np.flatnonzero(is_close)
    if len(close) < max(LEAST, SHARE * len(held)):
        return None
    return NearRows(len(held), held[close], mates[close, 0])


def near_copy_groups(looked: Looked) -> Ints:
    """Return a number for each row, the same for those that near copies link, directly or through others.

    Rows are near copies if they are equal, and where there are enough columns of many values, as `near_rows` has it.

    Raises:
        ValueError: if there are too many rows to look for near copies of each.
    """
    n = len(looked.y)
    if n > MOST_ROWS:
        raise ValueError(
            f"expected at most {MOST_ROWS} rows, for near copies to be found, received {n}; name what rows belong to "
            "in data.group"
        )
    fine = [place for name in looked.fine for place in looked.columns[name]]
    group = np.unique(looked.X, axis=0, return_inverse=True)[1].reshape(-1)
    if n <= LEAST_TRAINING_ROWS or len(looked.fine) < LEAST_COLUMNS:
        return group
    X, coarse = looked.X[:, fine], np.delete(looked.X, fine, axis=1)
    links = [np.zeros((0, 2), dtype=np.int64)]
    for start in range(0, n, QUERIES):
        rows = np.arange(start, min(start + QUERIES, n))
        squares, mates = _nearest(X, rows, np.arange(n), itself=True)
        is_close = _are_close(squares)
        if is_close is not None:
            from_row, to = np.nonzero(is_close)
            pairs = np.column_stack([rows[from_row], mates[from_row, to]])
            links.append(pairs[(coarse[pairs[:, 0]] == coarse[pairs[:, 1]]).all(axis=1)])
    pairs = group[np.vstack(links)]  # of groups of equal rows
    linked = np.arange(group.max() + 1)
    while True:
        before = linked.copy()
        np.minimum.at(linked, pairs[:, 0], linked[pairs[:, 1]])
        np.minimum.at(linked, pairs[:, 1], linked[pairs[:, 0]])
        if (linked == before).all():
            return linked[group]


def _nearest(X: npt.NDArray[np.float32], rows: Ints, among: Ints, *, itself: bool = False) -> tuple[Floats, Ints]:
    """Return the squared distances and the numbers of the nearest rows `(M, 40)`; without the row `itself`."""
    squares = np.full((len(rows), FAR), np.inf)
    mates = np.full((len(rows), FAR), -1)
    for start in range(0, len(among), BLOCK):
        block = among[start : start + BLOCK]
        of_block = squared_distances(X[rows], X[block]).astype(np.float64)
        if itself:
            of_block[rows[:, np.newaxis] == block] = np.inf
        both = np.hstack([squares, of_block])
        names = np.hstack([mates, np.broadcast_to(block, of_block.shape)])
        chosen = np.argpartition(both, FAR - 1, axis=1)[:, :FAR]
        chosen = np.take_along_axis(chosen, np.argsort(np.take_along_axis(both, chosen, 1), axis=1, kind="stable"), 1)
        squares, mates = np.take_along_axis(both, chosen, 1), np.take_along_axis(names, chosen, 1)
    return squares, mates


def _are_close(squares: Floats) -> npt.NDArray[np.bool_] | None:
    """Return which of the nearest rows are near copies; None where rows do not lie apart enough to tell."""
    distances = np.sqrt(squares)
    near, far = distances[:, NEAR - 1], distances[:, FAR - 1]
    apart = (near > 0) & (far > near) & np.isfinite(far)
    if np.count_nonzero(apart) < 0.5 * len(squares):
        return None
    dimension = np.log(FAR / NEAR) / np.median(np.log(far[apart] / near[apart]))
    limit = min(CLOSEST, (BY_CHANCE / (NEAR - 1)) ** (1 / dimension))
    return apart[:, np.newaxis] & (distances <= limit * near[:, np.newaxis])


def equal_rows(columns: list[Ints], split: Ints) -> int:
    """Return how many held-out rows equal a training row, if few values do not explain that; else 0.

    Where rows are equal because there are few values, more pairs differ in one column alone than in none. So there are
    to be three times as many pairs that are equal as such that differ in one.

    Args:
        columns: for each column, the place of every row's value.
        split: of each row.
    """
    if len(columns) < LEAST_COLUMNS:
        return 0
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 2**63, places.max() + 1, dtype=np.uint64)[places] for places in columns]
    whole = np.zeros(len(split), dtype=np.uint64)
    for code in codes:
        whole += code
    train, held = split == 0, split > 0
    equal = np.isin(whole[held], whole[train])
    if np.count_nonzero(equal) < max(LEAST, SHARE * len(equal)):
        return 0
    pairs = _pairs(whole, train, held)
    one_differs = sum(_pairs(whole - code, train, held) - pairs for code in codes)
    return int(np.count_nonzero(equal)) if pairs >= MORE_EQUAL * one_differs else 0


def _pairs(keys: npt.NDArray[np.uint64], train: npt.NDArray[np.bool_], held: npt.NDArray[np.bool_]) -> int:
    """Return how many pairs of a held-out and a training row have the same key."""
    place = np.unique(keys, return_inverse=True)[1]
    return int(np.bincount(place[train], minlength=len(keys)) @ np.bincount(place[held], minlength=len(keys)))
