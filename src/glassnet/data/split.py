"""Splitting rows into train, validation and test: stratified, seeded, disjoint and exhaustive."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.seeding import stream

SPLITS = ("train", "validation", "test")


def stratified_split(
    labels: npt.NDArray[Any], validation_fraction: float, test_fraction: float, seed: int
) -> npt.NDArray[np.int64]:
    """Assign each row to a split: an index into `SPLITS` for each of the `(N,)` labels.

    Each class is shuffled and divided by itself. Its test and validation counts are its size times the fraction,
    rounded up or down such that the totals over all classes come out right (largest remainders first).

    Raises:
        ValueError: if a class has too few rows for at least one in each split.
    """
    classes, counts = np.unique(labels, return_counts=True)
    test = _apportion(counts, test_fraction)
    validation = _apportion(counts, validation_fraction)
    left = counts - test - validation
    if left.min() < 1:
        small = left.argmin()
        raise ValueError(
            f"split: expected rows of every class in train, validation and test, received {counts[small]} "
            f"of class {classes[small]!r}, too few for validation_fraction={validation_fraction} and "
            f"test_fraction={test_fraction}"
        )
    rng = stream(seed, "split")
    assignment = np.zeros(len(labels), dtype=np.int64)
    for label, n_test, n_validation in zip(classes, test, validation, strict=True):
        rows = rng.permutation(np.flatnonzero(labels == label))
        assignment[rows[:n_test]] = SPLITS.index("test")
        assignment[rows[n_test : n_test + n_validation]] = SPLITS.index("validation")
    return assignment


def _apportion(counts: npt.NDArray[np.int64], fraction: float) -> npt.NDArray[np.int64]:
    """Return how many rows of each class make up `fraction` of the whole, by largest remainders; at least 1 of each."""
    exact = counts * fraction
    shares = np.floor(exact).astype(np.int64)
    missing = round(float(exact.sum())) - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:missing]] += 1
    return np.maximum(shares, 1)
