"""Intervals: how far a score may be off because the test split is only so large."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.binomial import exact_ends
from glassnet.evaluation.inputs import check_whole
from glassnet.evaluation.scores import Counts, FloatArray, LabelArray, balanced_accuracy, macro_f1

Vector: TypeAlias = npt.NDArray[np.float64]

Z = 1.959963984540054  # a standard normal number lies between −Z and Z 95 times in 100
RESAMPLES = 2_000
LEVEL = 0.95
BLOCK = 4_000_000  # numbers drawn at a time
MATRICES = 6_000_000  # entries of confusion matrices drawn at a time


def wilson_interval(successes: int, trials: int, z: float = Z) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, at 95% for the default z.

    It is the set of p for which `|p̂ − p| ≤ z·√(p(1 − p)/n)`. Solved for p, its centre is `(p̂ + z²/2n)/(1 + z²/n)` and
    its half width `z·√(p̂(1 − p̂)/n + z²/4n²)/(1 + z²/n)`. It is sensible even at p̂ = 1. (Wilson, 1927.)

    Raises:
        ValueError: if there are no trials, or more successes than trials.
    """
    _check_successes("wilson_interval", successes, trials)
    p = successes / trials
    denominator = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / denominator
    half = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / denominator
    # Exact at the ends, where rounding would leave the last digit off.
    return centre - half if successes else 0.0, centre + half if successes < trials else 1.0


def exact_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the exact 95% interval of a proportion: the p for which neither so many nor so few successes are rare.

    For a binomial X the lower end solves `P(X ≥ successes | p) = 2.5%`, the upper one `P(X ≤ successes | p) = 2.5%`. It
    holds the true p in 95 of 100 test splits at least, whatever p and n are. Wilson's holds 95 on average over p, but
    of 20 to 60 rows 84 for some p near 1. (Clopper & Pearson, "The use of confidence or
    fiducial limits illustrated in the case of the binomial", 1934; Brown, Cai & DasGupta, 2001.)

    Raises:
        ValueError: if there are no trials, or more successes than trials.
    """
    _check_successes("exact_interval", successes, trials)
    return exact_ends(successes, trials)


def _check_successes(owner: str, successes: int, trials: int) -> None:
    check_whole(owner, "number of trials", trials, 1)
    check_whole(owner, "number of successes", successes, 0)
    if successes > trials:
        raise ValueError(f"{owner}: expected at most {trials} successes, received {successes}")


def balanced_accuracy_interval(counts: Counts, rng: np.random.Generator) -> tuple[float, float]:
    """Return the 95% interval of the balanced accuracy of a confusion matrix `(C, C)`.

    It holds both the interval of a bootstrap within the classes and what the exact intervals of the classes' recalls
    give. A bootstrap draws no error of a kind that the split does not hold: a class of ten rows without one is right in
    every resample. The exact interval of each class knows better.
    """
    support = counts.sum(axis=1)
    present = support > 0
    hits, trials = np.diagonal(counts)[present], support[present]
    bounds = _mean_of_parts(hits / trials, *_exact(hits, trials), len(trials))
    return _wider(bounds, bootstrap_counts(counts, balanced_accuracy, rng))


def macro_f1_interval(counts: Counts, rng: np.random.Generator) -> tuple[float, float]:
    """Return the 95% interval of the macro F1 of a confusion matrix `(C, C)`, made as that of the balanced accuracy.

    It is NaN, not a number, where a class has no row: its F1, counted as 0, says nothing of what it would be. The F1 of
    a class is `2J/(1 + J)` for a proportion J: the hits among all rows that are of the class or called it.
    """
    if not counts.sum(axis=1).all():
        return math.nan, math.nan
    hits = np.diagonal(counts)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    present = union > 0
    hits, union = hits[present], union[present]
    f1, low, high = (2 * J / (1 + J) for J in (hits / union, *_exact(hits, union)))
    return _wider(_mean_of_parts(f1, low, high, len(counts)), bootstrap_counts(counts, macro_f1, rng))


def _exact(successes: LabelArray, trials: LabelArray) -> tuple[Vector, Vector]:
    ends = np.array([exact_ends(int(k), int(n)) for k, n in zip(successes, trials, strict=True)])
    return ends[:, 0], ends[:, 1]


def _mean_of_parts(parts: Vector, low: Vector, high: Vector, n: int) -> tuple[float, float]:
    """Return the interval of `Σ parts/n` from the parts' own.

    The distances from estimate to limit add as standard deviations do, below and above apart: they stand for the
    variance near each end. (Zou & Donner, "Construction of confidence limits about effect measures", 2008.)
    """
    mean = parts.sum() / n
    below, above = (np.sqrt(((parts - end) ** 2).sum()) / n for end in (low, high))
    return float(mean - below), float(mean + above)


def _wider(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Return the interval that holds both, within 0 and 1."""
    return max(0.0, min(first[0], second[0])), min(1.0, max(first[1], second[1]))


def bootstrap_counts(
    counts: Counts, score: Callable[[Counts], Any], rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95% interval of a score of a confusion matrix, by resampling the examples of each true class.

    Drawing n_c examples of class c with replacement and counting their predictions is one draw from a multinomial
    distribution with that class's row of the matrix for probabilities; so no example has to be touched. Of many classes
    so many matrices would not fit into memory together, and are scored a few at a time.
    """
    support = counts.sum(axis=1)
    scores = np.empty(resamples)
    for start in range(0, resamples, step := max(1, MATRICES // counts.size)):
        drawn = np.zeros((min(step, resamples - start), *counts.shape), dtype=np.int64)
        for label in np.flatnonzero(support):
            drawn[:, label] = rng.multinomial(support[label], counts[label] / support[label], size=len(drawn))
        scores[start : start + step] = score(drawn)
    return _percentiles(scores)


def bootstrap_mean(values: FloatArray, rng: np.random.Generator, resamples: int = RESAMPLES) -> tuple[float, float]:
    """Return the 95% interval of the mean of per-example values, by resampling the examples all alike."""
    means = np.empty(resamples)
    for start in range(0, resamples, step := max(1, BLOCK // len(values))):
        size = (min(step, resamples - start), len(values))
        means[start : start + step] = values[rng.integers(0, len(values), size)].mean(axis=1)
    return _percentiles(means)


def bootstrap_rows(
    score: Callable[[npt.NDArray[np.int64]], float], rows: int, rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95% interval of any score of a choice of rows, by resampling them all alike.

    Resamples whose score is NaN, undefined, do not count; where that are all, so are the ends.
    """
    scores = np.array([score(rng.integers(0, rows, rows)) for _ in range(resamples)])
    defined = scores[~np.isnan(scores)]
    return _percentiles(defined) if len(defined) else (float("nan"), float("nan"))


def _percentiles(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
