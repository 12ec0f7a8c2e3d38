"""What a callback remembers of an interrupted training: arrays, and what JSON can hold, by name."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.files import JsonValue
from glassnet.nn import FloatArray
from glassnet.nn.arrays import describe

State: TypeAlias = "dict[str, npt.NDArray[Any] | JsonValue]"
"""The type of what a callback saves: arrays, and what JSON can hold, by name."""


def number_in(state: State, name: str) -> float:
    """Return a number of a state.

    Raises:
        ValueError: if there is none of that name.
    """
    value = state.get(name)
    if not isinstance(value, int | float):
        raise ValueError(f"checkpoint: expected a number as {name!r} of a callback's state, received {describe(value)}")
    return value


def arrays_below(state: State, prefix: str) -> dict[str, FloatArray]:
    """Return the arrays of a state whose names begin with a prefix, by the rest of their names."""
    return {
        name.removeprefix(prefix): value
        for name, value in state.items()
        if name.startswith(prefix) and isinstance(value, np.ndarray)
    }
