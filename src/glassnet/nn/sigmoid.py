"""The logistic sigmoid, and SiLU, which gates its input with it."""

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.elementwise import Elementwise


def sigmoid(Z: FloatArray) -> FloatArray:
    """Return `σ(z) = 1/(1 + e^(−z))`, elementwise and without overflow.

    Multiplied through by `e^m` with `m = min(z, 0)` the fraction is `e^m/(e^m + e^(m − z))`, and `m − z = −max(z, 0)`:
    both exponents are at most 0 and one of them is 0. Tiny values stay exact instead of rounding to zero.
    """
    numerator = np.exp(np.minimum(Z, 0))
    return numerator / (numerator + np.exp(-np.maximum(Z, 0)))


class Sigmoid(Elementwise):
    """`a = σ(z)`.

    Derivative. With `a = (1 + e^(−z))^(−1)`: `da/dz = e^(−z)/(1 + e^(−z))² = a(1 − a)`, at most 1/4, and nearly 0 where
    the unit saturates, which is how gradients vanish in deep sigmoid networks.
    (Rumelhart, Hinton & Williams, 1986, used it; Hochreiter, 1991, and Glorot & Bengio, 2010, on how it vanishes.)

    Chapter 3 of the course, docs/learn/3-forward.md, has it beside the others.
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray]]:
        """Return `σ(Z)`, which is saved."""
        A = sigmoid(Z)
        return A, (A,)

    def derivative(self, A: FloatArray) -> FloatArray:
        """Return `A(1 − A)`."""
        return A * (1 - A)


class SiLU(Elementwise):
    """`a = z·σ(z)`. Also called swish.

    Derivative. The product rule with `σ' = σ(1 − σ)`: `da/dz = σ + zσ(1 − σ) = σ(1 + z(1 − σ))`. (Elfwing, Uchibe &
    Doya, "Sigmoid-weighted linear units for neural network function approximation", 2018.)
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """Return `Z · σ(Z)`; Z and σ(Z) are saved."""
        S = sigmoid(Z)
        return Z * S, (Z, S)

    def derivative(self, Z: FloatArray, S: FloatArray) -> FloatArray:
        """Return `σ(1 + Z(1 − σ))`."""
        return S * (1 + Z * (1 - S))


ACTIVATIONS = {"sigmoid": Sigmoid, "silu": SiLU}
