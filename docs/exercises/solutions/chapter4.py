"""Solutions of chapter 4, the backward pass."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.nn.sigmoid import sigmoid

Floats = npt.NDArray[np.floating[Any]]


def dense_backward(X: Floats, W: Floats, dZ: Floats) -> tuple[Floats, Floats, Floats]:
    """Return `XᵀdZ`, `Σ_n dZ` and `dZWᵀ`."""
    return X.T @ dZ, dZ.sum(axis=0, keepdims=True), dZ @ W.T


def two_layer_gradients(
    X: Floats, y: npt.NDArray[np.int64], W1: Floats, b1: Floats, W2: Floats, b2: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Go forward, and then back: `dZ2 = (P − Y)/N`, through the layer, through tanh, through the layer."""
    A1 = np.tanh(X @ W1 + b1)
    E = np.exp(A1 @ W2 + b2)
    dZ2 = (E / E.sum(axis=1, keepdims=True) - np.eye(W2.shape[1])[y]) / len(X)
    dW2, db2, dA1 = dense_backward(A1, W2, dZ2)
    dW1, db1, _ = dense_backward(X, W1, dA1 * (1 - A1**2))
    return dW1, db1, dW2, db2


class Softplus(nn.Module):
    """`a = ln(1 + e^z)`, whose slope is `e^z/(1 + e^z)`, the sigmoid."""

    def forward(self, X: Floats) -> Floats:
        """Return `max(0, z) + ln(1 + e^(−|z|))`."""
        A = np.maximum(0, X) + np.log1p(np.exp(-np.abs(X)))
        self.save_for_backward(A, X)
        return A

    def backward(self, dout: Floats) -> Floats:
        """Return `dout · σ(z)`."""
        (Z,) = self.saved(dout)
        return dout * sigmoid(Z)
