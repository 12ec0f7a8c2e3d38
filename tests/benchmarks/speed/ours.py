"""Our contestants: the matrix products alone, the bare loop, and `fit` with history and progress, in each setting."""

import io
import os
import threading
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from itertools import pairwise
from typing import Any

import numpy as np

from glassnet import data, nn, optim, training
from tests.benchmarks.speed.workload import BETAS, EPS, LEARNING_RATE, AnyArray

_end_former: Callable[[], None] | None = None  # ends the training before
planned_epochs = 1_000_000  # of `fit`, which loads the compiled twins where there are enough; fewer in a race

Epoch = Callable[[], None]
Predict = Callable[[AnyArray], AnyArray]


def products(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, None]:
    """No more than the products of forward and backward, on one batch again and again: what BLAS alone takes."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> AnyArray:
        return rng.standard_normal(shape).astype(np.float32)

    batch, weights = array(batch_size, sizes[0]), [array(*shape) for shape in pairwise(sizes)]
    inputs = [batch, *(array(batch_size, size) for size in sizes[1:-1])]
    outputs = [array(batch_size, size) for size in sizes[1:]]
    dW, dX = [np.empty_like(W) for W in weights], [np.empty_like(A) for A in inputs]

    def epoch() -> None:
        for start in range(0, len(X), batch_size):
            n = min(batch_size, len(X) - start)
            for A, W, Z in zip(inputs, weights, outputs, strict=True):
                np.matmul(A[:n], W, out=Z[:n])
            for layer in reversed(range(len(weights))):
                np.matmul(inputs[layer][:n].T, outputs[layer][:n], out=dW[layer])
                if layer:
                    np.matmul(outputs[layer][:n], weights[layer].T, out=dX[layer][:n])

    return epoch, None


def bare_loop(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
    """The loop that a user writes."""
    model = nn.mlp(sizes, rng=np.random.default_rng(0)).train()
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters(), LEARNING_RATE, BETAS, EPS)
    loader = data.DataLoader(data.ArrayDataset(X, y), batch_size, shuffle=True)

    def epoch() -> None:
        for features, labels in loader:
            loss.forward(model.forward(features), labels)
            optimizer.zero_grad()
            model.backward_parameters(loss.backward())
            optimizer.step()

    return epoch, lambda rows: training.predict(model, rows)


def fit(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
    """`fit`: history, gradient norm, accuracy, checks for what is not finite, progress; one batch of validation."""
    return _fitting(sizes, batch_size, X, y)


def fit_threads(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
    """`fit` in one process whose matrix products use all cores."""
    return _fitting(sizes, batch_size, X, y, threads=os.cpu_count())


def fit_data_parallel(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray) -> tuple[Epoch, Predict]:
    """`fit` with one process for each core."""
    return _fitting(sizes, batch_size, X, y, processes=os.cpu_count())


class _OverError(Exception):
    """Ends a training of which no more epochs are wanted."""


class _Gate(training.Callback):
    """Has each epoch wait until it is asked for."""

    def __init__(self) -> None:
        self.go, self.done, self.is_over = threading.Semaphore(0), threading.Semaphore(0), False

    def on_epoch_begin(self, run: training.TrainingRun) -> None:
        self.go.acquire()
        if self.is_over:
            raise _OverError

    def on_epoch_end(self, run: training.TrainingRun) -> None:
        self.done.release()


def _fitting(sizes: list[int], batch_size: int, X: AnyArray, y: AnyArray, **options: Any) -> tuple[Epoch, Predict]:
    """Return what trains a network epoch by epoch: one `fit`, which pauses until the next epoch is asked for.

    The one before it, if there was any, ends: for as long as it goes on, its choice of threads holds for all products.
    """
    global _end_former
    if _end_former is not None:
        _end_former()
    model = nn.mlp(sizes, rng=np.random.default_rng(0))
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters(), LEARNING_RATE, BETAS, EPS)
    loader = data.DataLoader(data.ArrayDataset(X, y), batch_size, shuffle=True)
    validation = data.DataLoader(data.ArrayDataset(X[:64], y[:64]), 64)
    gate = _Gate()

    def work() -> None:
        try:
            watchers = [training.Progress("fit"), gate]
            with suppress(_OverError):
                training.fit(model, loss, optimizer, loader, validation, planned_epochs, watchers, **options)
        finally:
            gate.done.release()

    thread = threading.Thread(target=work, daemon=True)

    def end() -> None:
        if thread.is_alive():
            gate.is_over = True
            gate.go.release()
            thread.join()

    _end_former = end

    def epoch() -> None:
        if not thread.is_alive():
            thread.start()
        with redirect_stdout(io.StringIO()):
            gate.go.release()
            gate.done.acquire()
        assert thread.is_alive()

    return epoch, lambda rows: training.predict(model, rows)
