"""Scores of a regression with their intervals, and the paired comparison of two."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import checked_values
from glassnet.evaluation.intervals import bootstrap_mean, bootstrap_rows
from glassnet.evaluation.paired import sign_flip_test
from glassnet.evaluation.records import Comparison

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
Score: TypeAlias = Callable[[FloatArray, FloatArray], float]
SEED = 0  # of the bootstrap: the same predictions always get the same interval


def regression_scores(y_true: FloatArray, y_pred: FloatArray) -> dict[str, float]:
    """Return MSE, RMSE, MAE and R² of predictions `(N,)`, and 95% bootstrap intervals of the last three.

    `R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²`, the fraction of the variance that the predictions explain: 1 at best, 0 for the mean
    of the same rows, negative for worse. For a constant target it is 1 if every prediction is exact, else 0, as
    scikit-learn has it, and its interval is NaN. A resample in which the target is constant says nothing of R², and is
    left out of its interval: where most of the targets are equal, zeros say, there are many of them.

    Raises:
        TypeError: if one of them is no array of numbers.
        ValueError: if the lengths differ, there is no row, or a number is not finite.
    """
    y, predicted = checked_values("regression_scores", y_true=y_true, y_pred=y_pred)
    squares = (y - predicted) ** 2
    scores: dict[str, float] = {"mse": float(np.mean(squares))}
    for name, score in (("rmse", _rmse), ("mae", _mae), ("r2", r_squared)):
        scores[name] = score(y, squares)

        def of_rows(rows: npt.NDArray[np.int64], score: Score = score) -> float:
            is_defined = score is not r_squared or not _is_constant(y[rows])
            return score(y[rows], squares[rows]) if is_defined else math.nan

        interval = bootstrap_rows(of_rows, len(y), np.random.default_rng(SEED))
        scores[f"{name}_low"], scores[f"{name}_high"] = interval
    return {**scores, "examples": len(y)}


def compare_regressions(y_true: FloatArray, first: FloatArray, second: FloatArray) -> Comparison:
    """Return the difference of the mean absolute errors, first minus second, its 95% bootstrap interval and a p-value.

    The p-value is of the sign-flip test, whose word counts: with few rows the interval is too narrow.

    Raises:
        TypeError: if one of them is no array of numbers.
        ValueError: if the lengths differ, there is no row, or a number is not finite.
    """
    y, one, other = checked_values("compare_regressions", y_true=y_true, first=first, second=second)
    growth = np.abs(one - y) - np.abs(other - y)
    low, high = bootstrap_mean(growth, np.random.default_rng(SEED))
    p_value = sign_flip_test(growth, np.random.default_rng(SEED))
    return {"difference": float(growth.mean()), "difference_low": low, "difference_high": high, "sign_flip_p": p_value}


def decimals_of(spread: float, digits: int = 6) -> int:
    """Return how many decimals show so many digits of what varies by `spread`, but not below the whole numbers.

    Digits of the values themselves would not do: a target of billions may vary by thousands.
    """
    return max(0, digits - 1 - math.floor(math.log10(spread)))


def _rmse(y: FloatArray, squares: FloatArray) -> float:
    return float(np.sqrt(np.mean(squares)))


def _mae(y: FloatArray, squares: FloatArray) -> float:
    return float(np.mean(np.sqrt(squares)))


def r_squared(y: FloatArray, squares: FloatArray) -> float:
    """Return R² of the squared errors of predictions for y, as `regression_scores` defines it."""
    # Of a constant the mean may be off by a rounding, as it is of ten times 0.1, and R² would be −1e31.
    spread = 0.0 if _is_constant(y) else float(np.sum((y - y.mean()) ** 2))
    return 1 - float(squares.sum()) / spread if spread else float(not squares.any())


def _is_constant(y: FloatArray) -> bool:
    return bool((y == y[0]).all())
