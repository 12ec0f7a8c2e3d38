"""The gradient check: a hand-written backward pass against central differences of its forward pass."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.diagnostics.double_precision import in_float64
from glassnet.diagnostics.finite_differences import (
    FINEST,
    Line,
    central_difference,
    corner_or_noise,
    extrapolated_difference,
    relative_error,
)
from glassnet.nn import FloatArray
from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_batch, check_count, check_number

REFINE = 1e-7  # a relative error above this is looked at more finely
RIGHT = 1e-6  # what a correct backward pass is held to


@dataclass(frozen=True)
class GradientCheck:
    """The outcome of a check.

    Attributes:
        max_relative_error: the largest `|a − b| / max(1e−8, |a| + |b|)` of analytic a and numerical b. Where that is
            above 1e−7, what rounding alone explains of `|a − b|` is left out: two gradients of 0 and 1e−12 are equal.
        worst: where it was found: the name of the parameter (or "X", the input) and the index.
        analytic: the gradient by backpropagation there.
        numerical: the gradient by central differences there.
        rounding: how far the rounding of the loss alone may move the numerical one.
        checked: how many elements were compared.
        corners: how many were not, because the loss has a corner there: its slopes to the left and to the right differ.
            A ReLU has one where its input is 0, as it is for an all-zero row of X while the biases are 0. No
            derivative exists there, only a range of subgradients, of which backward may return any, while a central
            difference gives the middle: there is nothing to compare. At most points there are none, or few.
    """

    max_relative_error: float
    worst: tuple[str, tuple[int, ...]]
    analytic: float
    numerical: float
    rounding: float
    checked: int
    corners: int


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
    disagree, the difference is taken again, more finely; where they then still do and the loss has a corner, there is
    no derivative to compare; where it has noise instead, that counts as rounding (see `finite_differences`). What
    `backward_parameters` leaves in the gradients of the parameters must be what a right `backward` leaves there, to the
    byte: it is what `fit` uses. The check runs on a float64 copy: the model, its buffers and its mode are left alone.

    Chapter 4 of the course, docs/learn/4-backward.md, has it catch a wrong transpose.

    Args:
        model: the model, in the mode to check.
        loss: an object with `forward(outputs, y)` and `backward()`.
        X: a batch `(N, D)`.
        y: its targets.
        eps: the step ε.
        max_elements: up to this many elements of each array are checked, a random subset of a larger one.
        rng: the generator that draws the subset; by default seeded with 0.

    Raises:
        TypeError: if the model is no module, or what its `backward` returns no float64 array.
        ValueError: if the model would draw random numbers (Dropout that is neither frozen nor in evaluation mode);
            if the gradient of the input has not its shape, or `backward_parameters` leaves other gradients than a right
            `backward`; if the loss has a corner along every line.
    """
    generator = _checked_rng("gradient_check", rng)
    eps = check_number("gradient_check", "eps", eps, 0, 1, low_open=True)
    check_count("gradient_check", "max_elements", max_elements)
    value, arrays, difference = _differentiate("gradient_check", model, loss, X, y)

    def along(data: FloatArray, index: tuple[int, ...]) -> Line:
        def at(distance: float) -> float:
            original = data[index]
            data[index] = original + distance
            result = value()
            data[index] = original
            return result

        return Line(at, float(np.spacing(abs(data[index]))))

    comparisons = []
    for name, data, gradient in arrays:
        elements = np.arange(data.size)
        if data.size > max_elements:
            elements = generator.choice(data.size, max_elements, replace=False)
        for element in elements:
            index = tuple(int(i) for i in np.unravel_index(element, data.shape))
            comparisons.append(_compare((name, index), float(gradient[index]), along(data, index), eps))
    return _outcome("gradient_check", comparisons, difference)


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
    generator = _checked_rng("directional_gradient_check", rng)
    eps = check_number("directional_gradient_check", "eps", eps, 0, 1, low_open=True)
    check_count("directional_gradient_check", "directions", directions)
    value, arrays, difference = _differentiate("directional_gradient_check", model, loss, X, y)

    def along(data: FloatArray, direction: FloatArray) -> Line:
        def at(distance: float) -> float:
            original = data.copy()
            data[...] = original + distance * direction
            result = value()
            data[...] = original
            return result

        # The roundings of P coordinates add up like √P, beside a slope along u that is 1/√P of the gradient's length.
        return Line(at, math.sqrt(data.size) * float(np.spacing(np.abs(data).max())))

    comparisons = []
    for name, data, gradient in arrays:
        for number in range(directions):
            direction = generator.standard_normal(data.shape)
            direction /= np.linalg.norm(direction)
            slope = float(np.sum(gradient * direction))
            comparisons.append(_compare((name, (number,)), slope, along(data, direction), eps))
    return _outcome("directional_gradient_check", comparisons, difference)


