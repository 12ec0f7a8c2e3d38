"""Standardizing, learnt on the training rows: each feature to mean 0 and deviation 1."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from glassnet.files import JsonObject

Floats = npt.NDArray[np.floating[Any]]


class Standardizing:
    """Takes features `x` to `(x − μ)/σ`, column by column, with the mean and deviation of the training rows.

    A column that never changed in the training rows has no deviation; it becomes 0 in every row, whatever others hold.

    Chapter 1 of the course, docs/learn/1-mindset.md, says why it learns from the training rows alone.

    Attributes:
        mean: μ, `(D,)`.
        scale: σ, `(D,)`; 0 for a column that never changed.
    """

    kind = "standardizing"

    def __init__(self, mean: Floats, scale: Floats) -> None:
        """Take what `fit` or `from_json` make."""
        self.mean, self.scale = np.asarray(mean, np.float64), np.asarray(scale, np.float64)

    @classmethod
    def fit(cls, X: npt.NDArray[Any]) -> Self:
        """Learn from the training rows `X (N, D)`.

        Raises:
            ValueError: if they are no table of finite numbers.
        """
        X = finite_table("Standardizing", X)
        constant = X.max(axis=0) == X.min(axis=0)
        return cls(X.mean(axis=0), np.where(constant, 0.0, X.std(axis=0)))

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        """Return what `to_json` described."""
        return cls(np.array(data["mean"]), np.array(data["scale"]))

    def transform(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the standardized rows `(N, D)`.

        Raises:
            ValueError: if `X` has other columns than the training rows, or holds what is no finite number.
        """
        X = finite_table("Standardizing", X)
        if X.shape[1] != len(self.mean):
            raise ValueError(f"Standardizing: expected {len(self.mean)} columns, received {X.shape[1]}")
        divisor = np.where(self.scale > 0, self.scale, np.inf)
        standardized: npt.NDArray[np.float32] = ((X - self.mean) / divisor).astype(np.float32)
        return standardized

    def to_json(self) -> dict[str, str | list[float]]:
        """Return a form that JSON can hold."""
        return {"kind": self.kind, "mean": self.mean.tolist(), "scale": self.scale.tolist()}


def finite_table(owner: str, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return `X (N, D)` as float64.

    Raises:
        ValueError: naming the owner, if it is no table of finite numbers with a row or more.
    """
    array = np.asarray(X)
    if array.ndim != 2 or len(array) == 0 or not np.issubdtype(array.dtype, np.number):
        raise ValueError(f"{owner}: expected numbers (N, D) with N >= 1, received {array.dtype} of shape {array.shape}")
    numbers = array.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"{owner}: expected finite numbers, received others in {int((~np.isfinite(numbers)).any(1).sum())} "
            f"of {len(numbers)} rows"
        )
    return numbers
