"""Adam, which scales each parameter's step by how large its gradients have been, and AdamW, with decoupled decay."""

import math
from collections.abc import Iterable
from typing import Annotated, TypeAlias

import numpy as np

from glassnet.nn import FloatArray, Parameter
from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_eps, check_number
from glassnet.nn.ranges import HalfOpenFraction, InParts, NotNegative, Positive
from glassnet.optim.optimizer import Optimizer

Betas: TypeAlias = Annotated[tuple[HalfOpenFraction, HalfOpenFraction], InParts(("beta1", "beta2"))]


class Adam(Optimizer):
    """`m ← β₁m + (1 − β₁)g`, `v ← β₂v + (1 − β₂)g²`, `W ← W − η·m̂/(√v̂ + ε)`, with m̂ and v̂ corrected for their bias.

    Derivation of the correction: from zero, after t updates `m = (1 − β₁) Σ_{i≤t} β₁^(t−i) g_i`. If the gradients have
    mean `E[g]`, then `E[m] = E[g]·(1 − β₁) Σ β₁^(t−i) = E[g]·(1 − β₁^t)`: too small by the factor `1 − β₁^t`. Hence
    `m̂ = m/(1 − β₁^t)` and likewise `v̂ = v/(1 − β₂^t)`, with t counted per update. (Kingma & Ba, "Adam: a method for
    stochastic optimization", 2015.)

    How far a step goes: the ratio `m̂/√v̂` does not change when the loss is multiplied by a constant above 0. Where
    gradients keep their size it is at most about 1, and a weight moves by η at most. Where one comes after many of 0 it
    is `(1 − β₁)/√(1 − β₂)`, 3.2 by default; the paper, in section 2.1, takes that for the bound of every step. Where
    they grow by the factor `β₂/β₁` from step to step it nears `(1 − β₁)/√((1 − β₂)(1 − β₁²/β₂))`, 7.3 by default, and
    by the inequality of Cauchy and Schwarz, for m̂ and v̂ as weighted sums, no gradients make it larger.

    Chapter 5 of the course, docs/learn/5-reliable-training.md, goes from momentum to it.
    """

    slot_names = ("first_moment", "second_moment")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: Positive = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: Positive = 1e-8,
    ) -> None:
        """Set η > 0, both β in [0, 1) and ε > 0.

        Args:
            parameters: what it moves.
            learning_rate: η, above 0.
            betas: β₁ and β₂, how much of the averages of the gradients and of their squares stays at each step.
            eps: ε, what keeps the division from one by 0.
        """
        super().__init__(parameters, learning_rate)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(f"Adam: expected betas=(beta1, beta2), received {describe(betas)}")
        self.betas = (check_number("Adam", "beta1", betas[0], 0, 1), check_number("Adam", "beta2", betas[1], 0, 1))
        self.eps = check_eps("Adam", eps, self.flat.data.dtype)

    def update(self, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
        """Step along the mean of the gradients over the root of their mean square, both corrected for their bias."""
        (beta1, beta2), t, (m, v) = self.betas, self.steps, slots
        m[:] = beta1 * m + (1 - beta1) * g
        v[:] = beta2 * v + (1 - beta2) * g**2
        m_hat = 1 / (1 - beta1**t) * m  # the division is of two numbers, not of each element
        v_hat = 1 / (1 - beta2**t) * v
        W -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamW(Adam):
    """`W ← W − ηλW` for weights, then Adam's step, then `W ← sign(W)·max(|W| − ηλ₁, 0)`: decay apart from the gradient.

    Why apart ("decoupled"): an L2 penalty puts λw into the gradient g, and Adam divides g by `√v̂`, so that weights
    with large gradients are shrunk less than others, the opposite of what is wanted. Taken out of the gradient,
    decay shrinks every weight by the same factor `1 − ηλ` at each step, which is what the penalty does in plain
    SGD. Biases and the scales and shifts of normalization (`Parameter.weight_decay` is false) are left alone.
    (Loshchilov & Hutter, "Decoupled weight decay regularization", 2019.)

    Derivation of the last step: a penalty `λ₁ Σ|w|` has no gradient at 0, where it is to bring weights, so that
    steps along ±λ₁ would go back and forth across it. What replaces the step is the point that weighs the penalty
    against the distance to u, the weight after Adam's step: `argmin_w ηλ₁|w| + ½(w − u)²`. For w > 0 its derivative
    `ηλ₁ + w − u` is 0 at `w = u − ηλ₁`, which is above 0 if u > ηλ₁; for w < 0 likewise `w = u + ηλ₁` if u < −ηλ₁;
    between them the minimum is the kink, `w = 0`. The three are one expression, `u − clip(u, −ηλ₁, ηλ₁)`. (The
    proximal operator of the absolute value, "soft thresholding": Parikh & Boyd, "Proximal algorithms", 2014,
    section 6.5.2. Why weights of 0: Neyshabur, "Towards learning convolutions from scratch", 2020, where dense
    layers on images become sparse and local so.) A weight whose gradient is not 0 is moved off again,
    by about η: many weights end near 0, few at it.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: Positive = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: Positive = 1e-8,
        weight_decay: NotNegative = 1e-2,
        l1_decay: NotNegative = 0.0,
    ) -> None:
        """Set η > 0, both β in [0, 1), ε > 0, and λ and λ₁, 0 or more.

        Args:
            parameters: what it moves.
            learning_rate: η, above 0.
            betas: β₁ and β₂, how much of the averages of the gradients and of their squares stays at each step.
            eps: ε, what keeps the division from one by 0.
            weight_decay: λ, by which fraction of itself, times η, each weight shrinks at a step.
            l1_decay: λ₁, by how much, times η, each weight comes nearer to 0 at a step, and not past it.
        """
        super().__init__(parameters, learning_rate, betas, eps)
        self.weight_decay = check_number("AdamW", "weight_decay", weight_decay, 0, math.inf)
        self.l1_decay = check_number("AdamW", "l1_decay", l1_decay, 0, math.inf)
        self._decaying = self.flat.weight_decay()

    def update(self, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
        """Shrink the weights, where `D = 1`, and leave other parameters, where `D = 0`; as Adam; then towards 0."""
        *moments, D = slots
        W -= self.learning_rate * self.weight_decay * D * W
        super().update(W, g, *moments)
        if self.l1_decay:
            limit = self.learning_rate * self.l1_decay * D
            W -= np.clip(W, -limit, limit)

    def vectors(self) -> tuple[FloatArray, ...]:
        """Return the moments, and D."""
        return (*super().vectors(), self._decaying)


OPTIMIZERS = {"adam": Adam, "adamw": AdamW}
