"""Exercises of chapter 5, reliable training: write the three functions, then `pytest docs/exercises -k chapter5`."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def he_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Floats:
    """Return weights `(fan_in, fan_out)` from a normal distribution, of the size that keeps a ReLU network's signal."""
    raise NotImplementedError("exercise 1 of chapter 5")


def adam_step(
    W: Floats, g: Floats, m: Floats, v: Floats, t: int, learning_rate: float
) -> tuple[Floats, Floats, Floats]:
    """Return W, m and v after one update of Adam, with β₁ = 0.9, β₂ = 0.999 and ε = 1e−8.

    Args:
        W: the weights.
        g: their gradient.
        m: the running average of the gradients so far.
        v: that of their squares.
        t: the number of this update, from 1.
        learning_rate: η.
    """
    raise NotImplementedError("exercise 2 of chapter 5")


def inverted_dropout(X: Floats, p: float, rng: np.random.Generator, *, training: bool) -> Floats:
    """Return X with each entry silenced with probability p and the others enlarged so that the mean stays.

    In evaluation X comes back as it is.
    """
    raise NotImplementedError("exercise 3 of chapter 5")
