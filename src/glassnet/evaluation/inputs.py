"""What the scores accept: class ids, and for each example a row of scores; anything else is an error that names it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.scores import FloatArray, LabelArray

SUM_TOLERANCE = 1e-3  # how far a row of probabilities may be from 1: float32 and a few decimals of a file


def check_labels(
    owner: str, name: str, labels: LabelArray, examples: int | None = None, classes: int | None = None
) -> None:
    """Accept class ids `(N,)`, integers in [0, C), one at least.

    Args:
        owner: the function whose input this is; its name opens the error message.
        name: the argument's name.
        labels: the candidate ids.
        examples: the N that it takes, or None where any will do.
        classes: C, or None where it does not matter.

    Raises:
        TypeError: if it is no array of integers.
        ValueError: if its shape or an id does not fit.
    """
    wanted = f"{name} as class ids ({'N' if examples is None else examples},)"
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        raise TypeError(f"{owner}: expected {wanted}, an array of integers, received {_described(labels)}")
    if labels.ndim != 1 or not labels.size or (examples is not None and len(labels) != examples):
        raise ValueError(f"{owner}: expected {wanted}, one or more, received {_described(labels)}")
    if labels.min() < 0 or (classes is not None and labels.max() >= classes):
        below = "" if classes is None else f" and below {classes}"
        raise ValueError(f"{owner}: expected {name} of 0 or more{below}, received {labels.min()} to {labels.max()}")


def check_scored(owner: str, y_true: LabelArray, scores: FloatArray, *, logits: bool = False) -> None:
    """Accept class ids `(N,)` with probabilities `(N, C)`, rows of entries in [0, 1] that sum to 1, or with logits.

    Raises:
        TypeError: if one is no array of its kind.
        ValueError: if a shape, an id or a row does not fit.
    """
    kind = "logits" if logits else "probabilities"
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f":
        raise TypeError(f"{owner}: expected {kind} (N, C), an array of floats, received {_described(scores)}")
    if scores.ndim != 2 or not scores.size:
        raise ValueError(f"{owner}: expected {kind} (N, C), N and C 1 or more, received {_described(scores)}")
    check_labels(owner, "y_true", y_true, len(scores), scores.shape[1])
    if not np.isfinite(scores).all():
        raise ValueError(f"{owner}: expected finite {kind} (N, C), received NaN or infinity among them")
    if logits:
        return
    sums = scores.sum(axis=1, dtype=np.float64)
    if scores.min() < 0 or not (np.abs(sums - 1) <= SUM_TOLERANCE).all():
        raise ValueError(
            f"{owner}: expected probabilities, rows of entries 0 or more that sum to 1, received entries from "
            f"{scores.min():g} and row sums from {sums.min():g} to {sums.max():g}"
        )


def checked_values(owner: str, **values: npt.NDArray[Any]) -> list[npt.NDArray[np.float64]]:
    """Return arrays of numbers `(N,)` of one length, one row at least, as float64.

    Raises:
        TypeError: if one is no array of numbers.
        ValueError: if a shape does not fit, or a number is not finite.
    """
    for name, array in values.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
            raise TypeError(f"{owner}: expected {name} (N,), an array of numbers, received {_described(array)}")
    shapes = [array.shape for array in values.values()]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        raise ValueError(
            f"{owner}: expected {' and '.join(values)} (N,) of one length, 1 or more, received shapes "
            f"{' and '.join(map(str, shapes))}"
        )
    for name, array in values.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{owner}: expected finite numbers in {name}, received NaN or infinity among them")
    return [array.astype(np.float64) for array in values.values()]


def check_whole(owner: str, name: str, value: object, least: int) -> None:
    """Accept a whole number of `least` or more.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{owner}: expected a whole {name} of {least} or more, received {value!r}")


def _described(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    return type(value).__name__
