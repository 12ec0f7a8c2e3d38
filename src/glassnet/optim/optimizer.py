"""What every optimizer has in common: the flat vector, the step count and its saved state."""

import math
from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np

from glassnet.compiled import fastest
from glassnet.nn import FloatArray, Parameter
from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_number
from glassnet.optim import denormals
from glassnet.optim.flat import FlatVector, aligned_zeros

BLOCK = 32_768  # values that an update treats at a time, so that its temporaries stay in the cache


class Optimizer:
    """Moves parameters along their gradients; a subclass says how, in `update`.

    Chapter 6 of the course, docs/learn/6-framework.md, writes one of its own.

    Attributes:
        learning_rate: the factor of every step; a schedule may assign to it between steps. For a parameter with a
            `rate_factor` other than 1 it is multiplied by that.
        weight_decay: λ of a decoupled weight decay; 0 where an optimizer has none.
        steps: how many updates were made, counting the one that is under way.
        slots: one vector `(P,)` for each name in `slot_names`, such as a running average of the gradient.
    """

    slot_names: ClassVar[tuple[str, ...]] = ()
    weight_decay: float = 0.0

    def __init__(self, parameters: Iterable[Parameter], learning_rate: float) -> None:
        """Lay the parameters end to end (see `FlatVector`) and start every slot at zero."""
        self.learning_rate = check_number(
            type(self).__name__, "learning_rate", learning_rate, 0, math.inf, low_open=True
        )
        self.flat = FlatVector.of(parameters)
        self.steps = 0
        size, dtype = self.flat.data.size, self.flat.data.dtype
        self.slots: dict[str, FloatArray] = {name: aligned_zeros(size, dtype) for name in self.slot_names}

    def update(self, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
        """Update the values W in place from their gradients g and their part of each slot, all `(n,)`.

        No element depends on another: an update may be made part by part.
        """
        raise NotImplementedError(f"{type(self).__name__}: expected an update(W, g, *slots) of its own, found none")

    def zero_grad(self) -> None:
        """Start the sum of every gradient again, at zero."""
        self.flat.grad.fill(0)

    def step(self) -> None:
        """Make one update from the accumulated gradients."""
        gradient = self.flat.grad
        self.steps += 1
        self.update_part(0, gradient.size, gradient)

    def update_part(self, start: int, stop: int, gradient: FloatArray) -> None:
        """Update the elements from `start` to `stop` of the flat vectors; several processes may each do a part.

        Args:
            start: the first element.
            stop: the one after the last.
            gradient: the gradient of all elements, `(P,)`.
        """
        arrays = [self.flat.data, gradient, *self.vectors()]
        update, block = fastest(type(self).update, gradient, BLOCK)
        rate = self.learning_rate
        try:
            for part, factor in self.flat.groups(start, stop):
                self.learning_rate = rate * factor
                for first in range(part.start, part.stop, block):
                    update(self, *(array[first : min(first + block, part.stop)] for array in arrays))
        finally:
            self.learning_rate = rate
        if self.steps % denormals.EVERY == 0:
            for slot in self.slots.values():
                denormals.flush_slot(slot[start:stop])

    def vectors(self) -> tuple[FloatArray, ...]:
        """Return what `update` is given besides values and gradients: the slots."""
        return tuple(self.slots.values())

    def state_dict(self) -> dict[str, FloatArray]:
        """Return copies of the slots and the step count: with parameters and settings, all that the next steps need.

        The learning rate is a setting, and not among them: whoever changes it, such as a schedule, sets it again.
        """
        return {**{name: slot.copy() for name, slot in self.slots.items()}, "steps": np.array([self.steps], np.float64)}

    def load_state_dict(self, state: Mapping[str, FloatArray]) -> None:
        """Restore what `state_dict` returned; strict, and all or nothing.

        Raises:
            ValueError: listing every missing, extra or misshapen entry.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"{type(self).__name__}: expected a state as arrays by name, received {describe(state)}")
        own = self.state_dict()
        problems = [f"missing {name}" for name in own if name not in state]
        problems += [f"unexpected {name}" for name in state if name not in own]
        problems += [
            f"{name}: expected {describe(array)}, received {describe(state[name])}"
            for name, array in own.items()
            if name in state and not _fits(state[name], array)
        ]
        if not problems and not (state["steps"][0] >= 0 and float(state["steps"][0]).is_integer()):
            problems.append(f"steps: expected a whole number of 0 or more, received {state['steps'][0]}")
        if problems:
            raise ValueError(f"{type(self).__name__}: the state does not fit: " + "; ".join(problems))
        for name, slot in self.slots.items():
            np.copyto(slot, state[name])
        self.steps = int(state["steps"][0])


def _fits(value: object, array: FloatArray) -> bool:
    return isinstance(value, np.ndarray) and value.shape == array.shape and value.dtype == array.dtype
