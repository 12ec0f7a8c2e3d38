"""How many threads of BLAS the matrix products of a training use."""

from threadpoolctl import threadpool_limits

from glassnet.nn.arrays import describe
from glassnet.training.run import TrainingRun

LARGE = 10**9  # multiplications: a product of so many, some 20 ms on one core, is worth several threads by itself


def limit_blas(run: TrainingRun, threads: int | None, processes: int) -> threadpool_limits:
    """Return a context in which BLAS uses so many threads, or as many as the largest product of a step is worth.

    OpenBLAS's threads wait for each other with their eyes open. Where another program takes one of their cores, each
    product waits until the system has given it back, some milliseconds: beside one busy process on two cores a training
    of 784-128-64-10 with batches of 64 rows took 1.34 s an epoch with two threads, 0.55 with one. Hence one thread, but
    for products so large that such a wait is small beside them. The choice depends on sizes alone: the number of
    threads may change the last digit of a product.

    Raises:
        ValueError: if `threads` is no whole number of 1 or more, or is more than 1 with several processes.
    """
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise ValueError(f"fit: expected threads as a whole number of 1 or more, or None, received {describe(threads)}")
    if threads is not None and threads > 1 and processes > 1:
        raise ValueError(
            f"fit: expected threads=1 for processes={processes}, since each has a core of its own, received {threads}"
        )
    if threads is None and (processes > 1 or not _has_large_products(run)):
        threads = 1
    return threadpool_limits(threads, user_api="blas")


def _has_large_products(run: TrainingRun) -> bool:
    """Return whether some layer multiplies a batch with its weights in `LARGE` multiplications or more."""
    rows: int = getattr(run.train_loader, "batch_size", 0)  # 0: batches of one's own kind, of unknown size
    weights = max((p.size for p in run.model.parameters() if len(p.shape) == 2), default=0)
    return rows * weights >= LARGE
