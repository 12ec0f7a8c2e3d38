"""An array as the page shows it: its symbol, its formula, and how a cell of it comes about; large ones in blocks."""

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

AnyArray: TypeAlias = npt.NDArray[Any]
Part: TypeAlias = Literal["forward", "backward"]


@dataclass(frozen=True)
class Shown:
    """An array, and what is said of it.

    Attributes:
        symbol: such as "dW".
        values: `(R, C)`.
        part: in which of the passes it comes about.
        formula: which made it; empty for what was given.
        how: the name of the rule by which the page shows the sum that a cell is; empty where it shows none.
        by_example: whether its rows are the examples of the batch.
    """

    symbol: str
    values: AnyArray
    part: Part
    formula: str = ""
    how: str = ""
    by_example: bool = True

    def first(self, rows: int) -> AnyArray:
        """Return so many examples of a batch; all of another array."""
        return self.values[:rows] if self.by_example else self.values

    def shape_of(self, rows: int) -> tuple[int, int]:
        """Return the shape of that."""
        return (min(rows, len(self.values)) if self.by_example else len(self.values)), self.values.shape[1]


def block_of(shape: tuple[int, int], cells: int) -> tuple[int, int]:
    """Return how many rows and columns share a cell, so that there are `cells` at most: 1 and 1 for a small array."""
    rows, columns = 1, 1
    while math.ceil(shape[0] / rows) * math.ceil(shape[1] / columns) > cells:
        if shape[0] / rows >= shape[1] / columns:
            rows *= 2
        else:
            columns *= 2
    return rows, columns


def in_blocks(values: AnyArray, block: tuple[int, int]) -> AnyArray:
    """Return the value of largest magnitude in each block."""
    if block == (1, 1):
        return values
    rows, columns = (math.ceil(size / step) for size, step in zip(values.shape, block, strict=True))
    padded = np.zeros((rows * block[0], columns * block[1]), values.dtype)
    padded[: values.shape[0], : values.shape[1]] = values
    tiles = padded.reshape(rows, block[0], columns, block[1]).swapaxes(1, 2).reshape(rows, columns, -1)
    largest = np.abs(tiles).argmax(axis=2)[:, :, np.newaxis]
    return np.take_along_axis(tiles, largest, axis=2)[:, :, 0]
