"""The plane of two features: what the network answers at the points of a grid, and what each unit does there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.diagnostics.glass.shown import AnyArray
from glassnet.diagnostics.telemetry import leaf_modules
from glassnet.nn import FloatArray
from glassnet.nn.elementwise import Elementwise
from glassnet.training.evaluation_mode import evaluation_mode

GRID = 48  # points a side, for the network's answers
UNIT_GRID = 24  # points a side, for a unit's outputs
UNITS, PICTURES = 16, 128  # of a layer, and of a network, that have a picture of their own
MARGIN = 0.1  # of the range of the rows, on each side of it
SHADES = 255  # of a picture


def region_of(rows: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ranges of both features, with a margin."""
    low, high = rows.min(axis=0).astype(np.float64), rows.max(axis=0).astype(np.float64)
    margin = np.where(high > low, MARGIN * (high - low), 1.0)
    (x0, y0), (x1, y1) = low - margin, high + margin
    return (float(x0), float(x1)), (float(y0), float(y1))


def grid_of(region: tuple[tuple[float, float], tuple[float, float]], side: int, dtype: npt.DTypeLike) -> FloatArray:
    """Return the points of a grid, `(side², 2)`, row by row from the lowest value of the second feature."""
    x, y = (np.linspace(low, high, side) for low, high in region)
    return np.stack([np.tile(x, side), np.repeat(y, side)], axis=1).astype(dtype)


def picture_of_plane(
    model: nn.Module,
    region: tuple[tuple[float, float], tuple[float, float]],
    dtype: npt.DTypeLike,
    *,
    of_classes: bool,
) -> dict[str, AnyArray]:
    """Return the network's answers over the plane by name, and what its hidden units do there.

    "plane.class" and "plane.sure" are the most probable class and its probability, in 255 shades; of a regression,
    "plane.value" is the first output. "plane.units.<layer>" has a row for each of the first units: its outputs in 255
    shades, from the lowest of the layer to the highest, which are "plane.range.<layer>".
    """
    with evaluation_mode(model), watched(model) as outputs:
        answers = model(grid_of(region, GRID, dtype))
        outputs.clear()
        model(grid_of(region, UNIT_GRID, dtype))
    pictures: dict[str, AnyArray] = {}
    if not of_classes:
        pictures["plane.value"] = answers[:, 0].reshape(GRID, GRID)
    else:
        P = nn.softmax(answers)
        kind = np.min_scalar_type(P.shape[1])
        pictures["plane.class"] = P.argmax(axis=1).astype(kind).reshape(GRID, GRID)
        pictures["plane.sure"] = _shades(P.max(axis=1), 0.0, 1.0).reshape(GRID, GRID)
    units = min(UNITS, PICTURES // max(1, len(outputs)))
    for name, A in list(outputs.items())[:PICTURES]:
        low, high = float(A.min()), float(A.max())
        pictures[f"plane.units.{name}"] = _shades(A[:, : max(1, units)].T, low, high)
        pictures[f"plane.range.{name}"] = np.array([[low, high]])
    return pictures


def _shades(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    scale = SHADES / (high - low) if high > low else 0.0
    return np.rint((values - low) * scale).astype(np.uint8)


@contextmanager
def watched(model: nn.Module) -> Iterator[dict[str, FloatArray]]:
    """Yield the outputs of each activation by its name, as the network is called within the `with` block."""
    outputs: dict[str, FloatArray] = {}

    def note(name: str) -> Callable[[nn.Module, FloatArray, FloatArray], None]:
        def hook(_: nn.Module, X: FloatArray, Y: FloatArray) -> None:
            outputs[name] = Y

        return hook

    removals = [
        module.on_forward(note(name)) for name, module in leaf_modules(model) if isinstance(module, Elementwise)
    ]
    try:
        yield outputs
    finally:
        for remove in removals:
            remove()
