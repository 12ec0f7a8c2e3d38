"""What processes that train together share: memory, and which part of a thing belongs to which of them."""

import mmap
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

GRAIN = 16  # parts of the flat vectors begin at multiples of a cache line


def part_of(size: int, rank: int, processes: int) -> slice:
    """Return which of `size` things belong to process number `rank`; the processes' counts differ by one at most."""
    return slice(size * rank // processes, size * (rank + 1) // processes)


def parts_between(size: int, taken: Iterable[slice], rank: int, processes: int) -> list[slice]:
    """Return a process's parts of `size` elements but for those in `taken`, which others share out in their own way."""
    parts, start = [], 0
    for some in [*sorted(taken, key=lambda each: each.start), slice(size, size)]:
        grains = part_of(-(-(some.start - start) // GRAIN), rank, processes)
        parts.append(slice(start + grains.start * GRAIN, min(start + grains.stop * GRAIN, some.start)))
        start = some.stop
    return [part for part in parts if part.stop > part.start]


def shared(size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return `size` zeros in memory that processes forked from this one share."""
    return np.frombuffer(mmap.mmap(-1, size * dtype.itemsize), dtype=dtype)
