"""How a loop is compiled: by numba, with the rounding that NumPy has."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(loop: F) -> F:
    """Compile a loop when it is first called, and keep it on disk where a folder can be written to.

    numba compiles it anew when the loop's own file has changed, and looks at no other: what a loop calls is in it too.

    `fastmath` stays off: it would let multiplications and additions be fused, and rounded once instead of twice. A
    division by 0 is infinite, as NumPy has it; the check for one would keep the loop from treating many at a time.
    """
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True}
    try:
        return numba.njit(cache=True, **options)(loop)
    except RuntimeError:  # numba finds no folder for its cache
        return numba.njit(**options)(loop)
