"""Robust scaling, learnt on the training rows: by median and quartiles, with far values drawn in smoothly."""

from typing import Any, Self, TypedDict

import numpy as np
import numpy.typing as npt

from glassnet.data.standardizing import finite_table
from glassnet.files import JsonObject

BOUND = 3.0  # what no scaled value exceeds
FARTHEST = 1e150  # whose square is still a number; beyond it the result is the bound to the last bit anyway

Floats = npt.NDArray[np.floating[Any]]


class RobustScale(TypedDict):
    """How a column of numbers is scaled.

    Attributes:
        center: the median of the training rows.
        width: the distance between their quartiles; where that is 0, half of that between their extremes.
    """

    center: float
    width: float


def robust_scale(values: Floats) -> RobustScale:
    """Learn the scale of a column `(N,)` of the training rows, in which not all numbers are the same.

    Half of the rows lie between the quartiles whatever the others do: a single wrong decimal point moves neither them
    nor the median, but mean and deviation as far as it likes. Where more than half of the rows have one value, the
    quartiles may coincide, and the extremes are all there is to go by.
    """
    low, center, high = np.quantile(values.astype(np.float64), [0.25, 0.5, 0.75])
    width = high - low or (values.max() - values.min()) / 2
    return {"center": float(center), "width": float(width)}


def smoothly_clipped(values: Floats) -> npt.NDArray[np.float64]:
    """Return `x/√(1 + (x/3)²)`: about x near 0, and never beyond ±3.

    A hard cut at ±3 would make all values beyond equal. This function is strictly increasing, with the slope
    `(1 + (x/3)²)^(−3/2)`, so that far values keep their order but lose their leverage. (Holzmüller, Grinsztajn &
    Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on tabular data", 2024.)
    """
    x = np.clip(values.astype(np.float64), -FARTHEST, FARTHEST)
    clipped: npt.NDArray[np.float64] = x / np.sqrt(1 + (x / BOUND) ** 2)
    return clipped


def robustly_scaled(values: Floats, scale: RobustScale) -> npt.NDArray[np.float64]:
    """Return the column with its median at 0 and its quartiles 1 apart, smoothly clipped."""
    with np.errstate(over="ignore"):
        return smoothly_clipped((values.astype(np.float64) - scale["center"]) / scale["width"])


def robustly_unscaled(scaled: Floats, scale: RobustScale) -> npt.NDArray[np.float64]:
    """Return the column that was robustly scaled: `z = y/√(1 − (y/3)²)`, the inverse of the clipping, then its scale.

    Values far out, which float32 holds so near to ±3 that they are hardly told apart, come back as less far ones.
    """
    y = scaled.astype(np.float64)
    z = y / np.sqrt(np.maximum(1 - (y / BOUND) ** 2, 1e-7))
    unscaled: npt.NDArray[np.float64] = z * scale["width"] + scale["center"]
    return unscaled


class RobustScaling:
    """Takes features `x` to `z/√(1 + (z/3)²)` with `z = (x − median)/(distance of the quartiles)`, column by column.

    A column that never changed in the training rows becomes 0 in every row, whatever others hold.

    Attributes:
        columns: the scale of each; None for one that never changed.
    """

    kind = "robust_scaling"

    def __init__(self, columns: list[RobustScale | None]) -> None:
        """Take what `fit` or `from_json` make."""
        self.columns = columns

    @classmethod
    def fit(cls, X: npt.NDArray[Any]) -> Self:
        """Learn from the training rows `X (N, D)`.

        Raises:
            ValueError: if they are no table of finite numbers.
        """
        X = finite_table("RobustScaling", X)
        return cls([robust_scale(column) if np.ptp(column) > 0 else None for column in X.T])

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        """Return what `to_json` described."""
        columns: Any = data["columns"]  # parsed from JSON
        return cls(columns)

    def transform(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the scaled rows `(N, D)`.

        Raises:
            ValueError: if `X` has other columns than the training rows, or holds what is no finite number.
        """
        X = finite_table("RobustScaling", X)
        if X.shape[1] != len(self.columns):
            raise ValueError(f"RobustScaling: expected {len(self.columns)} columns, received {X.shape[1]}")
        scaled = [
            np.zeros(len(X)) if scale is None else robustly_scaled(column, scale)
            for column, scale in zip(X.T, self.columns, strict=True)
        ]
        return np.column_stack(scaled).astype(np.float32)

    def to_json(self) -> dict[str, str | list[RobustScale | None]]:
        """Return a form that JSON can hold."""
        return {"kind": self.kind, "columns": self.columns}
