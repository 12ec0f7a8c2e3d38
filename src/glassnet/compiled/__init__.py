"""Compiled twins of the textbook's element-wise loops: the same formula, and the same bytes, in one pass over memory.

NumPy computes `m = β₁m + (1 − β₁)g` operation by operation, and reads and writes memory for each of them. A twin is the
formula as one loop over the elements, compiled by numba. It uses + − × ÷ √ and comparisons alone, which every processor
rounds in the same way; numbers of the arrays' own dtype; and no fused multiplication and addition. So the choice
between a text and its twin changes no result, and is made by size and by whether numba is installed (the extra `fast`).
"""

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from glassnet.nn.arrays import FLOAT_DTYPES, FloatArray

Update: TypeAlias = Callable[..., None]

# Importing numba and reading a twin from its cache takes as long as so many elements save in a short training.
LEAST = 20_000

# Each text by its module and name, and the name of its twin in `loops`.
TWINS = {
    "glassnet.optim.sgd.SGD.update": "sgd",
    "glassnet.optim.rmsprop.RMSProp.update": "rmsprop",
    "glassnet.optim.adam.Adam.update": "adam",
    "glassnet.optim.adam.AdamW.update": "adamw",
    "glassnet.optim.averaging.average": "average",
    "glassnet.optim.clipping.clip": "clip",
}


def fastest(text: Update, array: FloatArray, block: int) -> tuple[Update, int]:
    """Return the twin of `text` if there is one, and enough to do; else the text.

    Args:
        text: a function that updates arrays in place, element by element.
        array: one of those arrays.
        block: how many elements the text should be given at a time.

    Returns:
        The function to call, and how many elements to give it at a time.
    """
    size = array.size
    if size < LEAST or array.dtype not in FLOAT_DTYPES:
        return text, block
    twin = _twin(f"{text.__module__}.{text.__qualname__}")
    return (text, block) if twin is None else (twin, size)


@cache
def _twin(name: str) -> Update | None:
    """Return the twin of the text of this name, or None if it has none or numba is not at work."""
    if name not in TWINS or importlib.util.find_spec("numba") is None:
        return None
    from numba.core import config

    if vars(config)["DISABLE_JIT"]:  # NUMBA_DISABLE_JIT=1: the loops would run in Python
        return None
    from glassnet.compiled import loops

    twin: Any = getattr(loops, TWINS[name])
    return twin
