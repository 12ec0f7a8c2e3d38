"""Scores of a regression with their intervals, and the paired comparison of two."""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import checked_values
from glassnet.evaluation.paired_losses import SEED, TAIL, UNDEFINED, mean_difference
from glassnet.evaluation.records import Comparison
from glassnet.evaluation.unseen_row import (
    LEAST_ROWS,
    Ends,
    beyond_largest,
    quantile_ends,
    random_weights,
    skewness,
)

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]

RATIO_TAIL = 2.0  # of R², whose numerator and denominator grow together; chosen by simulation


def regression_scores(y_true: FloatArray, y_pred: FloatArray) -> dict[str, float]:
    """Return MSE, RMSE, MAE and R² of predictions `(N,)`, and 95% intervals of the last three.

    `R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²`, the fraction of the variance that the predictions explain: 1 at best, 0 for the mean
    of the same rows, negative for worse. For a constant target it is 1 if every prediction is exact, else 0, as
    scikit-learn has it, and its interval is NaN.

    The intervals count with errors larger than any of the split, by random weights of the rows and of one row more:
    `mean_interval` says how. That row has the squared error, and the absolute one, of tails as heavy as those of
    Student's t with three degrees of freedom, and a larger squared one where the errors are skewed. Of fewer than
    `LEAST_ROWS` rows all ends are NaN.

    Raises:
        TypeError: if one of them is no array of numbers.
        ValueError: if the lengths differ, there is no row, or a number is not finite.
    """
    y, predicted = checked_values("regression_scores", y_true=y_true, y_pred=y_pred)
    squares = (y - predicted) ** 2
    scores: dict[str, float] = {"mse": float(np.mean(squares))}
    scores |= {"rmse": math.sqrt(scores["mse"]), "mae": float(np.mean(np.sqrt(squares))), "r2": r_squared(y, squares)}
    for name, interval in _intervals(y, predicted, squares).items():
        scores[f"{name}_low"], scores[f"{name}_high"] = interval
    return {**scores, "examples": len(y)}


def _intervals(y: FloatArray, predicted: FloatArray, squares: FloatArray) -> dict[str, Ends]:
    if len(y) < LEAST_ROWS:
        return dict.fromkeys(("rmse", "mae", "r2"), UNDEFINED)
    deviations, errors = y - y.mean(), np.sqrt(squares)
    columns = np.stack([squares, errors, deviations, deviations**2])
    (square, error, shift, spread), total, more = random_weights(columns, np.random.default_rng(SEED))
    of_all = total + more
    largest_square = beyond_largest(squares, TAIL / 2, skewness(y - predicted))
    largest_error = beyond_largest(errors, TAIL)

    def r2(unseen_square: float, unseen_spread: float) -> npt.NDArray[np.float64]:
        return 1 - (square + more * unseen_square) / (spread + more * unseen_spread - shift**2 / of_all)

    # At the lower end the target of the row more lies as far off as its prediction; at the upper one it is foreseen.
    unforeseen, foreseen = (beyond_largest(magnitudes, RATIO_TAIL) for magnitudes in (squares, deviations**2))
    # Of a model worse than the mean, a row with an error as large as its deviation would raise R²: it is left out.
    if _is_constant(y):
        r2_ends = UNDEFINED
    else:
        lowest = np.minimum(r2(0.0, 0.0), r2(unforeseen, unforeseen))
        low, high = quantile_ends(lowest, r2(0.0, foreseen))
        # One and the same prediction for all rows explains nothing: their own mean has the smallest error of those.
        r2_ends = (low, high) if np.ptp(predicted) else (low, 0.0)
    return {
        "rmse": quantile_ends(np.sqrt(square / of_all), np.sqrt((square + more * largest_square) / of_all)),
        "mae": quantile_ends(error / of_all, (error + more * largest_error) / of_all),
        "r2": r2_ends,
    }


def compare_regressions(y_true: FloatArray, first: FloatArray, second: FloatArray) -> Comparison:
    """Return the difference of the mean absolute errors, first minus second, its 95% interval and a p-value.

    They are those of `mean_difference`.

    Raises:
        TypeError: if one of them is no array of numbers.
        ValueError: if the lengths differ, there is no row, or a number is not finite.
    """
    y, one, other = checked_values("compare_regressions", y_true=y_true, first=first, second=second)
    return mean_difference(np.abs(one - y) - np.abs(other - y))


def decimals_of(spread: float, digits: int = 6) -> int:
    """Return how many decimals show so many digits of what varies by `spread`, but not below the whole numbers.

    Digits of the values themselves would not do: a target of billions may vary by thousands.
    """
    return max(0, digits - 1 - math.floor(math.log10(spread)))


def r_squared(y: FloatArray, squares: FloatArray) -> float:
    """Return R² of the squared errors of predictions for y, as `regression_scores` defines it."""
    # Of a constant the mean may be off by a rounding, as it is of ten times 0.1, and R² would be −1e31.
    spread = 0.0 if _is_constant(y) else float(np.sum((y - y.mean()) ** 2))
    return 1 - float(squares.sum()) / spread if spread else float(not squares.any())


def _is_constant(y: FloatArray) -> bool:
    return bool((y == y[0]).all())
