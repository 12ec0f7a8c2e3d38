"""Intervals: how far a score may be off because the test split is only so large."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.scores import Counts, FloatArray, LabelArray

RESAMPLES = 2_000
LEVEL = 0.95
BLOCK = 4_000_000  # numbers drawn at a time


def wilson_interval(successes: int, trials: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, at 95% for the default z.

    It is the set of p for which `|p̂ − p| ≤ z·√(p(1 − p)/n)`. Solved for p, its centre is `(p̂ + z²/2n)/(1 + z²/n)` and
    its half width `z·√(p̂(1 − p̂)/n + z²/4n²)/(1 + z²/n)`. It is sensible even at p̂ = 1. (Wilson, 1927.)
    """
    p = successes / trials
    denominator = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / denominator
    half = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / denominator
    low = 0.0 if successes == 0 else centre - half  # exact where rounding would leave the last digit off
    high = 1.0 if successes == trials else centre + half
    return low, high


def bootstrap_counts(
    counts: Counts, score: Callable[[Counts], Any], rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95% interval of a score of a confusion matrix, by resampling the examples of each true class.

    Drawing n_c examples of class c with replacement and counting their predictions is one draw from a multinomial
    distribution with that class's row of the matrix for probabilities; so no example has to be touched.
    """
    support = counts.sum(axis=1)
    drawn = np.zeros((resamples, *counts.shape), dtype=np.int64)
    for label in np.flatnonzero(support):
        drawn[:, label] = rng.multinomial(support[label], counts[label] / support[label], size=resamples)
    return _percentiles(np.asarray(score(drawn)))


def bootstrap_mean(
    values: FloatArray, strata: LabelArray, rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95% interval of the mean of per-example values, by resampling within each stratum."""
    sums = np.zeros(resamples)
    for label in np.unique(strata):
        of_stratum = values[strata == label]
        for start in range(0, resamples, step := max(1, BLOCK // len(of_stratum))):
            size = (min(step, resamples - start), len(of_stratum))
            sums[start : start + step] += of_stratum[rng.integers(0, len(of_stratum), size)].sum(axis=1)
    return _percentiles(sums / len(values))


def bootstrap_rows(
    score: Callable[[npt.NDArray[np.int64]], float], rows: int, rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95% interval of any score of a choice of rows, by resampling them all alike."""
    return _percentiles(np.array([score(rng.integers(0, rows, rows)) for _ in range(resamples)]))


def _percentiles(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
