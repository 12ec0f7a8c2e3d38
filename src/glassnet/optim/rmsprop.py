"""RMSProp: each parameter's step is divided by the recent size of its gradients."""

from collections.abc import Iterable

import numpy as np

from glassnet.nn import FloatArray, Parameter
from glassnet.nn.checks import check_eps, check_number
from glassnet.nn.ranges import HalfOpenFraction, Positive
from glassnet.optim.optimizer import Optimizer


class RMSProp(Optimizer):
    """`s ← βs + (1 − β)g²`, `W ← W − η·g/(√s + ε)`, starting from `s = 0`.

    Why: where gradients have the size G, `√s ≈ G`, so the step is about η whatever G is, and parameters with steep and
    with flat directions of the loss move at the same pace. From zero, the first s is too small by the factor `1 − β`,
    so the first steps are larger, by up to `1/√(1 − β)`: Adam adds the correction. (Hinton, Srivastava & Swersky,
    "Neural networks for machine learning", lecture 6e, 2012.)

    Chapter 5 of the course, docs/learn/5-reliable-training.md, goes from momentum to Adam by way of it.
    """

    slot_names = ("square",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: Positive = 1e-3,
        beta: HalfOpenFraction = 0.9,
        eps: Positive = 1e-8,
    ) -> None:
        """Set η > 0, β in [0, 1) and ε > 0.

        Args:
            parameters: what it moves.
            learning_rate: η, above 0.
            beta: β, how much of the average of the squares stays at each step.
            eps: ε, what keeps the division from one by 0.
        """
        super().__init__(parameters, learning_rate)
        self.beta = check_number("RMSProp", "beta", beta, 0, 1)
        self.eps = check_eps("RMSProp", eps, self.flat.data.dtype)

    def update(self, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
        """Step along the gradient over the root of its mean square s."""
        eta, beta, eps, (s,) = self.learning_rate, self.beta, self.eps, slots
        s[:] = beta * s + (1 - beta) * g**2
        W -= eta * g / (np.sqrt(s) + eps)


OPTIMIZERS = {"rmsprop": RMSProp}
