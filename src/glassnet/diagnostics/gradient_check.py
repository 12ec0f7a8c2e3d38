"""The gradient check: a hand-written backward pass against central differences of its forward pass."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.nn.arrays import check_batch, check_count, check_number

ROUNDING = 8 * np.finfo(np.float64).eps  # how far two evaluations of the same loss may differ, relatively
REFINE = 1e-7  # a relative error above this is looked at more finely


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
    loss: nn.Loss,
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
    gradient (both are zero for a bias in front of a BatchNorm, say) and does not count as an error. Where the two still
    disagree, the difference is taken again, more finely: see `_refined`. The check runs on a float64 copy: the model,
    its buffers and its mode are left alone.

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
    rng = rng if rng is not None else np.random.default_rng(0)
    eps = check_number("gradient_check", "eps", eps, 0, 1, low_open=True)
    check_count("gradient_check", "max_elements", max_elements)
    value, arrays = _differentiate("gradient_check", model, loss, X, y)

    def along(data: FloatArray, index: tuple[int, ...]) -> _Line:
        def at(distance: float) -> float:
            original = data[index]
            data[index] = original + distance
            result = value()
            data[index] = original
            return result

        return at

    comparisons = []
    for name, data, gradient in arrays:
        elements = np.arange(data.size)
        if data.size > max_elements:
            elements = rng.choice(data.size, max_elements, replace=False)
        for element in elements:
            index = tuple(int(i) for i in np.unravel_index(element, data.shape))
            comparisons.append(_compare((name, index), float(gradient[index]), along(data, index), eps))
    return _worst(comparisons)


def directional_gradient_check(
    model: nn.Module,
    loss: nn.Loss,
    X: FloatArray,
    y: npt.NDArray[Any],
    *,
    directions: int = 10,
    eps: float = 1e-5,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Compare `g·u` with `(ℓ(θ + εu) − ℓ(θ − εu))/2ε` for random unit vectors u: the check for larger networks.

    A central difference along u sees every element at once, so a network of any size takes two forward passes a
    direction. Each parameter, and the input, is moved along directions of its own, and so a mistake is still found
    where it is. The loss's slope along u is `Σ g_i u_i`; an error δ in a single one of P elements changes it by
    `δ·u_i ~ δ/√P`, against a slope of about `‖g‖/√P`: what is small beside the norm of the gradient passes unseen here,
    and is `gradient_check`'s to find.

    Args, Raises and the comparison are those of `gradient_check`; `worst` holds the array's name and the direction's
    number, and `checked` counts the directions of all arrays together.
    """
    rng = rng if rng is not None else np.random.default_rng(0)
    eps = check_number("directional_gradient_check", "eps", eps, 0, 1, low_open=True)
    check_count("directional_gradient_check", "directions", directions)
    value, arrays = _differentiate("directional_gradient_check", model, loss, X, y)

    def along(data: FloatArray, direction: FloatArray) -> _Line:
        def at(distance: float) -> float:
            original = data.copy()
            data[...] = original + distance * direction
            result = value()
            data[...] = original
            return result

        return at

    comparisons = []
    for name, data, gradient in arrays:
        for number in range(directions):
            direction = rng.standard_normal(data.shape)
            direction /= np.linalg.norm(direction)
            slope = float(np.sum(gradient * direction))
            comparisons.append(_compare((name, (number,)), slope, along(data, direction), eps))
    return _worst(comparisons)


_Line: TypeAlias = Callable[[float], float]  # the loss at a signed distance from where the model is, along some line


def _differentiate(
    owner: str, model: nn.Module, loss: nn.Loss, X: FloatArray, y: npt.NDArray[Any]
) -> tuple[Callable[[], float], list[tuple[str, FloatArray, FloatArray]]]:
    """Return a function that evaluates the loss of a float64 copy, and each array of it: name, values, gradient."""
    if model.is_random:
        raise ValueError(
            f"{owner}: expected a deterministic model, received one with Dropout in training mode; "
            "call model.eval() or set dropout.frozen = True"
        )
    model, loss = _in_float64(model), copy.deepcopy(loss)
    X = check_batch(owner, X).astype(np.float64)
    y = np.asarray(y)
    y = y.astype(np.float64) if y.dtype.kind == "f" else y

    def value() -> float:
        return float(loss.forward(model.forward(X), y))

    model.zero_grad()
    value()
    dX = model.backward(loss.backward())
    arrays = [(name, parameter.data, parameter.grad.copy()) for name, parameter in model.named_parameters()]
    return value, [*arrays, ("X", X, dX)]


def _compare(where: tuple[str, tuple[int, ...]], analytic: float, line: _Line, eps: float) -> GradientCheck:
    numerical, rounding = _central(line, eps)
    error = _relative_error(analytic, numerical, rounding)
    if error > REFINE:
        for step in (eps, eps / 8):
            finer, finer_rounding = _refined(line, step)
            finer_error = _relative_error(analytic, finer, finer_rounding)
            if finer_error < error:
                numerical, error = finer, finer_error
    return GradientCheck(error, where, analytic, numerical, 1)


def _central(line: _Line, eps: float) -> tuple[float, float]:
    """Return the central difference, and how far rounding alone may move it."""
    above, below = line(eps), line(-eps)
    return (above - below) / (2 * eps), ROUNDING * max(abs(above), abs(below)) / (2 * eps)


def _refined(line: _Line, eps: float) -> tuple[float, float]:
    """Return the central difference with its leading error removed, and its rounding.

    `D(ε) = ℓ′ + ε²ℓ‴/6 + O(ε⁴)`, so `(4·D(ε/2) − D(ε))/3 = ℓ′ + O(ε⁴)` (Richardson, 1911). A sharply curved loss (a
    BatchNorm over few examples) needs it; and a finer step is less likely to straddle the kink of a ReLU.
    """
    coarse, coarse_rounding = _central(line, eps)
    fine, fine_rounding = _central(line, eps / 2)
    return (4 * fine - coarse) / 3, (4 * fine_rounding + coarse_rounding) / 3


def _relative_error(analytic: float, numerical: float, rounding: float) -> float:
    difference = abs(analytic - numerical)
    if not math.isfinite(difference):
        return math.inf
    return max(0.0, difference - rounding) / max(1e-8, abs(analytic) + abs(numerical))


def _worst(comparisons: list[GradientCheck]) -> GradientCheck:
    worst = max(comparisons, key=lambda comparison: comparison.max_relative_error)
    return replace(worst, checked=len(comparisons))


def _in_float64(model: nn.Module) -> nn.Module:
    """Return a copy of `model` whose parameters and buffers are float64."""
    model = copy.deepcopy(model)
    wide: dict[int, nn.Parameter] = {}  # a parameter that two layers share stays shared
    for module in model.modules():
        for name, attribute in list(vars(module).items()):
            if isinstance(attribute, nn.Parameter):
                if id(attribute) not in wide:
                    data = attribute.data.astype(np.float64)
                    wide[id(attribute)] = nn.Parameter(data, attribute.name, decays=attribute.decays)
                setattr(module, name, wide[id(attribute)])
        for name in module.buffer_names:
            setattr(module, name, getattr(module, name).astype(np.float64))
    return model
