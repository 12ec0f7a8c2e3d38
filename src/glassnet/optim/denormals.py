"""Numbers too small for a processor's fast path, which running averages of gradients end in."""

import numpy as np

from glassnet.nn import FloatArray

EVERY = 100  # steps: so rarely that it costs nothing, so often that few of these numbers ever stand in an average


def flush_denormals(values: FloatArray) -> None:
    """Set to 0, in place, what is too small for a number of full precision; NaN stays NaN.

    Below the smallest normal number (1.2e−38 in float32) a float is "denormal": it has fewer digits, and on many
    processors arithmetic with it takes many times as long. A weight whose input is nearly always 0, a pixel at the edge
    of the pictures, has a gradient now and then, and 0 in between. Then its average is `β^t·m`, which comes to these
    numbers after some 800 steps with β = 0.9 and never leaves them: `0.9 × 1.4e−45` rounds to 1.4e−45 again. What such
    an average adds to a weight is less than the weight can hold, so that 0 is as good.
    """
    values[np.abs(values) < np.finfo(values.dtype).tiny] = 0
