"""Adam, which scales each parameter's step by how large its gradients have been, and AdamW, with weight decay."""

import math
from collections.abc import Iterable

import numpy as np

from glassnet.nn import FloatArray, Parameter
from glassnet.nn.arrays import check_number, describe
from glassnet.optim.optimizer import Optimizer


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

    Implementation: the slots hold `M = m/(1 − β₁)` and `V = v/(1 − β₂)`, so that an update of the moments is one
    multiplication and one addition each. With `c = √((1 − β₂)/(1 − β₂^t))`, `√v̂ = c√V`, and the step is
    `η(1 − β₁)/((1 − β₁^t)·c) · M/(√V + ε/c)`: the same numbers with the constants gathered into two scalars. V leaves
    the range of its dtype before v does: in float32 a weight stops where its gradients stay above 6·10¹⁷.
    """

    slot_names = ("first_moment", "second_moment")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        """Set η > 0, both β in [0, 1) and ε > 0."""
        super().__init__(parameters, learning_rate)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(f"Adam: expected betas=(beta1, beta2), received {describe(betas)}")
        self.betas = (check_number("Adam", "beta1", betas[0], 0, 1), check_number("Adam", "beta2", betas[1], 0, 1))
        self.eps = self.check_eps(eps)

    def before_update(self) -> None:
        """Gather the constants of this step into two scalars."""
        beta1, beta2 = self.betas
        c = math.sqrt((1 - beta2) / (1 - beta2**self.steps))
        self._step_size = self.learning_rate * (1 - beta1) / ((1 - beta1**self.steps) * c)
        self._scaled_eps = self.eps / c

    def update(self, data: FloatArray, gradient: FloatArray, *slots: FloatArray, scratch: FloatArray) -> None:
        """Update one block in place."""
        M, V = slots
        M *= self.betas[0]
        M += gradient
        V *= self.betas[1]
        V += np.multiply(gradient, gradient, out=scratch)
        np.sqrt(V, out=scratch)
        scratch += self._scaled_eps
        np.divide(M, scratch, out=scratch)
        scratch *= self._step_size
        data -= scratch


class AdamW(Adam):
    """`W ← W − ηλW` for weights, and then Adam's step: weight decay apart from the gradient ("decoupled").

    Why apart: an L2 penalty puts λw into the gradient g, and Adam divides g by `√v̂`, so that weights with large
    gradients are shrunk less than others, the opposite of what is wanted. Taken out of the gradient, decay shrinks
    every weight by the same factor `1 − ηλ` at each step, which is what the penalty does in plain SGD. Biases and the
    scales and shifts of normalization (`decays` is false) are left alone. (Loshchilov & Hutter, "Decoupled weight
    decay regularization", 2019.)
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        """Set η > 0, both β in [0, 1), ε > 0 and λ, 0 or more."""
        super().__init__(parameters, learning_rate, betas, eps)
        self.weight_decay = check_number("AdamW", "weight_decay", weight_decay, 0, math.inf)

    def update_part(self, start: int, stop: int, gradient: FloatArray) -> None:
        """Shrink the weights by `1 − ηλ`; then as Adam."""
        if self.weight_decay:
            for parameter, place in zip(self.flat.parameters, self.flat.places, strict=True):
                if parameter.decays:
                    weights = self.flat.data[max(start, place.start) : min(stop, place.stop)]
                    weights *= 1 - self.learning_rate * self.weight_decay
        super().update_part(start, stop, gradient)
