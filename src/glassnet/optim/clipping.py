"""The length of the whole gradient, and bounds on it: on its norm, or on each of its values."""

import math
from collections.abc import Iterable

import numpy as np

from glassnet.compiled import fastest
from glassnet.nn import FloatArray, Parameter
from glassnet.nn.checks import check_number
from glassnet.optim.flat import FlatVector, checked_parameters


def gradient_norm(parameters: Iterable[Parameter]) -> float:
    """Return the Euclidean norm `√Σ g²` over all gradients together; NaN or infinity if one of them is not finite."""
    return math.hypot(*(euclidean_norm(gradient) for gradient in _gradients("gradient_norm", parameters)))


def clip_gradient_norm(parameters: Iterable[Parameter], max_norm: float) -> float:
    """Scale all gradients by one factor so that their norm is at most `max_norm`; return the norm *before*.

    The factor is `max_norm/(norm + 1e−12)`: the direction stays, only the length changes. (Pascanu, Mikolov & Bengio,
    "On the difficulty of training recurrent neural networks", 2013.)
    """
    check_number("clip_gradient_norm", "max_norm", max_norm, 0, math.inf, low_open=True)
    gradients = _gradients("clip_gradient_norm", parameters)
    norm = math.hypot(*(euclidean_norm(gradient) for gradient in gradients))
    if norm > max_norm:
        for gradient in gradients:
            gradient *= max_norm / (norm + 1e-12)
    return norm


def clip_gradient_value(parameters: Iterable[Parameter], max_value: float) -> float:
    """Cut each entry of all gradients to [−max_value, max_value]; return the norm *before*.

    Unlike a bound on the norm, this turns the gradient: large entries lose more than small ones. (Mikolov, "Statistical
    language models based on neural networks", 2012.)
    """
    check_number("clip_gradient_value", "max_value", max_value, 0, math.inf, low_open=True)
    gradients = _gradients("clip_gradient_value", parameters)
    norm = math.hypot(*(euclidean_norm(gradient) for gradient in gradients))
    for gradient in gradients:
        cut, _ = fastest(clip, gradient, gradient.size)
        cut(gradient, max_value)
    return norm


def clip(values: FloatArray, limit: float) -> None:
    """Cut each entry to [−limit, limit], in place."""
    values[:] = np.clip(values, -limit, limit)


def _gradients(owner: str, parameters: Iterable[Parameter]) -> list[FloatArray]:
    listed = parameters if isinstance(parameters, list) else checked_parameters(owner, parameters)
    flat = FlatVector.existing(listed)
    if flat is not None:  # whose parameters were checked when it was made
        return [flat.grad]
    return [parameter.grad.ravel() for parameter in checked_parameters(owner, listed)]


def euclidean_norm(values: FloatArray) -> float:
    """Return `√Σ v²`, also where the squares leave the range of the dtype."""
    square = float(np.vdot(values, values))  # BLAS: an overflow is infinity, without a warning
    if math.isfinite(square) and square > 1e-30:
        return math.sqrt(square)
    largest = float(np.abs(values).max())
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = values / values.dtype.type(largest)
    return largest * math.sqrt(float(np.vdot(scaled, scaled)))
