"""One recorded seed, split into independent named streams of randomness."""

import numpy as np


def stream(seed: int, name: str, *more: int) -> np.random.Generator:
    """Return the generator of one named use of randomness, such as "init", "shuffle" or "split".

    The same seed, name and further numbers (an epoch, say) always give the same generator; different names give
    statistically independent ones, so that drawing more in one place moves nothing in another.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(name), *name.encode(), *more)))
