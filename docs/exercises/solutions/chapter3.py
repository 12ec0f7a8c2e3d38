"""Solutions of chapter 3, the forward pass."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def softplus(Z: Floats) -> Floats:
    """Return `max(0, z) + ln(1 + e^(−|z|))`: with e^z factored out where z > 0, no exponent is above 0."""
    return np.maximum(0, Z) + np.log1p(np.exp(-np.abs(Z)))


def forward(X: Floats, layers: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Return the logits: an affine layer after each other, with ReLU in front of all but the first."""
    for number, (W, b) in enumerate(layers):
        X = (np.maximum(0, X) if number else X) @ W + b
    return X


def saturated_share(A: Floats, margin: float = 1e-3) -> float:
    """Return the mean of a truth value, which is a share."""
    return float(np.mean(np.abs(A) > 1 - margin))
