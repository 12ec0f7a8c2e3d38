"""The logistic sigmoid, and SiLU, which gates its input with it."""

import numpy as np

from glassnet.nn.arrays import FloatArray, check_batch
from glassnet.nn.module import Module


def sigmoid(Z: FloatArray, out: FloatArray, scratch: FloatArray) -> FloatArray:
    """Write `σ(z) = 1/(1 + e^(−z))` into `out`, elementwise and without overflow; `scratch` is memory to write over.

    Multiplied through by `e^m` with `m = min(z, 0)` the fraction is `e^m/(e^m + e^(m − z))`, and `m − z = −max(z, 0)`:
    both exponents are at most 0 and one of them is 0. Tiny values stay exact instead of rounding to zero.
    """
    numerator = np.exp(np.minimum(Z, 0, out=out), out=out)
    np.negative(np.maximum(Z, 0, out=scratch), out=scratch)
    np.exp(scratch, out=scratch)
    scratch += numerator
    return np.divide(numerator, scratch, out=out)


class Sigmoid(Module):
    """`A = σ(Z)`, elementwise; any shape `(N, D)`.

    Backward. With `a = (1 + e^(−z))^(−1)`: `da/dz = e^(−z)/(1 + e^(−z))² = a(1 − a)`, hence `dZ = dA · A(1 − A)`, at
    most 1/4 of it, and nearly 0 where the unit saturates, which is how gradients vanish in deep sigmoid networks.
    (Rumelhart, Hinton & Williams, 1986, used it; Hochreiter, 1991, and Glorot & Bengio, 2010, on how it vanishes.)
    """

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `σ(X)`."""
        X = check_batch(self, X)
        A = sigmoid(X, self.buffer(X.shape, X.dtype), scratch=self.buffer(X.shape, X.dtype))
        self.remember(A, A)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · A(1 − A)`."""
        (A,) = self.recall(dout)
        dX = np.subtract(1, A, out=self.buffer(A.shape, A.dtype))
        dX *= A
        dX *= dout
        return dX

    def __repr__(self) -> str:
        return "Sigmoid()"


class SiLU(Module):
    """`A = Z · σ(Z)`, elementwise; any shape `(N, D)`. Also called swish.

    Backward. The product rule with `σ' = σ(1 − σ)`: `da/dz = σ + zσ(1 − σ) = σ(1 + z(1 − σ))`. (Elfwing, Uchibe & Doya,
    "Sigmoid-weighted linear units for neural network function approximation", 2018.)
    """

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `X · σ(X)`."""
        X = check_batch(self, X)
        A = self.buffer(X.shape, X.dtype)
        S = sigmoid(X, self.buffer(X.shape, X.dtype), scratch=A)
        np.multiply(X, S, out=A)
        self.remember(A, X, S)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · σ(1 + X(1 − σ))`."""
        X, S = self.recall(dout)
        dX = np.subtract(1, S, out=self.buffer(S.shape, S.dtype))
        dX *= X
        dX += 1
        dX *= S
        dX *= dout
        return dX

    def __repr__(self) -> str:
        return "SiLU()"
