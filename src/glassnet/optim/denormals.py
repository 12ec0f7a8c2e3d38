"""Numbers too small for a processor's fast path, which running averages of gradients end in."""

from typing import Any

import numpy as np

from glassnet.compiled import fastest
from glassnet.nn import FloatArray

EVERY = 10  # steps: so rarely that it costs little, so often that no average comes from `smallest` to a denormal number


def smallest(dtype: np.dtype[Any]) -> float:
    """Return the magnitude below which an average of gradients is set to 0: 9.9e−32 in float32."""
    return float(np.finfo(dtype).tiny / np.finfo(dtype).eps)


def flush_denormals(values: FloatArray, least: float) -> None:
    """Set to 0, in place, what is smaller than `least`; NaN stays NaN.

    Below the smallest normal number (1.2e−38 in float32) a float is "denormal": it has fewer digits, and on many
    processors an operation with one takes over a hundred times as long. A weight whose input is nearly always 0, a
    pixel at the edge of the pictures, has a gradient now and then, and 0 in between. Then its average is `β^t·m`, which
    comes to these numbers after some 800 steps with β = 0.9 and never leaves them: `0.9 × 1.4e−45` rounds to 1.4e−45
    again. Some hundred of them among 109,386 averages doubled the time of an update. A number of `smallest` or more has
    a normal product even with a learning rate as small as the dtype's rounding, and what it adds to a weight is less
    than the weight can hold, so that 0 is as good.
    """
    values[np.abs(values) < least] = 0


def flush_slot(slot: FloatArray) -> None:
    """Set to 0 what is smaller than `smallest` in a slot of an optimizer."""
    flush, _ = fastest(flush_denormals, slot, slot.size)
    flush(slot, smallest(slot.dtype))
