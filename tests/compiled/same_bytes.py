"""Numbers of all kinds, and the bytes of arrays: what the tests of the twins compare."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def numbers(rng: np.random.Generator, size: int, dtype: Any) -> Any:
    """Return numbers of all sizes, some of them 0, denormal, infinite or NaN."""
    values = rng.standard_normal(size) * 10.0 ** rng.integers(-12, 8, size)
    values[rng.random(size) < 0.1] = 0
    for special in (np.inf, -np.inf, np.nan, 1e-40, 1e30):
        values[rng.random(size) < 0.01] = special
    return values.astype(dtype)


def bytes_of(arrays: Iterable[Any]) -> list[bytes]:
    """Return the bytes of arrays; of two NaN that are added, processors keep the sign of either."""
    return [np.where(np.isnan(array), array.dtype.type(np.nan), array).tobytes() for array in arrays]
