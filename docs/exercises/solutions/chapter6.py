"""Solutions of chapter 6, the framework."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn, optim, training

Floats = npt.NDArray[np.floating[Any]]


class PReLU(nn.Module):
    """A ReLU with learnt slopes on the left; every example uses the same s, hence the sum in `ds = Σ_n dY·min(0, X)`.

    (He, Zhang, Ren & Sun, "Delving deep into rectifiers", 2015.)
    """

    def __init__(self, features: int) -> None:
        """Begin with slopes of a quarter."""
        self.s = nn.Parameter(np.full((1, features), 0.25, np.float32), "s")

    def forward(self, X: Floats) -> Floats:
        """Return `max(0, X) + s·min(0, X)`."""
        Y = np.maximum(0, X) + self.s.data * np.minimum(0, X)
        self.save_for_backward(Y, X)
        return Y

    def backward(self, dout: Floats) -> Floats:
        """Add `ds`, and return `dX`: dY where `x > 0`, `s·dY` elsewhere."""
        (X,) = self.saved(dout)
        self.s.accumulate((dout * np.minimum(0, X)).sum(axis=0, keepdims=True))
        return np.where(X > 0, dout, self.s.data * dout)


class HeavyBall(optim.Optimizer):
    """`v ← βv + g`, `W ← W − η·v`."""

    slot_names = ("velocity",)

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float, momentum: float = 0.9) -> None:
        """Set η and β."""
        super().__init__(parameters, learning_rate)
        self.momentum = momentum

    def update(self, W: Floats, g: Floats, *slots: Floats) -> None:
        """Step along the velocity."""
        (v,) = slots
        v[:] = self.momentum * v + g
        W -= self.learning_rate * v


class StopAtAccuracy(training.Callback):
    """Ends a training that is good enough."""

    def __init__(self, goal: float) -> None:
        """Set the accuracy to reach."""
        self.goal = goal

    def on_epoch_end(self, run: training.TrainingRun) -> None:
        """Look at the epoch that has just ended."""
        if run.history[-1]["validation_accuracy"] >= self.goal:
            run.stop(f"the validation accuracy is {self.goal} or more")
