"""The gradient check: a hand-written backward pass against central differences of its forward pass."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.nn import FloatArray

ROUNDING = 8 * np.finfo(np.float64).eps  # how far two evaluations of the same loss may differ, relatively


@dataclass(frozen=True)
class GradientCheck:
    """The outcome of a check.

    Attributes:
        max_relative_error: the largest `|a − b| / max(1e−8, |a| + |b|)` of analytic a and numerical b,
            where `|a − b|` exceeds what rounding alone explains.
        worst: where it was found: the name of the parameter (or "X", the input) and the index.
        analytic: the gradient by backpropagation there.
        numerical: the gradient by central differences there.
        checked: how many elements were compared.
    """

    max_relative_error: float
    worst: tuple[str, tuple[int, ...]]
    analytic: float
    numerical: float
    checked: int


def gradient_check(
    model: nn.Module,
    loss: Any,
    X: FloatArray,
    y: npt.NDArray[Any],
    *,
    eps: float = 1e-5,
    max_elements: int = 2_000,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Compare every gradient of `loss(model(X), y)`, parameters and input, with `(ℓ(θ + ε) − ℓ(θ − ε))/2ε`.

    A Taylor series shows that the central difference is off by `ε²ℓ‴/6`, against `εℓ″/2` for a one-sided one; with
    `ε = 1e−5` in float64 the truncation (~1e−10) and the rounding of ℓ (~1e−16/ε = 1e−11) are both far below the 1e−6
    that a correct backward pass is held to. A difference within the rounding of ℓ itself says nothing about either
    gradient (both are zero for a bias in front of a BatchNorm, say) and does not count as an error. The check runs on
    a float64 copy: the model, its buffers and its mode are left alone.

    Args:
        model: the model, in the mode to check.
        loss: an object with `forward(outputs, y)` and `backward()`.
        X: a batch `(N, D)`.
        y: its targets.
        eps: the step ε.
        max_elements: up to this many elements of each array are checked, a random subset of a larger one.
        rng: the generator that draws the subset; by default seeded with 0.

    Raises:
        ValueError: if the model would draw random numbers (Dropout that is neither frozen nor in evaluation mode).
    """
    if model.is_random:
        raise ValueError(
            "gradient_check: expected a deterministic model, received one with Dropout in training mode; "
            "call model.eval() or set dropout.frozen = True"
        )
    rng = rng if rng is not None else np.random.default_rng(0)
    model = _in_float64(model)
    X = X.astype(np.float64)
    y = y.astype(np.float64) if y.dtype.kind == "f" else y

    def value() -> float:
        return float(loss.forward(model.forward(X), y))

    model.zero_grad()
    value()
    dX = model.backward(loss.backward())
    arrays = [(name, parameter.data, parameter.grad.copy()) for name, parameter in model.named_parameters()]
    results = [
        _check_array(name, data, gradient, value, eps, max_elements, rng)
        for name, data, gradient in [*arrays, ("X", X, dX)]
    ]
    worst = max(results, key=lambda result: result.max_relative_error)
    return GradientCheck(
        worst.max_relative_error,
        worst.worst,
        worst.analytic,
        worst.numerical,
        sum(result.checked for result in results),
    )


def _check_array(
    name: str,
    data: FloatArray,
    gradient: FloatArray,
    value: Callable[[], float],
    eps: float,
    max_elements: int,
    rng: np.random.Generator,
) -> GradientCheck:
    elements = np.arange(data.size)
    if data.size > max_elements:
        elements = rng.choice(data.size, max_elements, replace=False)
    numerical = np.empty(len(elements))
    rounding = np.empty(len(elements))
    for place, element in enumerate(elements):
        index = tuple(np.unravel_index(element, data.shape))
        original = data[index]
        data[index] = original + eps
        above = value()
        data[index] = original - eps
        below = value()
        data[index] = original
        numerical[place] = (above - below) / (2 * eps)
        rounding[place] = ROUNDING * max(abs(above), abs(below)) / (2 * eps)
    analytic = gradient.reshape(-1)[elements]
    difference = np.maximum(0, np.abs(analytic - numerical) - rounding)
    error = difference / np.maximum(1e-8, np.abs(analytic) + np.abs(numerical))
    at = int(np.nan_to_num(error, nan=np.inf).argmax())
    where = tuple(int(i) for i in np.unravel_index(elements[at], data.shape))
    return GradientCheck(float(error[at]), (name, where), float(analytic[at]), float(numerical[at]), len(elements))


def _in_float64(model: nn.Module) -> nn.Module:
    """Return a copy of `model` whose parameters and buffers are float64."""
    model = copy.deepcopy(model)
    for module in model.modules():
        for name, attribute in list(vars(module).items()):
            if isinstance(attribute, nn.Parameter):
                wide = nn.Parameter(attribute.data.astype(np.float64), attribute.name, decays=attribute.decays)
                setattr(module, name, wide)
        for name in module.buffer_names:
            setattr(module, name, getattr(module, name).astype(np.float64))
    return model
