"""Splitting rows by time: the latest are for testing, the next latest for validation; folds roll forward."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.data.split import SPLITS, check_fold
from glassnet.seeding import stream

Counts = npt.NDArray[np.int64]

UNUSED = -1
"""What an assignment has for a row that is in no split, being later than a fold's validation rows."""
EARLIEST = 0.5  # of the training rows that there are, how many those of a repetition have at least


def timed_split(
    times: npt.NDArray[Any],
    validation_fraction: float,
    test_fraction: float,
    seed: int,
    *,
    folds: int | None = None,
    fold: int = 0,
    repetition: int = 0,
) -> npt.NDArray[np.int64]:
    """Assign each row to a split, an index into `SPLITS`, by its time: training, then validation, then test rows.

    Rows of equal time are on one side, so that each split has as many rows as whole times allow. A split by time knows
    nothing of classes.

    Folds roll forward: what is not for testing is cut into k + 1 blocks of equal size, and fold i validates on block
    i + 1 and trains on all before it. What is later is `UNUSED`: a network would know the future. A repetition moves
    the validation rows to a random place instead, as many as before, that leaves between half and all of the training
    rows before them. (Cerqueira, Torgo & Mozetič, "Evaluating time series forecasting models", 2020, call the one
    prequential in growing blocks, the other repeated holdout.)

    Args:
        times: the time of each row `(N,)`: whatever can be sorted.
        validation_fraction: the fraction of all rows to validate on; unused with folds.
        test_fraction: the fraction of all rows to test on.
        seed: which places repetitions have; nothing else is random.
        folds: None, or a number k of 2 or more.
        fold: which of them validates, 0 to k − 1.
        repetition: 0, or which other place of the validation rows.

    Raises:
        ValueError: if there are fewer different times than splits or blocks, no such fold, or a repetition of folds,
            of which there is one way.
    """
    check_fold(folds, fold)
    if folds is not None and repetition:
        raise ValueError(
            f"split: expected repetition=0 with folds by time, of which there is one way, received {repetition}"
        )
    different, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    before = np.append(0, np.cumsum(counts))  # how many rows are earlier than each of the different times
    blocks = 2 if folds is None else folds + 1
    if len(different) <= blocks:
        what = (
            "each of train, validation and test" if folds is None else f"the {blocks} blocks of {folds} folds and test"
        )
        raise ValueError(f"split: expected {blocks + 1} different times or more, for {what}, received {len(different)}")
    rows = len(times)
    test = _nearest(before, rows - test_fraction * rows, 2, len(different) - 1)
    if test < blocks:
        raise ValueError(
            f"split: expected {blocks} different times or more before those for testing, one for each block of {folds} "
            f"folds, received {test}"
        )
    if folds is None:
        first = _nearest(before, before[test] - validation_fraction * rows, 1, test - 1)
        last = test
        if repetition:
            first, last = _elsewhere(before, first, test, stream(seed, "resplit", repetition))
    else:
        cuts = [0]
        for block in range(1, folds + 1):
            wanted = before[test] * block / (folds + 1)
            cuts.append(_nearest(before, wanted, cuts[-1] + 1, test - (folds + 1 - block)))
        first, last = [*cuts, test][fold + 1 : fold + 3]
    assignment = np.full(rows, UNUSED)
    assignment[place < first] = SPLITS.index("train")
    assignment[(place >= first) & (place < last)] = SPLITS.index("validation")
    assignment[place >= test] = SPLITS.index("test")
    return assignment


def _nearest(before: Counts, rows: float, low: int, high: int) -> int:
    """Return the time, from `low` to `high`, with the number of rows before it that is nearest to `rows`."""
    return low + int(np.abs(before[low : high + 1] - rows).argmin())


def _elsewhere(before: Counts, first: int, test: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return another first and last time of as many validation rows, before those for testing."""
    size = before[test] - before[first]
    moved = _nearest(before, rng.uniform(EARLIEST, 1) * before[first], 1, test - 1)
    return moved, _nearest(before, before[moved] + size, moved + 1, test)
