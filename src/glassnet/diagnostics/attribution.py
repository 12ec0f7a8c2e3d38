"""Integrated gradients: what each feature of a row contributes to an output, beside a row to compare it with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.diagnostics.double_precision import in_float64
from glassnet.nn import FloatArray

Vector: TypeAlias = npt.NDArray[np.float64]
Rows: TypeAlias = npt.NDArray[np.int64]
Explained: TypeAlias = Callable[[Vector, Rows], tuple[Vector, Vector]]

TOLERANCE = 1e-4  # of the change of the output, or of 1 where that changes by less
PARTS = 256  # each part of the way may be off by so small a part of the tolerance, to begin with
DEPTH = 60  # how often a part is cut in two
BLOCK = 1_000_000  # numbers in the points that go through the network at a time
# Gauss and Legendre's three points on (0, 1): exact for slopes that are polynomials of degree 5.
NODES, WEIGHTS = np.array([0.5 - np.sqrt(0.15), 0.5, 0.5 + np.sqrt(0.15)]), np.array([5.0, 8.0, 5.0]) / 18


@dataclass(frozen=True)
class Attribution:
    """What the features of N rows contribute.

    Attributes:
        contributions: of each feature `(N, D)`; their sum is `output − output_at_baseline`, but for the tolerance.
        output: for the rows `(N,)`.
        output_at_baseline: for the baseline `(N,)`, as the output in question may differ from row to row.
    """

    contributions: Vector
    output: Vector
    output_at_baseline: Vector


@dataclass(frozen=True)
class _Parts:
    """Parts of the ways from the baseline: of which row, from where to where, and the outputs at either end."""

    row: Rows
    start: Vector
    end: Vector
    at_start: Vector
    at_end: Vector

    def where(self, chosen: npt.NDArray[np.bool_]) -> "_Parts":
        return _Parts(*(getattr(self, name)[chosen] for name in ("row", "start", "end", "at_start", "at_end")))


def integrated_gradients(
    model: nn.Module,
    X: FloatArray,
    baseline: FloatArray,
    explained: Explained | Rows | int = 0,
    *,
    tolerance: float = TOLERANCE,
) -> Attribution:
    """Return what each feature contributes to an output of each row, along the straight way from the baseline to it.

    With the row x, the baseline x′ and the output F,

        c_i = (x_i − x′_i) · ∫₀¹ ∂F/∂x_i (x′ + t·(x − x′)) dt

    and by the chain rule `Σ c_i = ∫ dF/dt dt = F(x) − F(x′)`: the contributions are complete. (Sundararajan, Taly &
    Yan, "Axiomatic attribution for deep networks", 2017.)

    The integral of the slope along any part of the way is known: it is the difference of F at its two ends. So each
    part's own sum shows how far it is off. A part that is off by too much, for there is a corner of a ReLU in it, is
    cut in two: where the tangents of its ends meet, which is the corner if there is one alone, and every second time in
    the middle. This goes on until the parts of a row are off by no more than the tolerance, all errors counted as
    positive. It is computed in float64, on a copy of the model in evaluation mode.

    Args:
        model: the network.
        X: the rows `(N, D)`.
        baseline: the row to compare with `(D,)`, such as the mean of the training rows.
        explained: which output, one for all rows or one for each `(N,)`; or a function of several of them: it takes
            outputs `(M, K)` and the numbers of the rows that they are of `(M,)`, and returns its values `(M,)` and
            their gradients with respect to the outputs `(M, K)`.
        tolerance: how far the sum may be off, as a part of the change of the output; or itself, if that is below 1.

    Raises:
        ValueError: if `X` and `baseline` do not fit, or the output jumps on the way, where it has no gradient.
    """
    if X.ndim != 2 or baseline.shape != X.shape[1:]:
        raise ValueError(
            f"integrated_gradients: expected X (N, D) and a baseline (D,), received shapes {X.shape} and "
            f"{baseline.shape}"
        )
    explain = explained if callable(explained) else _single(np.broadcast_to(explained, len(X)))
    way = _Way(in_float64(model).eval(), X, baseline, explain)
    rows = np.arange(len(X))
    before, after = way.values(rows, np.zeros(len(X))), way.values(rows, np.ones(len(X)))
    allowed = tolerance * np.maximum(1.0, np.abs(after - before))
    contributions, size = np.zeros(X.shape), max(1, BLOCK // (8 * len(NODES) * max(1, X.shape[1])))
    for first in range(0, len(X), size):
        waiting, parts = rows[first : first + size], PARTS
        while len(waiting):
            errors = np.zeros(len(X))
            contributions[waiting] = 0
            whole = _Parts(waiting, np.zeros(len(waiting)), np.ones(len(waiting)), before[waiting], after[waiting])
            _integrate(way, whole, allowed / parts, contributions, errors)
            waiting, parts = waiting[errors[waiting] > allowed[waiting]], parts * 8
    return Attribution(contributions, after, before)


class _Way:
    """The output of a network along the straight ways from a baseline to some rows."""

    def __init__(self, model: nn.Module, X: FloatArray, baseline: FloatArray, explained: Explained) -> None:
        self.baseline = baseline.astype(np.float64)
        self.steps = X.astype(np.float64) - self.baseline
        self._model, self._explained = model, explained

    def values(self, row: Rows, t: Vector) -> Vector:
        """Return the output at the points t of the ways to these rows."""
        return self._explained(self._outputs(row, t), row)[0]

    def gradients(self, row: Rows, t: Vector) -> Vector:
        """Return the gradients of the output with respect to the features `(M, D)` at these points."""
        _, dZ = self._explained(self._outputs(row, t), row)
        gradients: Vector = self._model.backward(dZ).astype(np.float64)  # a copy: the model may use its array again
        return gradients

    def _outputs(self, row: Rows, t: Vector) -> Vector:
        outputs: Vector = self._model.forward(self.baseline + t[:, np.newaxis] * self.steps[row]).astype(np.float64)
        return outputs


def _single(outputs: Rows) -> Explained:
    """Return the function that takes from each row the output that is asked for."""

    def explain(Z: Vector, row: Rows) -> tuple[Vector, Vector]:
        places = np.arange(len(row)), outputs[row]
        dZ = np.zeros_like(Z)
        dZ[places] = 1.0
        return Z[places], dZ

    return explain


def _integrate(way: _Way, parts: _Parts, allowed: Vector, contributions: Vector, errors: Vector) -> None:
    """Add the contributions of each part, cut in two until it is off by no more than allowed, and add up the errors."""
    for depth in range(DEPTH + 1):
        if not len(parts.row):
            return
        length = parts.end - parts.start
        slopes = np.zeros((len(NODES), len(parts.row)))
        gradients = np.zeros((len(parts.row), way.steps.shape[1]))
        for index, (node, weight) in enumerate(zip(NODES, WEIGHTS, strict=True)):
            found = way.gradients(parts.row, parts.start + node * length)
            slopes[index] = (found * way.steps[parts.row]).sum(axis=1)
            gradients += weight * found
        off = np.abs(parts.at_end - parts.at_start - length * (WEIGHTS @ slopes))
        done = off <= allowed[parts.row]
        of_done = parts.row[done]
        np.add.at(contributions, of_done, gradients[done] * length[done, np.newaxis] * way.steps[of_done])
        np.add.at(errors, of_done, off[done])
        parts, slopes = parts.where(~done), slopes[:, ~done]
        cut = _cut(parts, slopes, in_the_middle=depth % 2 == 0)
        at_cut = way.values(parts.row, cut) if len(cut) else cut
        parts = _Parts(
            np.concatenate([parts.row, parts.row]),
            np.concatenate([parts.start, cut]),
            np.concatenate([cut, parts.end]),
            np.concatenate([parts.at_start, at_cut]),
            np.concatenate([at_cut, parts.at_end]),
        )
    raise ValueError(
        f"integrated_gradients: expected an output without jumps between the baseline and the row, received one that "
        f"jumps on the way to row {int(parts.row[0])}, from 0"
    )


def _cut(parts: _Parts, slopes: Vector, *, in_the_middle: bool) -> Vector:
    """Return where to cut each part: in its middle, or where the tangents meet if that is inside."""
    middle = (parts.start + parts.end) / 2
    if in_the_middle:
        return middle
    change = slopes[-1] - slopes[0]
    rise = parts.at_end - parts.at_start + slopes[0] * parts.start - slopes[-1] * parts.end
    meeting = np.divide(-rise, change, out=middle.copy(), where=change != 0)
    inside = (meeting > parts.start) & (meeting < parts.end)
    return np.where(inside, meeting, middle)
