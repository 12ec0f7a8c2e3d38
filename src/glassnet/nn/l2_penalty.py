"""The L2 penalty: a price on large weights, a term of its own beside the data loss."""

import math
from collections.abc import Iterable

import numpy as np

from glassnet.nn.checks import check_number
from glassnet.nn.parameter import Parameter


class L2Penalty:
    """`½λ Σ W²` over the weights: parameters with `weight_decay`; biases, scales and shifts go free.

    Backward. `∂(½λw²)/∂w = λw`, added to the gradient that the data loss left in each weight: the training then
    descends the sum of both. For plain SGD that is the same as shrinking each weight by the factor `1 − ηλ` at every
    step ("weight decay"); for Adam it is not, because it divides λw by the size of the gradients too: see `AdamW`.
    The ½ is there so that the derivative carries no 2. (Hoerl & Kennard, "Ridge regression", 1970; Krogh & Hertz,
    "A simple weight decay can improve generalization", 1991.)

    Chapter 5 of the course, docs/learn/5-reliable-training.md, shows what it is for.
    """

    def __init__(self, coefficient: float) -> None:
        """Set λ, 0 or more."""
        self.coefficient = check_number("L2Penalty", "coefficient", coefficient, 0, math.inf)

    def forward(self, parameters: Iterable[Parameter]) -> float:
        """Return `½λ Σ W²`, summed in float64."""
        squares = (float(np.sum(np.square(p.data, dtype=np.float64))) for p in parameters if p.weight_decay)
        return 0.5 * self.coefficient * math.fsum(squares)

    def backward(self, parameters: Iterable[Parameter]) -> None:
        """Add `λW` to the gradient of each weight."""
        for parameter in parameters:
            if parameter.weight_decay:
                parameter.accumulate(self.coefficient * parameter.data)

    def __repr__(self) -> str:
        return f"L2Penalty({self.coefficient:g})"
