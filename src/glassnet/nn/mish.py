"""Mish: a smooth activation that, like SiLU, lets small negative inputs through."""

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.elementwise import Elementwise


class Mish(Elementwise):
    """`a = z·tanh(softplus(z))` with `softplus(z) = log(1 + e^z)`.

    In exponentials. With `u = 1 + e^z`, `tanh(log u) = (u² − 1)/(u² + 1)`. Written with `e = e^z` that is
    `t = n/(n + 2)` with `n = e(e + 2)`, and 1 where e is large: one exponential, no logarithm.

    Derivative. The product rule, with `dt/dz = (1 − t²)·σ(z)`, since softplus has the derivative `σ(z) = e/(1 + e)`:
    `da/dz = t + z(1 − t²)σ(z)`. (Misra, "Mish: a self regularized non-monotonic activation function", 2020.)
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray, FloatArray, FloatArray]]:
        """Return `Z·t`; Z, t and `e^Z` are saved. From z = 20 on t is 1 to the last bit, and e may stop growing."""
        E = np.exp(np.minimum(Z, 20))
        n = E * (E + 2)
        t = n / (n + 2)
        return Z * t, (Z, t, E)

    def derivative(self, Z: FloatArray, t: FloatArray, E: FloatArray) -> FloatArray:
        """Return `t + Z(1 − t²)σ(Z)`."""
        return t + Z * (1 - t**2) * (E / (1 + E))


ACTIVATIONS = {"mish": Mish}
