"""The hyperbolic tangent, and GELU in the form that is built on it."""

import math

import numpy as np

from glassnet.nn.arrays import FloatArray, check_batch
from glassnet.nn.module import Module


class Tanh(Module):
    """`A = tanh(Z)`, elementwise; any shape `(N, D)`.

    Backward. From `tanh = sinh/cosh`: `da/dz = (cosh² − sinh²)/cosh² = 1 − a²`, hence `dZ = dA · (1 − A²)`.
    (LeCun, Bottou, Orr & Müller, "Efficient backprop", 1998, on why zero-centred outputs help.)
    """

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `tanh(X)`."""
        X = check_batch(self, X)
        A = np.tanh(X, out=self.buffer(X.shape, X.dtype))
        self.remember(A, A)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · (1 − A²)`."""
        (A,) = self.recall(dout)
        dX = np.multiply(A, A, out=self.buffer(A.shape, A.dtype))
        np.subtract(1, dX, out=dX)
        dX *= dout
        return dX

    def __repr__(self) -> str:
        return "Tanh()"


class GELU(Module):
    """`A = ½z(1 + tanh u)` with `u = √(2/π)(z + 0.044715z³)`, elementwise; any shape `(N, D)`.

    Backward. The product rule, with `t = tanh u`, `dt/du = 1 − t²` and `du/dz = √(2/π)(1 + 3·0.044715z²)`:
    `da/dz = ½(1 + t) + ½z(1 − t²)·du/dz`.

    From `|z| = 10` on `t` is ±1 to the last bit of a float64, so `u` is computed from z clipped to ±10: the same
    values, and the cube never overflows. (Hendrycks & Gimpel, "Gaussian error linear units", 2016, the tanh form.)
    """

    SCALE = math.sqrt(2 / math.pi)
    CUBIC = 0.044715
    LIMIT = 10.0

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `½X(1 + tanh u(X))`."""
        X = check_batch(self, X)
        Z = np.clip(X, -self.LIMIT, self.LIMIT, out=self.buffer(X.shape, X.dtype))
        U = np.multiply(Z, Z, out=self.buffer(X.shape, X.dtype))
        U *= self.SCALE * self.CUBIC
        U += self.SCALE
        U *= Z
        T = np.tanh(U, out=U)
        A = np.add(T, 1, out=self.buffer(X.shape, X.dtype))
        A *= 0.5
        A *= X
        self.remember(A, Z, T)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · ½(1 + t + z(1 − t²)·du/dz)`; beyond the clip `1 − t²` is 0, so the clipped z serves."""
        Z, T = self.recall(dout)
        dX = np.multiply(Z, Z, out=self.buffer(Z.shape, Z.dtype))
        dX *= 3 * self.SCALE * self.CUBIC
        dX += self.SCALE
        dX *= Z
        dT_dU = np.multiply(T, T, out=self.buffer(Z.shape, Z.dtype))
        dX *= np.subtract(1, dT_dU, out=dT_dU)
        dX += T
        dX += 1
        dX *= 0.5
        dX *= dout
        return dX

    def __repr__(self) -> str:
        return "GELU()"
