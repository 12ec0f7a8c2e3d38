"""Exercises of chapter 2, shapes and linear algebra: write the functions, then `pytest docs/exercises -k chapter2`."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def affine(X: Floats, W: Floats, b: Floats) -> Floats:
    """Return `XW + b` for `X (N, D)`, `W (D, H)` and `b (1, H)`.

    Raises:
        ValueError: if any shape is another, `b` of shape `(H,)` or `(N, 1)` for example. Nothing is stretched but the
            one row of b.
    """
    raise NotImplementedError("exercise 1 of chapter 2")


def mean_absolute_error_gradient(Z: Floats, T: Floats) -> Floats:
    """Return the derivative of `(1/N) Σ_n |z_n − t_n|` by Z, for `Z (N, 1)` and `T (N, 1)`; 0 where z = t."""
    raise NotImplementedError("exercise 2 of chapter 2")


def fit_line(x: Floats, t: Floats) -> tuple[float, float]:
    """Return the w and b with the smallest mean squared error of `xw + b` against t, found by gradient descent.

    Both are columns `(N, 1)`, the entries of x between −1 and 1. Begin anywhere, choose the rate and the number of
    steps, and come within 1e−6 of the best there is.
    """
    raise NotImplementedError("exercise 3 of chapter 2")
