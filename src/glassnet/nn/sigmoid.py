"""The logistic sigmoid, and SiLU, which gates its input with it."""

import numpy as np

from glassnet.nn.arrays import FloatArray, check_batch
from glassnet.nn.module import Module


def sigmoid(Z: FloatArray) -> FloatArray:
    """Return `σ(z) = 1/(1 + e^(−z))`, elementwise and without overflow.

    `e^(−|z|)` lies in (0, 1] whatever z is. For `z ≥ 0` it is the `e^(−z)` of the definition; for `z < 0` the fraction
    is multiplied through by `e^z`, giving `e^z/(1 + e^z)`. Tiny values stay exact instead of rounding to zero.
    """
    exponential = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, exponential) / (1 + exponential)


class Sigmoid(Module):
    """`A = σ(Z)`, elementwise; any shape `(N, D)`.

    Backward. With `a = (1 + e^(−z))^(−1)`: `da/dz = e^(−z)/(1 + e^(−z))² = a(1 − a)`, hence `dZ = dA · A(1 − A)`, at
    most 1/4 of it, and nearly 0 where the unit saturates, which is how gradients vanish in deep sigmoid networks.
    (Rumelhart, Hinton & Williams, 1986, used it; Hochreiter, 1991, and Glorot & Bengio, 2010, on how it vanishes.)
    """

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `σ(X)`."""
        A = sigmoid(check_batch(self, X))
        self.remember(A, A)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · A(1 − A)`."""
        (A,) = self.recall(dout)
        return dout * (A * (1 - A))

    def __repr__(self) -> str:
        return "Sigmoid()"


class SiLU(Module):
    """`A = Z · σ(Z)`, elementwise; any shape `(N, D)`. Also called swish.

    Backward. The product rule with `σ' = σ(1 − σ)`: `da/dz = σ + zσ(1 − σ) = σ(1 + z(1 − σ))`. (Elfwing, Uchibe & Doya,
    "Sigmoid-weighted linear units for neural network function approximation", 2018.)
    """

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `X · σ(X)`."""
        S = sigmoid(check_batch(self, X))
        A = X * S
        self.remember(A, X, S)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · σ(1 + X(1 − σ))`."""
        X, S = self.recall(dout)
        return dout * (S * (1 + X * (1 - S)))

    def __repr__(self) -> str:
        return "SiLU()"
