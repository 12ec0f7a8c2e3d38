"""Memory that was freed, and that the process keeps for the next step."""

import numpy as np

# glibc's `malloc` takes blocks above a threshold from the system one by one, and gives back what is free at the end of
# its heap where that is more than twice the threshold. The threshold grows with the largest block that was freed so
# far, up to 32 MiB (mallopt(3), M_MMAP_THRESHOLD).
LARGEST = 31 << 20  # bytes: a block just below that, with what `malloc` notes beside it
COPIES = 4  # of the parameters, as a training holds them: values, gradients, and two averages of Adam's


def keep_freed_memory(parameters: int) -> None:
    """Have glibc keep what a step frees, up to 62 MiB, where it would give it back and ask the system for it anew.

    A step frees its batch, activations and gradients, and the next one needs as much. Each page of 4 KiB that comes
    from the system is one that the system has to clear, at its first use: 784-1024-1024-10 with batches of 1024 rows
    had 1,850 such faults a step, and takes 3 to 17% less time without them. Of the block here none is touched, so
    that it costs nothing, on other systems either.

    Args:
        parameters: the bytes of all parameters. The block is no larger than what a training needs in any case.
    """
    np.empty(min(COPIES * parameters, LARGEST), np.uint8)
