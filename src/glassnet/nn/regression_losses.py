"""Losses of regression: the mean squared error, and the mean absolute error that people read beside it."""

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FLOAT64, FLOAT_DTYPES, FloatArray, check_batch, describe
from glassnet.nn.loss import Loss


def _absolute_error_sum(loss: Loss, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
    """Return the sum over the examples of the absolute error, averaged over the K outputs."""
    errors = _errors(loss, outputs, targets)
    return float(np.abs(errors, out=errors).sum() / outputs.shape[1])


class MeanSquaredError(Loss):
    """`ℓ = (1/NK) Σ_nk (z_nk − t_nk)²`: the mean over all elements of outputs `Z (N, K)` and targets `T (N, K)`.

    Backward. Each output takes part in one term only: `∂ℓ/∂z_nk = 2(z_nk − t_nk)/NK`, hence `dZ = 2(Z − T)/NK`.
    Minimizing it is maximum likelihood under noise that is normal with the same variance everywhere. (Gauss, 1809.)
    """

    score_name = "mae"
    score_sum = _absolute_error_sum

    def forward(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the mean of the squared errors of `outputs (N, K)` against `targets (N, K)`."""
        errors = _errors(self, outputs, targets)
        self._memory = errors, outputs.dtype
        self.total_weight = float(len(errors))
        # Beyond 1e154 the square leaves even float64: infinite, and so reported.
        return float(np.vdot(errors, errors)) / errors.size

    def backward(self) -> FloatArray:
        """Return `2(Z − T)/NK`, `(N, K)`."""
        errors, dtype = self.recall()
        with np.errstate(over="ignore"):
            return np.multiply(errors, 2 / errors.size, out=self.buffer(errors.shape, dtype))


class MeanAbsoluteError(Loss):
    """`ℓ = (1/NK) Σ_nk |z_nk − t_nk|`, in the units of the target; a metric, and a loss that forgives outliers.

    Backward. `d|e|/de = sign(e)`, and 0, one of its subgradients, at the kink: `dZ = sign(Z − T)/NK`. (Laplace, 1774.)
    """

    score_name = "mae"
    score_sum = _absolute_error_sum

    def forward(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the mean of the absolute errors of `outputs (N, K)` against `targets (N, K)`."""
        errors = _errors(self, outputs, targets)
        self._memory = errors, outputs.dtype
        self.total_weight = float(len(errors))
        with np.errstate(over="ignore"):
            return float(np.mean(np.abs(errors, out=self.buffer(errors.shape, errors.dtype))))

    def backward(self) -> FloatArray:
        """Return `sign(Z − T)/NK`, `(N, K)`."""
        errors, dtype = self.recall()
        return np.divide(np.sign(errors, out=errors), errors.size, out=self.buffer(errors.shape, dtype))


def _errors(owner: Loss, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return `Z − T` in float64, in which the square of any float32 is finite."""
    Z = check_batch(owner, outputs)
    wanted = f"float32 or float64 targets of shape {Z.shape}, the outputs' own"
    if not isinstance(targets, np.ndarray) or targets.dtype not in FLOAT_DTYPES:
        raise TypeError(f"{owner!r}: expected {wanted}, received {describe(targets)}")
    if targets.shape != Z.shape:
        hint = "; one target an example is a column: targets[:, np.newaxis]" if targets.ndim == 1 else ""
        raise ValueError(f"{owner!r}: expected {wanted}, received {describe(targets)}{hint}")
    if not np.isfinite(targets).all():
        raise ValueError(f"{owner!r}: expected {wanted}, received NaN or infinite ones")
    with np.errstate(over="ignore"):
        return np.subtract(Z, targets, out=owner.buffer(Z.shape, FLOAT64), dtype=FLOAT64)
