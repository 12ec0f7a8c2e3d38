"""Rectifiers: ReLU, which passes what is positive, and LeakyReLU, which lets a little of the rest through."""

import math

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_number
from glassnet.nn.elementwise import Elementwise


class ReLU(Elementwise):
    """`a = max(0, z)`.

    Derivative: 1 where `z > 0` and 0 where `z < 0`; at the kink we take 0, one of its subgradients. `a > 0` says the
    same as `z > 0`, so the output is all that must be saved.
    (Nair & Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.)

    Chapter 3 of the course, docs/learn/3-forward.md, shows what one bend is good for.
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray]]:
        """Return `max(0, Z)`, which is saved."""
        A = np.maximum(0, Z)
        return A, (A,)

    def derivative(self, A: FloatArray) -> FloatArray:
        """Return 1 where the output was positive, 0 elsewhere."""
        return (A > 0).astype(A.dtype)


class LeakyReLU(Elementwise):
    """`a = z` where `z > 0`, `negative_slope · z` elsewhere.

    Derivative: 1 where `z > 0` and `negative_slope` elsewhere: above 0, it leaves no unit wholly dead.
    (Maas, Hannun & Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.)
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        """Set the slope left of zero; a finite number of 0 or more."""
        self.negative_slope = check_number("LeakyReLU", "negative_slope", negative_slope, 0, math.inf)

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[FloatArray]]:
        """Return `Z` where positive, `negative_slope · Z` elsewhere; Z is saved."""
        return np.where(Z > 0, Z, self.negative_slope * Z), (Z,)

    def derivative(self, Z: FloatArray) -> FloatArray:
        """Return 1 where the input was positive, `negative_slope` elsewhere."""
        return np.where(Z > 0, Z.dtype.type(1), Z.dtype.type(self.negative_slope))

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope})"


ACTIVATIONS = {"relu": ReLU, "leaky_relu": LeakyReLU}
