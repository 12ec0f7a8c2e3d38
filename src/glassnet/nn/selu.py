"""SELU: an activation under which signals come to mean 0 and variance 1 by themselves."""

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.elementwise import Elementwise

LAMBDA = 1.0507009873554805  # λ and α are where mean 0 and variance 1 stay so, for z from N(0, 1)
ALPHA = 1.6732632423543772


class SELU(Elementwise):
    """`a = λz` where `z > 0`, `λα(e^z − 1)` elsewhere, with λ = 1.0507 and α = 1.6733.

    The two constants solve `E[a] = 0` and `E[a²] = 1` for z from N(0, 1). That fixed point attracts: slopes above 1 on
    the right let a small variance grow, and the flat left end damps a large one.

    Derivative: λ where `z > 0`, and `λαe^z = a + λα` elsewhere. (Klambauer, Unterthiner, Mayr & Hochreiter,
    "Self-normalizing neural networks", 2017.)
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray]]:
        """Return `λZ` where positive, `λα(e^Z − 1)` elsewhere; that is saved, for it says on which side Z was."""
        A = np.expm1(np.minimum(Z, 0))
        A *= LAMBDA * ALPHA
        A += LAMBDA * np.maximum(Z, 0)
        return A, (A,)

    def derivative(self, A: FloatArray) -> FloatArray:
        """Return λ where A is positive, `A + λα` elsewhere."""
        return np.where(A > 0, A.dtype.type(LAMBDA), A + A.dtype.type(LAMBDA * ALPHA))


ACTIVATIONS = {"selu": SELU}
