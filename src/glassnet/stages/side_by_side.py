"""Parts of an evaluation side by side, a thread a core: each is computed as it would be alone, to the same bytes."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def side_by_side(parts: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Return what the parts return, by their names; of several errors that of the first part.

    NumPy works without Python's lock, so that threads gain nearly what processes would. The parts begin in their order,
    so the longest should come first. No two of them may use one network, whose layers keep what they computed last.
    """
    pool = ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1))
    try:
        futures = {name: pool.submit(part) for name, part in parts.items()}
        return {name: future.result() for name, future in futures.items()}
    finally:
        pool.shutdown(cancel_futures=True)
