"""Rectifiers: ReLU, which passes what is positive, and LeakyReLU, which lets a little of the rest through."""

import numpy as np

from glassnet.nn.arrays import FloatArray, check_batch
from glassnet.nn.module import Module


class ReLU(Module):
    """`A = max(0, Z)`, elementwise; any shape `(N, D)`.

    Backward. The derivative is 1 where `z > 0` and 0 where `z < 0`; at the kink we take 0, one of its subgradients.
    `a > 0` says the same as `z > 0`, so the output is all that must be remembered: `dZ = dA · [A > 0]`.
    (Nair & Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.)
    """

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `max(0, X)`."""
        A = np.maximum(check_batch(self, X), 0)
        self.remember(A, A)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout` where the output was positive, 0 elsewhere."""
        (A,) = self.recall(dout)
        return dout * (A > 0)

    def __repr__(self) -> str:
        return "ReLU()"


class LeakyReLU(Module):
    """`A = z` where `z > 0`, `negative_slope · z` elsewhere; any shape `(N, D)`.

    Backward. The derivative is 1 where `z > 0` and `negative_slope` elsewhere, so no unit is ever wholly dead.
    (Maas, Hannun & Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.)
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        """Set the slope left of zero; a finite number of 0 or more."""
        if not 0 <= negative_slope < float("inf"):
            raise ValueError(f"LeakyReLU: expected a finite negative_slope of 0 or more, received {negative_slope!r}")
        self.negative_slope = float(negative_slope)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `X` where positive, `negative_slope · X` elsewhere."""
        positive = check_batch(self, X) > 0
        A = np.where(positive, X, X * self.negative_slope)
        self.remember(A, positive)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout` where the input was positive, `negative_slope · dout` elsewhere."""
        (positive,) = self.recall(dout)
        return np.where(positive, dout, dout * self.negative_slope)

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope})"
