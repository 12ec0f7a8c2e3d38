"""A regression's target as it is learnt: whether there is a logarithm of it, its scale, and whether it is skewed."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.naming import listed
from glassnet.data.target_scale import TargetScale, TargetTransform, transformed
from glassnet.sources import RawData, RawTable
from glassnet.tables.table_features import mean_and_deviation

Floats = npt.NDArray[np.float64]

SKEWED = 1.0  # from here on a distribution is called highly skewed (Bulmer, "Principles of statistics", 1979)
LEAST_ROWS = 30  # training rows, from which the skewness says something: its standard error is then 0.43


def require_transformable(raw: RawData, targets: npt.NDArray[Any], transform: TargetTransform) -> None:
    """Raise a `ValueError` unless the targets are such that the transform can be learnt."""
    if transform == "none":
        return
    if not isinstance(raw, RawTable) or raw.task != "regression":
        raise ValueError(
            f"data.target_transform: expected none for {raw.name}, whose target is classes, received {transform}"
        )
    if len(rows := np.flatnonzero(targets <= 0)):
        strange = listed(f"{targets[row]:g} in row {row}" for row in rows)
        raise ValueError(
            f"data.target_transform: expected values above 0 in the target {raw.target!r} for {transform}, received "
            f"{strange}, counted from 0; leave such rows out of the table, or set data.target_transform=none"
        )


def target_scale(targets: Floats, name: str, transform: TargetTransform) -> TargetScale:
    """Return how the targets of the training rows are standardized."""
    learnt = transformed(targets, transform)
    if learnt.max() == learnt.min():
        scale: TargetScale = {"mean": float(learnt[0]), "scale": 1.0}
    else:
        mean, deviation = mean_and_deviation(learnt, name)
        scale = {"mean": mean, "scale": deviation}
    return {**scale, "transform": "log"} if transform == "log" else scale


def note_of_skew(targets: Floats, in_train: npt.NDArray[np.bool_], name: str) -> str | None:
    """Return what to say of a target with a long tail upwards that its logarithm does not have; else None.

    The skewness is that of the training rows; but all rows need a logarithm.
    """
    train = targets[in_train]
    if len(train) < LEAST_ROWS or targets.min() <= 0 or train.min() == train.max():
        return None
    before, after = _skewness(train), _skewness(np.log(train))
    if before < SKEWED or abs(after) > before / 2:
        return None
    return (
        f"the target {name!r} is skewed: its skewness is {before:.1f} in the training rows, that of its logarithm "
        f"{after:.1f}; data.target_transform=log has the network learn the logarithm, in which errors count by their "
        "ratio to the target"
    )


def _skewness(values: Floats) -> float:
    """Return the third central moment over the third power of the standard deviation."""
    offsets = values - values.mean()
    size = np.abs(offsets).max()  # whose powers could leave the range of a float
    offsets = offsets / (size or 1.0)
    return float(np.mean(offsets**3) / (np.mean(offsets**2) ** 1.5 or 1.0))
