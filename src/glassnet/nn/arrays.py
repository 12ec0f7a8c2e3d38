"""The discipline of shapes, dtypes and settings: every module checks what enters it here, and says what it wanted."""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
LabelArray: TypeAlias = npt.NDArray[np.integer[Any]]

PLAIN_ARRAYS = (np.ndarray, np.memmap)
FLOAT_DTYPES = FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
BOOL, INDEX = np.dtype(np.bool_), np.dtype(np.intp)


def describe(value: object) -> str:
    """Name an array by dtype and shape, anything else by its type, in one line: the second half of an error message."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    return f"{type(value).__name__} {' '.join(repr(value).split()):.60}"


def float_dtype(owner: str, dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as a NumPy dtype if it is float32 or float64.

    Raises:
        TypeError: if it is any other dtype.
    """
    message = f"{owner}: expected dtype float32 or float64, received {dtype!r}"
    try:
        resolved = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(message) from error
    if dtype is None or resolved not in FLOAT_DTYPES:  # NumPy takes None for float64
        raise TypeError(message)
    return resolved


def check_number(
    owner: str, name: str, value: object, low: float, high: float, *, low_open: bool = False, high_closed: bool = False
) -> float:
    """Return `value` as a float if it is a finite number in [low, high), each end as open or closed as asked.

    Raises:
        ValueError: naming the owner, the setting, the range and what came.
    """
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value) if not isinstance(value, int) or abs(value) < 2**1000 else math.inf
        above_low = low < number if low_open else low <= number
        below_high = number <= high if high_closed else number < high
        if above_low and below_high and math.isfinite(number):
            return number
    above = f"{low:g} {'<' if low_open else '<='} {name}" if low > -math.inf else name
    below = f" {'<=' if high_closed else '<'} {high:g}" if high < math.inf else ""
    raise ValueError(f"{owner}: expected a finite number {above}{below}, received {describe(value)}")


def check_count(owner: str, name: str, value: object) -> int:
    """Return `value` as an int if it is a whole number of 1 or more.

    Raises:
        ValueError: naming the owner, the setting and what came.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{owner}: expected {name} to be a whole number of 1 or more, received {describe(value)}")
    return int(value)


def check_batch(
    owner: object, X: object, features: int | None = None, dtype: np.dtype[Any] | None = None
) -> FloatArray:
    """Return `X` if it is a batch `(N, D)` of floats with N ≥ 1, and raise otherwise.

    Args:
        owner: the module whose input this is; its name opens the error message.
        X: the candidate batch.
        features: the D that the module needs, or None where any width will do.
        dtype: the dtype of the module's parameters, or None where float32 and float64 will both do.

    Raises:
        TypeError: if `X` is no NumPy array, or not of the expected floating dtype.
        ValueError: if `X` is not two-dimensional, is empty, or has another number of features.
    """
    if (
        type(X) in PLAIN_ARRAYS
        and isinstance(X, np.ndarray)
        and X.ndim == 2
        and X.size
        and (X.dtype == dtype if dtype is not None else X.dtype in FLOAT_DTYPES)
        and (features is None or X.shape[1] == features)
    ):
        return X
    name = owner if isinstance(owner, str) else repr(owner)
    wanted = f"(N, {features})" if features is not None else "(N, D)"
    if type(X) not in PLAIN_ARRAYS:  # np.matrix and masked arrays are arrays that multiply in ways of their own
        received = describe(X) if not isinstance(X, np.ndarray) else type(X).__name__
        raise TypeError(f"{name}: expected a plain NumPy array of shape {wanted}, received {received}")
    assert isinstance(X, np.ndarray)  # noqa: S101  # what the type checker cannot see
    if X.dtype not in FLOAT_DTYPES or (dtype is not None and X.dtype != dtype):
        expected = dtype.name if dtype is not None else "float32 or float64"
        remedy = f"pass X.astype(np.{dtype.name if dtype is not None else 'float32'})"
        if dtype == FLOAT32 and X.dtype == FLOAT64:
            remedy += ", or make the model with dtype=np.float64"
        raise TypeError(f"{name}: expected dtype {expected}, received {describe(X)}; {remedy}")
    if X.ndim != 2 or (features is not None and X.shape[1] != features):
        hint = "; as_batch(x) lifts one example (D,) to (1, D)" if X.ndim == 1 else ""
        raise ValueError(f"{name}: expected shape {wanted}, received {describe(X)}{hint}")
    raise ValueError(f"{name}: expected at least one example and one feature, received {describe(X)}")


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
