"""The arrays that networks compute with: floats of 32 or 64 bits."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""The type of an array of float32 or float64."""
LabelArray: TypeAlias = npt.NDArray[np.integer[Any]]

FLOAT_DTYPES = FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
NO_GRADIENT: FloatArray = np.empty((0, 0), FLOAT32)  # what a backward pass returns that was spared the input's


def describe(value: object) -> str:
    """Name an array by dtype and shape, anything else by its type, in one line: the second half of an error message."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    return f"{type(value).__name__} {' '.join(repr(value).split()):.60}"


def as_batch(x: FloatArray) -> FloatArray:
    """Lift a single example `(D,)` to a batch `(1, D)`; a batch `(N, D)` is returned as it is.

    Raises:
        ValueError: if `x` has neither one nor two dimensions.
    """
    x = np.asarray(x)
    if x.ndim == 1:
        return x[np.newaxis, :]
    if x.ndim == 2:
        return x
    raise ValueError(f"as_batch: expected shape (D,) or (N, D), received {describe(x)}")