def _differentiate(
    owner: str, model: nn.Module, loss: nn.Loss, X: FloatArray, y: npt.NDArray[Any]
) -> tuple[Callable[[], float], list[tuple[str, FloatArray, FloatArray]], str]:
    """Return a function that evaluates the loss of a float64 copy, and each array of it: name, values, gradient.

    And where, and by how much, `backward_parameters` leaves other gradients than `backward`; "" if it does not.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"{owner}: expected a module to check, received {describe(model)}")
    if model.is_random:
        raise ValueError(
            f"{owner}: expected a deterministic model, received one with Dropout in training mode; "
            "call model.eval() or set dropout.frozen = True"
        )
    model, loss = in_float64(model), copy.deepcopy(loss)
    X = check_batch(owner, X).astype(np.float64)
    y = np.asarray(y)
    y = y.astype(np.float64) if y.dtype.kind == "f" else y

    def value() -> float:
        return float(loss.forward(model.forward(X), y))

    model.zero_grad()
    value()
    dX = model.backward(loss.backward())
    if not isinstance(dX, np.ndarray) or dX.dtype != X.dtype:
        raise TypeError(f"{owner}: expected the gradient of X as a {describe(X)}, received {describe(dX)}")
    if dX.shape != X.shape:
        raise ValueError(f"{owner}: expected the gradient of X as a {describe(X)}, received {describe(dX)}")
    arrays = [(name, parameter.data, parameter.grad.copy()) for name, parameter in model.named_parameters()]
    dX = dX.copy()
    model.zero_grad()
    value()
    model.backward_parameters(loss.backward())
    difference = ""
    for (name, parameter), (_, _, gradient) in zip(model.named_parameters(), arrays, strict=True):
        if parameter.grad.tobytes() != gradient.tobytes():
            difference = f"{name}, off by up to {float(np.abs(parameter.grad - gradient).max()):.3g}"
            break
    return value, [*arrays, ("X", X, dX)], difference


def _checked_rng(owner: str, rng: object) -> np.random.Generator:
    if rng is None:
        return np.random.default_rng(0)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{owner}: expected rng=np.random.default_rng(seed), received {describe(rng)}")
    return rng


def _compare(where: tuple[str, tuple[int, ...]], analytic: float, line: Line, eps: float) -> GradientCheck | None:
    """Return the comparison, or None where the loss has a corner instead of a derivative."""
    numerical, rounding = central_difference(line, eps)
    error = relative_error(analytic, numerical, rounding)
    if error > REFINE:
        estimates = [(numerical, rounding), *(extrapolated_difference(line, step, 2) for step in (eps, eps / 8))]
        estimates += [central_difference(line, eps / FINEST)]
        estimates += [extrapolated_difference(line, step, 1) for step in (eps, eps / FINEST)]
        finest = estimates[-1]
        numerical, rounding = _most_precise(estimates, finest)
        error = relative_error(analytic, numerical, rounding)
    if error > REFINE:
        # Slopes that differ by less than the finest difference can tell are seen from farther off.
        is_small = relative_error(analytic, *finest) <= REFINE
        is_corner, noise = corner_or_noise(line, 4 * eps if is_small else eps / FINEST)
        if is_corner:
            return None
        noisy = [(relative_error(analytic, estimate, noise / eps), estimate, noise / eps) for estimate, _ in estimates]
        error, numerical, rounding = min((error, numerical, rounding), *noisy)
    if (whole := relative_error(analytic, numerical, 0.0)) <= REFINE:
        error = whole
    return GradientCheck(error, where, analytic, numerical, rounding, checked=1, corners=0)


def _most_precise(estimates: list[tuple[float, float]], finest: tuple[float, float]) -> tuple[float, float]:
    """Return the estimate of a derivative to believe, of some with their roundings, and how far it may be off.

    The finest has the shortest step, and nothing wrong with it but its rounding, the largest of them all. One that
    differs from it by no more than the roundings may explain is worth more, though it may be off by what its longer
    step does to it: about as much as the two differ, since a rounding rarely comes near its bound.
    """
    value, rounding = finest
    margins = [(rounding, value)]
    for estimate, own_rounding in estimates:
        difference = abs(estimate - value)
        if difference <= own_rounding + rounding:
            margins.append((own_rounding + 2 * difference, estimate))
    margin, best = min(margins)
    return best, margin


def _outcome(owner: str, comparisons: list[GradientCheck | None], difference: str) -> GradientCheck:
    compared = [comparison for comparison in comparisons if comparison is not None]
    if not compared:
        raise ValueError(
            f"{owner}: expected a point where the loss has a derivative, received one at a corner of it along all "
            f"{len(comparisons)} lines; check at another X, or with other biases"
        )
    worst = max(compared, key=lambda comparison: comparison.max_relative_error)
    if difference and worst.max_relative_error <= RIGHT:
        raise ValueError(
            f"{owner}: expected backward_parameters to leave the gradients that backward leaves, received another of "
            f"{difference}"
        )
    return replace(worst, checked=len(compared), corners=len(comparisons) - len(compared))
