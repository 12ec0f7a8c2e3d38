"""Intervals by random weights of the rows and of one row more, which stands for what the test split does not hold."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import check_whole, checked_values
from glassnet.evaluation.intervals import BLOCK, LEVEL, RESAMPLES
from glassnet.evaluation.scores import FloatArray

Vector: TypeAlias = npt.NDArray[np.float64]
Ends: TypeAlias = tuple[float, float]

LEAST_ROWS = 10  # of a score without a bound: of fewer, the largest says too little of how large others may be


def mean_interval(values: FloatArray, lowest: float, highest: float, rng: np.random.Generator) -> Ends:
    """Return the 95% interval of the mean of what the values `(N,)` are drawn from, given how far others may lie.

    With independent exponential numbers `w` as weights, the upper end is the 97.5% quantile of
    `(Σ w_i·x_i + w_{N+1}·highest)/Σ w_i`, the lower end the 2.5% quantile with `lowest` for the value of the row more.
    The probability that lies beyond the largest of N values has the distribution of the normalized `w_{N+1}`, whatever
    that of the values: so the row more stands for the large errors that the split happens to lack, which a bootstrap
    takes for impossible. For values of 0 and 1 this is the exact interval of Clopper and Pearson (1934). (Gaffke,
    "Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable", 2005;
    Learned-Miller & Thomas, "A new confidence interval for the mean of a bounded random variable", 2019; without the
    row more it is the Bayesian bootstrap of Rubin, 1981.)

    Raises:
        TypeError: if the values are no array of numbers.
        ValueError: if there is no value, one is not finite, or one lies outside the bounds.
    """
    (checked,) = checked_values("mean_interval", values=values)
    if not lowest <= checked.min() <= checked.max() <= highest:
        raise ValueError(
            f"mean_interval: expected values between lowest, {lowest:g}, and highest, {highest:g}, received "
            f"{checked.min():g} to {checked.max():g}"
        )
    (sums,), totals, more = random_weights(checked[np.newaxis], rng)
    low, high = ((sums + more * value) / (totals + more) for value in (lowest, highest))
    return quantile_ends(low, high)


def random_weights(columns: FloatArray, rng: np.random.Generator) -> tuple[Vector, Vector, Vector]:
    """Return R draws of weights of N rows: the columns' weighted sums `(K, R)`, the weights' sums, and one more weight.

    Args:
        columns: what is summed, `(K, N)`.
        rng: where the weights come from.
    """
    rows = columns.shape[1]
    check_whole("random_weights", "number of rows", rows, 1)
    summed = np.vstack([columns, np.ones(rows)]).T
    sums = np.empty((RESAMPLES, len(columns) + 1))
    for start in range(0, RESAMPLES, step := max(1, BLOCK // rows)):
        size = (min(step, RESAMPLES - start), rows)
        weights = rng.standard_exponential(size, dtype=np.float32)
        sums[start : start + step] = weights.astype(np.float64) @ summed
    return sums[:, :-1].T, sums[:, -1], rng.standard_exponential(RESAMPLES)


def quantile_ends(low: Vector, high: Vector) -> Ends:
    """Return the quantile of `low` that 2.5% lie below, and that of `high` that 2.5% lie above."""
    tail = (1 - LEVEL) / 2
    return float(np.quantile(low, tail)), float(np.quantile(high, 1 - tail))


def beyond_largest(magnitudes: FloatArray, tail: float, skew: float = 0.0) -> float:
    """Return how large the mean of those may be that are larger than all magnitudes `(N,)` seen.

    Of magnitudes whose tail falls as `x^−a`, with a = `tail`, those beyond m have the mean `m·a/(a − 1)`. Errors of
    Student's t with three degrees of freedom have a = 3, their squares 1.5. The largest of few rows often falls short
    of what it stands for, so the mean is taken `1 + 7/N` times as large; for squares, of errors that lie far off on one
    side alone, that is not enough, and it is taken `1 + (7 + 50·|γ|)/N` times as large, with γ = `skew`. The 7 was
    chosen by simulation with errors of Student's t, the 50 with lognormal ones.

    Args:
        magnitudes: of the rows.
        tail: the exponent.
        skew: of the values whose squares these are, see `skewness`.
    """
    return float(magnitudes.max()) * tail / (tail - 1) * (1 + (7 + 50 * abs(skew)) / len(magnitudes))


def skewness(values: FloatArray) -> float:
    """Return `γ = mean((x − x̄)³)/mean((x − x̄)²)^1.5`: 0 of symmetric values `(N,)`, and of constant ones."""
    if not np.ptp(values):  # whose mean may be rounded
        return 0.0
    deviations = values - values.mean()
    deviations /= np.abs(deviations).max()  # neither power leaves the range of a float
    return float(np.mean(deviations**3) / np.mean(deviations**2) ** 1.5)
