"""The summary table of a network: its layers, their output shapes and their parameter counts."""

import copy

import numpy as np

from glassnet.nn.arrays import FloatArray
from glassnet.nn.module import Module


def summary_table(model: Module) -> str:
    """Return the table as text, one line a layer, the total in the last line.

    Output shapes are found by sending one example of zeros through a copy of the model in evaluation mode.
    """
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"{type(model).__name__}: expected a model with parameters to summarize, received none")
    probe = copy.deepcopy(model).eval()
    X = np.zeros(
        (1, parameters[0].shape[0] if parameters[0].name == "W" else parameters[0].shape[1]), parameters[0].dtype
    )
    rows = _rows(probe, X, "")[0]
    rows.append(("total", "", "", f"{sum(parameter.size for parameter in parameters):,}"))
    table = [("layer", "module", "output shape", "parameters"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    lines = [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row[:3], widths, strict=False)), row[3].rjust(widths[3])])
        for row in table
    ]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _rows(module: Module, X: FloatArray, name: str) -> tuple[list[tuple[str, str, str, str]], FloatArray]:
    children = list(module.children())
    if not children:
        Y = module.forward(X)
        count = sum(parameter.size for parameter in module.parameters())
        return [(name, repr(module), f"(N, {Y.shape[1]})", f"{count:,}")], Y
    rows = []
    for child_name, child in children:
        child_rows, X = _rows(child, X, f"{name}.{child_name}".lstrip("."))
        rows += child_rows
    return rows, X
