"""A training uses one BLAS thread where products are small, and leaves BLAS as it was."""

from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from glassnet import data, nn, optim, training
from glassnet.training import blas_threads


def _threads() -> int:
    return max(int(pool["num_threads"]) for pool in threadpool_info() if pool["user_api"] == "blas")


class _Seen(training.Callback):
    """Remembers how many threads BLAS has in a batch."""

    def on_batch_begin(self, run: training.TrainingRun) -> None:
        self.threads = _threads()


def _fit(**options: Any) -> int:
    """Train with batches of 8 rows and at most 6 × 4 weights; return the threads that a batch was computed with."""
    rng, seen = np.random.default_rng(0), _Seen()
    model = nn.mlp([6, 4, 2], rng=rng)
    rows = data.DataLoader(data.ArrayDataset(rng.standard_normal((16, 6)).astype(np.float32), np.arange(16) % 2), 8)
    training.fit(model, nn.SoftmaxCrossEntropy(), optim.SGD(model.parameters(), 0.1), rows, rows, 1, [seen], **options)
    return seen.threads


@pytest.mark.parametrize(
    ("large", "threads", "expected"), [(10**9, None, 1), (8 * 24, None, 2), (8 * 24, 1, 1), (10**9, 2, 2)]
)
def test_threads_follow_from_the_size_of_the_products(
    large: int, threads: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for small products, those that BLAS has for large ones, or as many as were asked for."""
    monkeypatch.setattr(blas_threads, "LARGE", large)
    with threadpool_limits(2, user_api="blas"):
        assert _fit(threads=threads) == expected
        assert _threads() == 2


def test_each_of_several_processes_has_one_thread() -> None:
    """And cannot have more."""
    with threadpool_limits(2, user_api="blas"):
        assert _fit(processes=2) == 1
        assert _threads() == 2
        with pytest.raises(
            ValueError, match="expected threads=1 for processes=2, since each has a core of its own, received 2"
        ):
            _fit(processes=2, threads=2)


@pytest.mark.parametrize("threads", [0, -1, True, 1.5, "2"])
def test_what_is_no_number_of_threads_is_refused(threads: Any) -> None:
    """In one line."""
    with pytest.raises(ValueError, match="fit: expected threads as a whole number of 1 or more, or None, received"):
        _fit(threads=threads)
