"""The twin of picking rows by their numbers: the next rows are on their way from memory while one is copied."""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from glassnet.compiled.compiler import compiled

memcpy: Any = cgutils.raw_memcpy

AHEAD = 2  # rows
CACHE_LINE = 64  # bytes


def _prefetch(typing_context: Any, address: Any) -> Any:
    """Ask for the cache line at an address, without waiting for it."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        instruction = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        to_read, for_long, of_data = number(0), number(3), number(1)
        builder.call(instruction, [builder.inttoptr(arguments[0], byte), to_read, for_long, of_data])
        return context.get_dummy_value()

    return types.void(types.int64), code


def _copy(typing_context: Any, target: Any, source: Any, size: Any) -> Any:
    """Copy so many bytes from one address to another."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        target, source = (builder.inttoptr(address, byte) for address in arguments[:2])
        memcpy(builder, target, source, arguments[2], 1)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 3), code


prefetch: Any = intrinsic(_prefetch)
copy: Any = intrinsic(_copy)


@compiled
def _pick(X: Any, rows: Any, picked: Any) -> bool:
    size, start, to = X.shape[1] * X.itemsize, X.ctypes.data, picked.ctypes.data
    for row in rows:
        if row < 0 or row >= X.shape[0]:
            return False
    for n in range(-AHEAD, rows.size):
        if n + AHEAD < rows.size:
            following = start + rows[n + AHEAD] * size
            for line in range(0, size, CACHE_LINE):
                prefetch(following + line)
        if n >= 0:
            copy(to + n * size, start + rows[n] * size, size)
    return True


def pick(X: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> npt.NDArray[Any] | None:
    """Return `X[rows]` for X row by row in memory; None if one of the rows is none that counts from 0."""
    picked = np.empty((len(rows), X.shape[1]), X.dtype)
    return picked if _pick(X, rows, picked) else None
