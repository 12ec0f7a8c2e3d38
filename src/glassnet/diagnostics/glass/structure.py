"""What all frames of a training have in common: its layers and their arrays, and how much of each is kept."""

import math
from collections.abc import Hashable
from typing import NamedTuple, TypeAlias

from glassnet.diagnostics.glass.shown import AnyArray, Shown, block_of, in_blocks
from glassnet.diagnostics.glass.step import Step
from glassnet.files import JsonObject, JsonValue

Layers: TypeAlias = dict[str, list[Shown]]
Updates: TypeAlias = dict[str, dict[str, Shown]]


class Bounds(NamedTuple):
    """How much of an array is kept.

    Attributes:
        rows: of a batch.
        cells: of any array, see `in_blocks`.
    """

    rows: int
    cells: int


# Fewer rows before fewer cells: what the rows left out come to can be told, the sums of blocks cannot.
BOUNDS = (
    Bounds(32, 4096), Bounds(16, 4096), Bounds(8, 4096),
    *(Bounds(8, cells) for cells in (2048, 1024, 512, 256, 128, 64)),
)  # fmt: skip


def keyed(layers: Layers, updates: Updates) -> dict[str, Shown]:
    """Return all arrays by the keys that the page knows them by: "0/W" of a layer, "update/0.W/after" of an update."""
    arrays = {f"{name}/{shown.symbol}": shown for name, each in layers.items() for shown in each}
    return arrays | {f"update/{name}/{key}": shown for name, each in updates.items() for key, shown in each.items()}


def bounds_for(arrays: dict[str, Shown], numbers: int) -> Bounds:
    """Return the widest bounds within which all arrays together have about `numbers`, or the narrowest there are."""
    unique = {content_of(shown.values): shown for shown in arrays.values()}.values()
    for bounds in BOUNDS:
        if sum(_cells(shown, bounds) for shown in unique) <= numbers:
            return bounds
    return BOUNDS[-1]


def _cells(shown: Shown, bounds: Bounds) -> int:
    rows, columns = shown.shape_of(bounds.rows)
    high, wide = block_of((rows, columns), bounds.cells)
    return math.ceil(rows / high) * math.ceil(columns / wide)


def content_of(values: AnyArray) -> Hashable:
    """Return what two arrays have in common if they are the same: one layer's output is the next one's input."""
    return values.shape, values.dtype.str, values.tobytes()


def bounded(arrays: dict[str, Shown], bounds: Bounds) -> dict[str, AnyArray]:
    """Return the arrays as they are kept: the rows that are shown, in blocks where they are large; equal ones once."""
    kept: dict[Hashable, AnyArray] = {}
    found = {}
    for key, shown in arrays.items():
        values = in_blocks(shown.first(bounds.rows), block_of(shown.shape_of(bounds.rows), bounds.cells))
        found[key] = kept.setdefault(content_of(values), values.copy())
    return found


def structure_of(step: Step, layers: Layers, updates: Updates, bounds: Bounds) -> JsonObject:
    """Return what all frames have in common: the layers, their arrays with formulas and shapes, and the updates."""
    modules = {passed.name: passed.module for passed in step.both.forward}
    listed: list[JsonValue] = [
        {
            "name": name,
            "kind": type(modules[name]).__name__ if name in modules else "loss",
            "title": repr(modules.get(name, step.both.loss)),
            "arrays": [_entry(f"{name}/{shown.symbol}", shown, bounds) for shown in each],
        }
        for name, each in layers.items()
    ]
    return {
        "rows": len(step.y),
        "shown": min(bounds.rows, len(step.y)),
        "layers": listed,
        "backward": ["loss", *(passed.name for passed in step.both.backward)],
        "updates": [
            {"name": name, "arrays": [_entry(f"update/{name}/{key}", shown, bounds) for key, shown in each.items()]}
            for name, each in updates.items()
        ],
    }


def _entry(key: str, shown: Shown, bounds: Bounds) -> JsonObject:
    return {
        "key": key,
        "symbol": shown.symbol,
        "shape": list(shown.values.shape),
        "block": list(block_of(shown.shape_of(bounds.rows), bounds.cells)),
        "part": shown.part,
        "formula": shown.formula,
        "how": shown.how,
        "by_example": shown.by_example,
    }
