"""Scores of a regression."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]


def regression_scores(y_true: FloatArray, y_pred: FloatArray) -> dict[str, float]:
    """Return MSE, RMSE, MAE and R² of predictions `(N,)`, rounded to six significant digits, and how many there are.

    `R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²`, the share of the variance that the predictions explain: 1 at best, 0 for the mean of
    the same rows, negative for worse. For a constant target it is 1 if every prediction is exact, else 0, as
    scikit-learn has it.

    Raises:
        ValueError: if the lengths differ, or there is no row.
    """
    if y_true.shape != y_pred.shape or y_true.ndim != 1 or not len(y_true):
        raise ValueError(
            f"regression_scores: expected two arrays (N,) of one length, received {y_true.shape} and {y_pred.shape}"
        )
    errors = y_true.astype(np.float64) - y_pred.astype(np.float64)
    spread = float(np.sum((y_true - np.mean(y_true, dtype=np.float64)) ** 2))
    mse = float(np.mean(errors**2))
    r2 = 1 - float(np.sum(errors**2)) / spread if spread else float(not errors.any())
    scores = {"mse": mse, "rmse": mse**0.5, "mae": float(np.mean(np.abs(errors))), "r2": r2}
    return {**{name: float(f"{value:.6g}") for name, value in scores.items()}, "examples": len(y_true)}
