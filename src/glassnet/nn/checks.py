"""The checks of what enters a network: batches, gradients, targets and settings; each says what it wanted."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FLOAT32, FLOAT64, FLOAT_DTYPES, FloatArray, describe

PLAIN_ARRAYS = (np.ndarray, np.memmap)


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


def check_eps(owner: str, eps: object, dtype: np.dtype[Any]) -> float:
    """Return `eps` if it is a positive number that `dtype` can hold.

    Raises:
        ValueError: if it is none.
    """
    eps = check_number(owner, "eps", eps, 0, float(np.finfo(dtype).max), low_open=True)
    if eps < np.finfo(dtype).tiny:
        raise ValueError(f"{owner}: expected an eps that {dtype} can hold, received {eps!r}")
    return eps


def check_generator(owner: str, rng: object) -> np.random.Generator:
    """Return `rng` if it is a generator.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"{owner}: expected rng=np.random.default_rng(seed), received {describe(rng)}; what is random needs a seed"
        )
    return rng


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


def check_gradient(owner: object, dout: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise unless `dout` has the shape and dtype of the output with respect to which it is the gradient.

    Raises:
        TypeError: if it is no array, or of another dtype.
        ValueError: if it has another shape.
    """
    if not isinstance(dout, np.ndarray) or dout.dtype != dtype:
        raise TypeError(f"{owner!r}: backward expected {dtype} of shape {shape}, received {describe(dout)}")
    if dout.shape != shape:
        raise ValueError(f"{owner!r}: backward expected shape {shape}, received {describe(dout)}")


def check_class_weights(owner: str, class_weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return one weight of 0 or more for each class, `(C,)`.

    Raises:
        ValueError: if they are anything else.
    """
    message = f"{owner}: expected class_weights (C,), finite numbers of 0 or more, received"
    try:
        weights = np.asarray(class_weights)
    except ValueError as error:  # lists of unequal lengths
        raise ValueError(f"{message} {describe(class_weights)}") from error
    if weights.ndim != 1 or not weights.size or weights.dtype.kind not in "iuf":
        raise ValueError(f"{message} {describe(class_weights)}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"{message} {describe(class_weights)}")
    return weights.astype(np.float64)


def check_class_targets(owner: object, Z: FloatArray, targets: object) -> tuple[FloatArray, str]:
    """Return the targets as distributions over the classes, `(N, C)` like the logits, and what form they had.

    Args:
        owner: the loss.
        Z: the logits, `(N, C)`.
        targets: class ids `(N,)`, or distributions `(N, C)`.

    Returns:
        The distributions, one-hot for class ids, and "class ids", "one-hot" (all entries exactly 0 or 1) or "soft".

    Raises:
        TypeError: for no array, or one of another kind of numbers.
        ValueError: for another shape, ids out of range, or rows that are no distributions.
    """
    n, classes = Z.shape
    wanted = f"class ids ({n},) in [0, {classes}) or distributions ({n}, {classes})"
    if not isinstance(targets, np.ndarray):
        raise TypeError(f"{owner!r}: expected targets as {wanted}, received {describe(targets)}")
    if targets.shape == (n,):
        if targets.dtype.kind not in "iu":
            raise TypeError(f"{owner!r}: expected integer class ids ({n},), received {describe(targets)}")
        if targets.min() < 0 or targets.max() >= classes:
            raise ValueError(
                f"{owner!r}: expected class ids in [0, {classes}), received {targets.min()} to {targets.max()}"
            )
        return (targets[:, np.newaxis] == np.arange(classes)).astype(Z.dtype), "class ids"
    if targets.shape != (n, classes):
        raise ValueError(f"{owner!r}: expected targets as {wanted}, received {describe(targets)}")
    if targets.dtype.kind not in "iubf":
        raise TypeError(f"{owner!r}: expected numeric distributions ({n}, {classes}), received {describe(targets)}")
    with np.errstate(over="ignore", invalid="ignore"):
        Y = targets.astype(Z.dtype)
        sums = Y.sum(axis=1)
    if not (sums.min() >= 1 - 1e-4 and sums.max() <= 1 + 1e-4 and Y.min() >= 0):
        raise ValueError(
            f"{owner!r}: expected distributions ({n}, {classes}), rows of entries 0 or more that sum to 1, received "
            f"row sums from {sums.min():g} to {sums.max():g}"
        )
    return Y, "one-hot" if ((Y == 0) | (Y == 1)).all() else "soft"


def check_value_targets(owner: object, Z: FloatArray, targets: object) -> FloatArray:
    """Return the targets of a regression if they are finite floats of the outputs' shape `(N, K)`.

    Chapter 2 of the course, docs/learn/2-shapes.md, shows what NumPy would make of other shapes.

    Raises:
        TypeError: for no array of floats.
        ValueError: for another shape, or values that are not finite.
    """
    wanted = f"float32 or float64 targets of shape {Z.shape}, the outputs' own"
    if not isinstance(targets, np.ndarray) or targets.dtype not in FLOAT_DTYPES:
        raise TypeError(f"{owner!r}: expected {wanted}, received {describe(targets)}")
    if targets.shape != Z.shape:
        hint = "; one target an example is a column: targets[:, np.newaxis]" if targets.ndim == 1 else ""
        raise ValueError(f"{owner!r}: expected {wanted}, received {describe(targets)}{hint}")
    if not np.isfinite(targets).all():
        raise ValueError(f"{owner!r}: expected {wanted}, received NaN or infinite ones")
    return targets
