"""Where NumPy's own matrix product lies, so that compiled loops call the function that NumPy calls."""

import ctypes
import sys
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

# In the wheels of NumPy OpenBLAS has this prefix and suffix, and integers of 64 bits. Of another BLAS we know neither.
NAMES = {np.dtype(np.float32): "scipy_cblas_sgemm64_", np.dtype(np.float64): "scipy_cblas_dgemm64_"}


@cache
def product_address(dtype: np.dtype[Any]) -> int:
    """Return the address of the function that NumPy multiplies matrices of this dtype with; 0 if it is not known."""
    core = sys.modules["numpy._core._multiarray_umath"]
    try:
        library = ctypes.CDLL(core.__file__)  # and all that it is linked with
        address = ctypes.cast(getattr(library, NAMES[dtype]), ctypes.c_void_p).value or 0
    except (AttributeError, OSError):
        return 0
    return address if _is_numpys(address, dtype) else 0


def _is_numpys(address: int, dtype: np.dtype[Any]) -> bool:
    """Return whether the function at this address gives the bytes of NumPy's products, in all three forms."""
    from glassnet.compiled import network_loops

    rng = np.random.default_rng(0)
    A, B, C = (rng.standard_normal(shape).astype(dtype) for shape in ((67, 45), (45, 83), (67, 83)))
    pairs: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = [(A, B), (A.T, C), (C, B.T)]
    return all(
        network_loops.product(address, left, right).tobytes() == (left @ right).tobytes() for left, right in pairs
    )
