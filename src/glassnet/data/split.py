"""Splitting rows into train, validation and test: stratified, seeded, disjoint and exhaustive; held out or in folds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.seeding import stream

SPLITS = ("train", "validation", "test")
"""The names of the splits: train, validation, test."""


def stratified_split(
    labels: npt.NDArray[Any],
    validation_fraction: float,
    test_fraction: float,
    seed: int,
    *,
    folds: int | None = None,
    fold: int = 0,
    repetition: int = 0,
    test_rows: int = 0,
    class_names: Sequence[str] = (),
) -> npt.NDArray[np.int64]:
    """Assign each row to a split: an index into `SPLITS` for each of the `(N,)` labels.

    Each class is shuffled and divided by itself. Its test and validation counts are its size times the fraction,
    rounded up or down such that the totals over all classes come out right (largest remainders first). The test split
    depends on labels, `test_fraction` and `seed` alone, so that repetitions and folds never touch it.

    Chapter 5 of the course, docs/learn/5-reliable-training.md, says what folds are for.

    Args:
        labels: the class of each row; for regression, the same for all.
        validation_fraction: the fraction of all rows to validate on; unused with folds.
        test_fraction: the fraction of all rows to test on; unused with `test_rows`.
        seed: which split.
        folds: None, or a number k of 2 or more: what is not for testing is dealt into k folds of equal size.
        fold: which of them is the validation split, 0 to k − 1; the others are the training split.
        repetition: 0, or which other way of dividing what is not for testing.
        test_rows: how many of the last rows are the test split, where the publisher of the data chose it.
        class_names: what to call the classes, by their ids, where that is what the labels are.

    Raises:
        ValueError: if a class has too few rows for at least one in each split, if there is no row to learn from, or no
            such fold.
    """
    if not test_rows < len(labels):
        raise ValueError(f"split: expected more rows than the {test_rows} for testing, received {len(labels)}")
    check_fold(folds, fold)
    classes, counts = np.unique(labels[: len(labels) - test_rows], return_counts=True)
    test = np.zeros_like(counts) if test_rows else _apportion(counts, test_fraction)
    validation = _apportion(counts, validation_fraction) if folds is None else (counts - test) // folds
    left = counts - test - validation
    if min(left.min(), validation.min()) < 1:
        small = counts.argmin()
        if len(classes) == 1:
            scarce = f"{counts[small]} rows"
        else:
            name = class_names[classes[small]] if class_names else str(classes[small])
            scarce = f"{counts[small]} of class {name!r}"
        wanted = f"validation_fraction={validation_fraction}" if folds is None else f"folds={folds}"
        raise ValueError(
            f"split: expected rows {'of every class ' if len(classes) > 1 else ''}in train, validation and test, "
            f"received {scarce}, too few for {wanted} and test_fraction={test_fraction}"
        )
    rng = stream(seed, "split")
    again = stream(seed, "resplit", repetition) if repetition else None
    assignment = np.full(len(labels), SPLITS.index("test"))
    dealt = 0
    for label, n_test, n_validation in zip(classes, test, validation, strict=True):
        rows = rng.permutation(np.flatnonzero(labels[: len(labels) - test_rows] == label))[n_test:]
        if again is not None:
            rows = again.permutation(rows)
        if folds is None:
            in_validation = np.arange(len(rows)) < n_validation
        else:  # dealt round, each class going on where the one before it stopped, so that folds are equally large
            in_validation = (dealt + np.arange(len(rows))) % folds == fold
            dealt += len(rows)
        assignment[rows] = np.where(in_validation, SPLITS.index("validation"), SPLITS.index("train"))
    return assignment


def check_fold(folds: int | None, fold: int) -> None:
    """Refuse a number of folds below 2, and a fold that is none of them."""
    if folds is not None and folds < 2:
        raise ValueError(f"split: expected folds=None or 2 or more of them, received {folds}")
    if folds is not None and not 0 <= fold < folds:
        raise ValueError(f"split: expected fold to be one of 0 to {folds - 1}, received {fold}")


def _apportion(counts: npt.NDArray[np.int64], fraction: float) -> npt.NDArray[np.int64]:
    """Return how many rows of each class make up `fraction` of the whole, by largest remainders; at least 1 of each."""
    exact = counts * fraction
    rows = np.floor(exact).astype(np.int64)
    left_over = round(float(exact.sum())) - int(rows.sum())
    rows[np.argsort(rows - exact, kind="stable")[:left_over]] += 1
    return np.maximum(rows, 1)
