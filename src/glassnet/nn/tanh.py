"""The hyperbolic tangent, and GELU in the form that is built on it."""

import math

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.elementwise import Elementwise


class Tanh(Elementwise):
    """`a = tanh(z)`.

    Derivative. From `tanh = sinh/cosh`: `da/dz = (cosh² − sinh²)/cosh² = 1 − a²`.
    (LeCun, Bottou, Orr & Müller, "Efficient backprop", 1998, on why zero-centred outputs help.)

    Chapter 3 of the course, docs/learn/3-forward.md, watches it saturate.
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray]]:
        """Return `tanh(Z)`, which is saved."""
        A = np.tanh(Z)
        return A, (A,)

    def derivative(self, A: FloatArray) -> FloatArray:
        """Return `1 − A²`."""
        return 1 - A**2


class GELU(Elementwise):
    """`a = ½z(1 + t)` with `t = tanh(√(2/π)·(z + 0.044715z³))`.

    Derivative. The product rule, with `dt/dz = (1 − t²)·√(2/π)·(1 + 3·0.044715z²)`: `da/dz = ½(1 + t) + ½z·dt/dz`.

    From `|z| = 10` on, t is ±1 to the last bit of a float64. There z may stand for itself cut to ±10 in t, and the cube
    never overflows. (Hendrycks & Gimpel, "Gaussian error linear units", 2016, the tanh form.)
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """Return `½Z(1 + t)`; Z, cut to ±10, and t are saved."""
        z = np.clip(Z, -10, 10)
        t = np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z**2))  # NumPy squares fast, but cubes slowly
        return 0.5 * Z * (1 + t), (z, t)

    def derivative(self, z: FloatArray, t: FloatArray) -> FloatArray:
        """Return `½(1 + t) + ½z·dt/dz`."""
        dt_dz = (1 - t**2) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z**2)
        return 0.5 * (1 + t) + 0.5 * z * dt_dz


ACTIVATIONS = {"tanh": Tanh, "gelu": GELU}
