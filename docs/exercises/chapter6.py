"""Exercises of chapter 6, the framework: write the three classes, then `pytest docs/exercises -k chapter6`."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn, optim, training

Floats = npt.NDArray[np.floating[Any]]


class PReLU(nn.Module):
    """`a = z` where `z > 0`, `s·z` elsewhere: a ReLU that learns its slope on the left, one for each feature."""

    def __init__(self, features: int) -> None:
        """Make the parameter `s (1, features)`, float32, which begins at 0.25."""
        raise NotImplementedError("exercise 1 of chapter 6")

    def forward(self, X: Floats) -> Floats:
        """Return the outputs `(N, D)`."""
        raise NotImplementedError("exercise 1 of chapter 6")

    def backward(self, dout: Floats) -> Floats:
        """Add the gradient of s, and return that of the input."""
        raise NotImplementedError("exercise 1 of chapter 6")


class HeavyBall(optim.Optimizer):
    """`v ← βv + g`, `W ← W − η·v`, from `v = 0`; v is a slot, named in `slot_names`."""

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float, momentum: float = 0.9) -> None:
        """Set η and β."""
        raise NotImplementedError("exercise 2 of chapter 6")

    def update(self, W: Floats, g: Floats, *slots: Floats) -> None:
        """Change v and W in place."""
        raise NotImplementedError("exercise 2 of chapter 6")


class StopAtAccuracy(training.Callback):
    """Ends a training after the first epoch whose validation accuracy is `goal` or more.

    Which hook to write? `run.history[-1]` is the row of the last epoch, `run.stop("why")` ends the training.
    """

    def __init__(self, goal: float) -> None:
        """Set the accuracy to reach."""
        raise NotImplementedError("exercise 3 of chapter 6")
