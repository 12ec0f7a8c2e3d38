"""What every optimizer has in common: the flat vector, the step count and its saved state."""

import math
from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np

from glassnet.buffers import aligned_zeros
from glassnet.nn import FloatArray, Parameter
from glassnet.nn.arrays import check_number, describe
from glassnet.optim.flat import FlatVector

# Values that an update treats at a time, so that the scratch memory is small. Each of Adam's ten calls costs half a
# microsecond besides its work: for 109,000 values, blocks of 16,384 took 152 µs, one block 118.
BLOCK = 131_072


class Optimizer:
    """Moves parameters along their gradients; a subclass says how, in `update`.

    Attributes:
        learning_rate: the factor of every step; a schedule may assign to it between steps.
        weight_decay: λ of a decoupled weight decay; 0 where an optimizer has none.
        steps: how many updates were made.
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
        self._scratch = aligned_zeros(min(BLOCK, size), dtype)

    def zero_grad(self) -> None:
        """Count every gradient as zero from here on."""
        self.flat.zero_grad()

    def step(self) -> None:
        """Make one update from the accumulated gradients."""
        gradient = self.flat.grad
        self.steps += 1
        self.before_update()
        self.update_part(0, gradient.size, gradient)

    def before_update(self) -> None:
        """Compute the numbers that are the same for all elements in this step; by default there are none."""

    def update_part(self, start: int, stop: int, gradient: FloatArray) -> None:
        """Update the elements from `start` to `stop` of the flat vectors, block by block.

        An element's update depends on no other element: several processes may each update a part.

        Args:
            start: the first element.
            stop: the one after the last.
            gradient: the gradient of all elements, `(P,)`.
        """
        arrays = (self.flat.data, gradient, *self.slots.values())
        for first in range(start, stop, BLOCK):
            block = slice(first, min(first + BLOCK, stop))
            data, *others = (array[block] for array in arrays)
            self.update(data, *others, scratch=self._scratch[: data.size])

    def update(self, data: FloatArray, gradient: FloatArray, *slots: FloatArray, scratch: FloatArray) -> None:
        """Update a block of the flat vectors in place; `scratch` is memory of the same size, to write over."""
        raise NotImplementedError

    def check_eps(self, eps: float) -> float:
        """Return `eps` if it is a positive number that the parameters' dtype can hold."""
        info = np.finfo(self.flat.data.dtype)
        return check_number(type(self).__name__, "eps", eps, float(info.tiny), float(info.max))

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
