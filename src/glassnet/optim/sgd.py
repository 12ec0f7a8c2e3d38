"""Stochastic gradient descent, plain, with momentum, and with Nesterov's look ahead."""

from collections.abc import Iterable

from glassnet.nn import FloatArray, Parameter
from glassnet.nn.checks import check_number
from glassnet.nn.ranges import HalfOpenFraction, Positive
from glassnet.optim.optimizer import Optimizer


class SGD(Optimizer):
    """`W ← W − η·g`; with momentum β: `v ← βv + (1 − β)g`, `W ← W − η·v`, starting from `v = 0`.

    Why it descends: to first order `ℓ(W + ΔW) ≈ ℓ(W) + g·ΔW`, which for a step of given length falls fastest along
    `−g`. The momentum v is an average of the gradients with weights `(1 − β)β^k`, k steps back, which after t steps
    sum to `1 − β^t`, soon 1: what the batches disagree on cancels, what they share stays, and η keeps its meaning
    whatever β is. (Polyak, 1964.)

    Nesterov: `W ← W − η(βv + (1 − β)g)` with the v just updated: the step that the *next* velocity would take if the
    gradient stayed the same (Sutskever, Martens, Dahl & Hinton, "On the importance of initialization and momentum in
    deep learning", 2013).

    Chapter 4 of the course, docs/learn/4-backward.md, learns spirals with it.
    """

    slot_names = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: Positive,
        momentum: HalfOpenFraction = 0.0,
        nesterov: bool = False,
    ) -> None:
        """Set η > 0 and β in [0, 1); Nesterov needs a β above 0.

        Args:
            parameters: what it moves.
            learning_rate: η, above 0.
            momentum: β, how much of the average of the gradients stays at each step; 0 for plain gradient descent.
            nesterov: whether the step is the one that the next average would take.
        """
        super().__init__(parameters, learning_rate)
        self.momentum = check_number("SGD", "momentum", momentum, 0, 1)
        if nesterov and self.momentum == 0:
            raise ValueError("SGD: expected momentum above 0 with nesterov=True, received momentum=0")
        self.nesterov = nesterov

    def update(self, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
        """Step along the gradient, or along its running average v."""
        eta, beta, (v,) = self.learning_rate, self.momentum, slots
        if beta == 0:
            W -= eta * g
            return
        v[:] = beta * v + (1 - beta) * g
        W -= eta * (beta * v + (1 - beta) * g) if self.nesterov else eta * v


OPTIMIZERS = {"sgd": SGD}
