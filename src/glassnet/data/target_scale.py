"""The scale on which a regression's target is learnt, standardized and if so set its logarithm, and the way back."""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

TargetTransform: TypeAlias = Literal["none", "log"]
"""The type of the names of transforms of a target: none, log."""
Floats: TypeAlias = npt.NDArray[np.floating[Any]]


class TargetScale(TypedDict):
    """How a target is standardized: by its mean and deviation in the training rows.

    Attributes:
        mean: of the target, or of its logarithm.
        scale: its standard deviation.
        transform: "log" where it is the natural logarithm that is learnt.
    """

    mean: float
    scale: float
    transform: NotRequired[Literal["log"]]


def transformed(values: Floats, transform: TargetTransform) -> npt.NDArray[np.float64]:
    """Return the values, above 0, as their natural logarithm if it is that which is learnt."""
    exact = values.astype(np.float64)
    return np.log(exact) if transform == "log" else exact


def in_units(learnt: Floats, scale: TargetScale) -> npt.NDArray[np.float64]:
    """Return what a network says of standardized targets in the units of the target.

    Of a logarithm z it is `exp(z)`, without a correction. Where z is the mean of the logarithm, and its errors are as
    often too high as too low, that is the median of the target, not its mean, which is higher. (The mean could be had
    by a factor of the residuals, Duan, "Smearing estimate", 1983; the median has the smaller absolute error.)

    Raises:
        ValueError: if the exponential is beyond what a float holds.
    """
    values: npt.NDArray[np.float64] = learnt.astype(np.float64) * scale["scale"] + scale["mean"]
    if scale.get("transform") != "log":
        return values
    if len(strange := values[values > np.log(np.finfo(np.float64).max)]):
        raise ValueError(
            f"expected predictions of a logarithm whose exponential is a number, received {strange.flat[0]:.4g}; the "
            "features lie far from those of the training rows, or the training diverged"
        )
    return np.exp(values)
