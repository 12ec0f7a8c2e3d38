"""The summary table of a network: its modules, their output shapes and their parameter counts."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, Protocol, Self

import numpy as np

from glassnet.nn.arrays import FLOAT32, FloatArray
from glassnet.nn.checks import check_count
from glassnet.nn.parameter import Parameter


class Summarized(Protocol):
    """What the table asks of a module."""

    def __call__(self, X: FloatArray) -> FloatArray:
        """Return the output for a batch."""

    def eval(self) -> Self:
        """Switch to evaluation mode."""

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        """Yield this module and every module inside it, outermost first, with their dotted names."""

    def parameters(self) -> list[Parameter]:
        """Return every parameter once."""


def summary_table(model: Summarized, in_features: int | None = None) -> str:
    """Return the table as text, one line a module, the total in the last line.

    There is a line for each module without inner modules, and for each one that has parameters of its own. Its output
    shape is what it returns while one example of zeros passes through a copy of the whole model, in evaluation mode. A
    parameter that several modules share counts for the first of them.

    Args:
        model: the network.
        in_features: the width D of its input; by default the `in_features` or `features` of the first module with any.

    Raises:
        ValueError: if no module states a width, or a batch of the first one stated does not fit.
    """
    probe = copy.deepcopy(model).eval()
    shapes = _output_shapes(probe, in_features)
    rows = []
    counted: set[int] = set()
    for name, module in probe.named_modules():
        own = [value for value in vars(module).values() if isinstance(value, Parameter)]
        is_leaf = next(module.children(), None) is None
        if own or is_leaf:
            count = sum(parameter.size for parameter in {id(p): p for p in own if id(p) not in counted}.values())
            counted |= set(map(id, own))
            shape = ", ".join(["N", *map(str, shapes[id(module)][1:])]) if id(module) in shapes else "not used"
            kind = repr(module) if is_leaf else type(module).__name__
            rows.append((name, kind, f"({shape})" if id(module) in shapes else shape, f"{count:,}"))
    total = sum(parameter.size for parameter in model.parameters())
    table = [("layer", "module", "output shape", "parameters"), *rows, ("total", "", "", f"{total:,}")]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    lines = [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row[:3], widths, strict=False)), row[3].rjust(widths[3])])
        for row in table
    ]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _output_shapes(probe: Summarized, in_features: int | None) -> dict[int, tuple[int, ...]]:
    """Return the shape of each module's output for one example, by the module's id; the probe is spent."""
    owner = type(probe).__name__
    width = in_features if in_features is not None else _stated_width(probe)
    if width is None:
        raise ValueError(
            f"{owner}.summary: expected a module that states in_features or features, received none; give "
            "summary(in_features=…)"
        )
    width = check_count(f"{owner}.summary", "in_features", width)
    shapes: dict[int, tuple[int, ...]] = {}
    for _, module in probe.named_modules():
        module.on_forward(_note_shape(shapes))
    dtype = next((parameter.dtype for parameter in probe.parameters()), FLOAT32)
    try:
        with np.errstate(all="ignore"):
            probe(np.zeros((1, width), dtype))
    except ValueError as error:
        raise ValueError(
            f"{owner}.summary: expected a model that takes a batch (1, {width}); give summary(in_features=…) if its "
            f"width is another; received: {error}"
        ) from error
    return shapes


def _note_shape(shapes: dict[int, tuple[int, ...]]) -> Callable[[object, FloatArray, FloatArray], None]:
    def note(module: object, X: FloatArray, Y: FloatArray) -> None:
        shapes[id(module)] = Y.shape

    return note


def _stated_width(model: Summarized) -> int | None:
    for _, module in model.named_modules():
        for name in ("in_features", "features"):
            width = getattr(module, name, None)
            if isinstance(width, int | np.integer) and not isinstance(width, bool):
                return int(width)
    return None
