"""Exercises of chapter 3, the forward pass: write the three functions, then `pytest docs/exercises -k chapter3`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def softplus(Z: Floats) -> Floats:
    """Return `ln(1 + e^z)` for each entry: finite, and without a warning, from −1000 to 1000.

    Hint: what may be factored out of `1 + e^z` where z is large? `np.logaddexp` would do all of it; do without.
    """
    raise NotImplementedError("exercise 1 of chapter 3")


def forward(X: Floats, layers: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Return the logits of a network with ReLU between its layers, and none after the last.

    Args:
        X: the batch `(N, D)`.
        layers: for each layer its weights and its biases, `(D, H)` and `(1, H)`.
    """
    raise NotImplementedError("exercise 2 of chapter 3")


def saturated_share(A: Floats, margin: float = 1e-3) -> float:
    """Return the fraction of the tanh outputs `A (N, H)` that lie closer than `margin` to −1 or 1."""
    raise NotImplementedError("exercise 3 of chapter 3")
