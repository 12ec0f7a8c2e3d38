"""Bounds the gradient before each update."""

import math

from glassnet.nn.checks import check_number
from glassnet.optim import clip_gradient_norm, clip_gradient_value
from glassnet.training.run import Callback, TrainingRun


class GradientClipping(Callback):
    """Bounds the gradient's global norm, or each of its values, before each update."""

    def __init__(self, max_norm: float | None = None, *, max_value: float | None = None) -> None:
        """Bound the norm by `max_norm`, each value by `max_value`, or both, the values first."""
        if max_norm is None and max_value is None:
            raise ValueError("GradientClipping: expected max_norm, max_value or both, received neither")
        self.max_norm = None if max_norm is None else _bound("max_norm", max_norm)
        self.max_value = None if max_value is None else _bound("max_value", max_value)

    def on_gradients_ready(self, run: TrainingRun) -> None:
        """Clip; the norm that the history records is the one before clipping."""
        if self.max_value is not None:
            clip_gradient_value(run.parameters, self.max_value)
        if self.max_norm is not None:
            clip_gradient_norm(run.parameters, self.max_norm)


def _bound(name: str, value: float) -> float:
    return check_number("GradientClipping", name, value, 0, math.inf, low_open=True)
