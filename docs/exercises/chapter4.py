"""Exercises of chapter 4, the backward pass: write the three parts, then `pytest docs/exercises -k chapter4`."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn

Floats = npt.NDArray[np.floating[Any]]


def dense_backward(X: Floats, W: Floats, dZ: Floats) -> tuple[Floats, Floats, Floats]:
    """Return dW, db and dX of `Z = XW + b`, given dZ; db is one row `(1, H)`."""
    raise NotImplementedError("exercise 1 of chapter 4")


def two_layer_gradients(
    X: Floats, y: npt.NDArray[np.int64], W1: Floats, b1: Floats, W2: Floats, b2: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return dW1, db1, dW2 and db2 of the mean cross-entropy of `tanh(XW1 + b1)W2 + b2`, with NumPy alone.

    The biases are rows `(1, H)` and `(1, C)`. The logits are small: a plain softmax will do.
    """
    raise NotImplementedError("exercise 2 of chapter 4")


class Softplus(nn.Module):
    """`a = ln(1 + e^z)`, a layer whose gradient check passes, and which is finite from −1000 to 1000.

    `self.save_for_backward(output, …)` keeps what backward needs, `self.saved(dout)` returns it. The slope is one
    of the activations of chapter 3.
    """

    def forward(self, X: Floats) -> Floats:
        """Return `ln(1 + e^z)`."""
        raise NotImplementedError("exercise 3 of chapter 4")

    def backward(self, dout: Floats) -> Floats:
        """Return the gradient of the input."""
        raise NotImplementedError("exercise 3 of chapter 4")
