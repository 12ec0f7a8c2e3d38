"""Losses of regression: the mean squared error, and the mean absolute error that people read beside it."""

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_batch, check_value_targets
from glassnet.nn.loss import Loss


def _errors(loss: Loss, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return `Z − T` in float64, in which the square of any float32 is finite."""
    Z = check_batch(loss, outputs)
    T = check_value_targets(loss, Z, targets)
    with np.errstate(over="ignore"):
        return np.subtract(Z, T, dtype=np.float64)


def _absolute_error_sum(loss: Loss, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
    """Return the sum over the examples of the absolute error, averaged over the K outputs."""
    return float(np.abs(_errors(loss, outputs, targets)).sum() / outputs.shape[1])


class MeanSquaredError(Loss):
    """`ℓ = (1/NK) Σ_nk e_nk²` with the errors `E = Z − T` of outputs `Z (N, K)` against targets `T (N, K)`.

    Backward. Each output takes part in one term only: `∂ℓ/∂z_nk = 2e_nk/NK`, hence `dZ = 2E/NK`.
    Minimizing it is maximum likelihood under noise that is normal with the same variance everywhere. (Gauss, 1809.)

    Chapter 2 of the course, docs/learn/2-shapes.md, derives its gradient.
    """

    score_name = "mae"
    score_sum = _absolute_error_sum

    def forward(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the mean of the squared errors of `outputs (N, K)` against `targets (N, K)`."""
        E = _errors(self, outputs, targets)
        self.save_for_backward(E, outputs.dtype)
        self.total_weight = float(len(E))
        with np.errstate(over="ignore"):  # beyond 1e154 the square leaves even float64: infinite, and so reported
            return float(np.mean(E**2))

    def backward(self) -> FloatArray:
        """Return `2E/NK`, `(N, K)`."""
        E, dtype = self.saved()
        with np.errstate(over="ignore"):
            return (2 * E / E.size).astype(dtype)


class MeanAbsoluteError(Loss):
    """`ℓ = (1/NK) Σ_nk |e_nk|` with `E = Z − T`, in the units of the target; a loss that forgives outliers.

    Backward. `d|e|/de = sign(e)`, and 0, one of its subgradients, at the kink: `dZ = sign(E)/NK`. (Laplace, 1774.)
    """

    score_name = "mae"
    score_sum = _absolute_error_sum

    def forward(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the mean of the absolute errors of `outputs (N, K)` against `targets (N, K)`."""
        E = _errors(self, outputs, targets)
        self.save_for_backward(E, outputs.dtype)
        self.total_weight = float(len(E))
        with np.errstate(over="ignore"):
            return float(np.mean(np.abs(E)))

    def backward(self) -> FloatArray:
        """Return `sign(E)/NK`, `(N, K)`."""
        E, dtype = self.saved()
        return (np.sign(E) / E.size).astype(dtype)


LOSSES = {"mean_squared_error": MeanSquaredError, "mean_absolute_error": MeanAbsoluteError}
