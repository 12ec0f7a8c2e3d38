"""Preprocessing that is learnt on the training rows and travels with the model: raw columns in, a float batch out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Standardizer:
    """Takes the named numeric columns of a frame, in this order, to mean 0 and standard deviation 1.

    Attributes:
        columns: the D names.
        means: what is subtracted, the means over the training rows.
        scales: what is divided by, their standard deviations (divisor N); 1 for a column that never changed.
    """

    columns: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    @classmethod
    def fit(cls, frame: "pd.DataFrame", columns: tuple[str, ...]) -> Self:
        """Learn means and scales from the training rows in `frame`."""
        values = _numeric(frame, columns)
        # The mean of equal numbers may round, and leave a tiny deviation that would blow up any other number.
        constant = values.max(axis=0) == values.min(axis=0)
        means = np.where(constant, values[0], values.mean(axis=0))
        scales = np.where(constant, 1.0, values.std(axis=0))
        return cls(columns, tuple(means.tolist()), tuple(scales.tolist()))

    def transform(self, frame: "pd.DataFrame") -> npt.NDArray[np.float32]:
        """Return `(N, D)` standardized features; other columns of the frame are ignored.

        Raises:
            ValueError: naming the columns that are missing, or hold no number or no finite one.
        """
        values = _numeric(frame, self.columns)
        return ((values - np.asarray(self.means)) / np.asarray(self.scales)).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {"columns": list(self.columns), "means": list(self.means), "scales": list(self.scales)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return what `to_json` described."""
        return cls(tuple(data["columns"]), tuple(data["means"]), tuple(data["scales"]))


def _numeric(frame: "pd.DataFrame", columns: tuple[str, ...]) -> npt.NDArray[np.float64]:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(f"preprocessing: expected the columns {', '.join(columns)}, received none of these: {missing}")
    try:
        values = frame[list(columns)].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"preprocessing: expected numbers in {', '.join(columns)}, received other values: {error}"
        ) from error
    if not np.isfinite(values).all():
        bad = [name for name, good in zip(columns, np.isfinite(values).all(axis=0), strict=True) if not good]
        raise ValueError(f"preprocessing: expected finite numbers, received missing or infinite ones in {bad}")
    return values
