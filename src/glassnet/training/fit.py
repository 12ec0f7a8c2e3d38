"""The three modes: fit a model, evaluate it, predict with it."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.compiled import expect, fused
from glassnet.data import DataLoader
from glassnet.nn import FloatArray
from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_count
from glassnet.optim import Optimizer
from glassnet.optim.clipping import euclidean_norm
from glassnet.training.blas_threads import limit_blas
from glassnet.training.data_parallel import DataParallel
from glassnet.training.divergence import diverged, warn_if_lost
from glassnet.training.evaluation_mode import evaluation_mode
from glassnet.training.freed_memory import keep_freed_memory
from glassnet.training.history_file import Row
from glassnet.training.monitor import Monitor
from glassnet.training.picked_rows import fastest_loader
from glassnet.training.run import Callback, RunningMetrics, TrainingRun

TIMING_COLUMNS = ("seconds", "examples_per_second")
"""The columns of a history that differ from run to run."""
_Seen: TypeAlias = tuple[list[FloatArray], list[npt.NDArray[Any]]]  # outputs and targets, batch by batch


def fit(
    model: nn.Module,
    loss: nn.Loss,
    optimizer: Optimizer,
    train_loader: DataLoader,
    val_loader: DataLoader,
    epochs: int,
    callbacks: Iterable[Callback] = (),
    *,
    penalty: nn.L2Penalty | None = None,
    processes: int = 1,
    threads: int | None = None,
    monitor: Monitor | str = "loss",
) -> list[Row]:
    """Train `model` for `epochs` epochs and return its history, one row an epoch.

    A row holds: epoch (from 1), train_loss and train_accuracy (averages over the epoch, while the weights moved),
    validation_loss and validation_accuracy (after the epoch, in evaluation mode), penalty (after the epoch; 0 without
    one), learning_rate (of the last step), gradient_norm (of data loss and penalty together, mean over the steps,
    before clipping), seconds and examples_per_second. The losses are data losses without label smoothing and class
    weights (see `Loss.for_evaluation`), so that trainings with others can be compared; what is minimized has both, and
    the penalty. For a regression loss the score is "mae", the mean absolute error, in place of "accuracy". A monitored
    score that is neither has a column of its own, such as validation_macro_f1.

    What is trained is what the optimizer has: one made of some of the model's parameters alone leaves the others as
    they are, and gradient norm, clipping and penalty concern its own.

    Chapter 1 of the course, docs/learn/1-mindset.md, reads its curves.

    Args:
        model: the network.
        loss: the data loss.
        optimizer: moves the model's parameters, or some of them.
        train_loader: the batches to learn from.
        val_loader: the batches to evaluate on after each epoch.
        epochs: how many times to go through the training batches.
        callbacks: called in their order at each turning point, see `Callback`.
        penalty: a term to minimize along with the data loss.
        processes: how many processes share the rows of each training batch (see `DataParallel`), as many as there are
            cores at most, each with one BLAS thread. Up to rounding the result is the same. On two cores two of them
            are the fastest setting for batches of some hundred rows; for smaller ones two threads may be.
        threads: how many threads BLAS uses in one process; None for one where the products are small, and for as many
            as BLAS is set to where they are large: then a neighbour that takes a core costs little (see `limit_blas`).
        monitor: the score of the validation rows that tells which epoch is better, one of `MONITORS`: what
            `BestWeights`, `EarlyStopping` and a schedule that waits for a plateau go by.

    Raises:
        ValueError: for fewer than one epoch, for both a penalty and an optimizer that decays the weights itself, or
            for a model whose batches cannot be shared by processes.
        TrainingDivergedError: as soon as a loss or a gradient is not finite.
        ChildProcessError: if one of several processes ends, killed for example.

    Warns:
        TrainingWarning: if the training loss stays far above that of outputs that are all 0 for five epochs.
    """
    check_count("fit", "epochs", epochs)
    check_count("fit", "processes", processes)
    if penalty is not None and penalty.coefficient and optimizer.weight_decay:
        raise ValueError(
            f"fit: expected an L2 penalty or weight decay, received both: {penalty!r} and "
            f"{type(optimizer).__name__}(weight_decay={optimizer.weight_decay:g}); drop one of them"
        )
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"fit: expected callbacks as a list of Callback, received {describe(callbacks)}")
    callbacks = tuple(callbacks)
    strange = next((callback for callback in callbacks if not isinstance(callback, Callback)), None)
    if strange is not None:
        raise TypeError(f"fit: expected callbacks as a list of Callback, received {describe(strange)} in it")
    if not hasattr(train_loader, "batches"):
        raise TypeError(f"fit: expected a DataLoader as train_loader, received {describe(train_loader)}")
    _check_batches("fit", "val_loader", val_loader)
    if not hasattr(loss, "score_name"):
        raise TypeError(f'fit: expected a loss with a score_name, such as "mae", received {loss!r} without one')
    trained = {id(parameter) for parameter in optimizer.flat.parameters}
    foreign = trained - {id(parameter) for parameter in model.parameters()}
    if foreign:
        raise ValueError(
            f"fit: expected an optimizer of this model's parameters, received one with {len(foreign)} of another's"
        )
    monitored = monitor if isinstance(monitor, Monitor) else Monitor(monitor)
    try:
        monitored.require_loss(loss)
    except ValueError as error:
        raise ValueError(f"fit: {error}") from error
    run = TrainingRun(
        model, loss, optimizer, train_loader, val_loader, epochs, optimizer.flat.parameters, callbacks, penalty,
        frozen=[parameter for parameter in model.parameters() if id(parameter) not in trained],
        monitor=monitored,
    )  # fmt: skip
    if hasattr(train_loader, "__len__"):
        expect(epochs * len(train_loader), optimizer.flat.data.size)
    keep_freed_memory(optimizer.flat.data.nbytes)
    with limit_blas(run, threads, processes):
        try:
            _train(run, processes)
        except BaseException:
            for callback in run.callbacks:
                callback.on_abort(run)
            raise
    model.eval()
    return run.history


def _train(run: TrainingRun, processes: int) -> None:
    for callback in run.callbacks:
        callback.on_train_begin(run)
    for callback in run.callbacks:
        callback.on_restore(run)
    with nullcontext(_SingleProcess(run)) if processes == 1 else DataParallel(run, processes) as work:
        while not run.is_over:
            if run.batch == 0:
                run.epoch += 1
                run.metrics, run.norms, run.seconds = RunningMetrics(), [], 0.0
                for callback in run.callbacks:
                    callback.on_epoch_begin(run)
            _run_batches(run, work)
            run.history.append(_finish_epoch(run))
            run.batch = 0
            warn_if_lost(run)
            for callback in run.callbacks:
                callback.on_epoch_end(run)
            for callback in run.callbacks:
                callback.on_safe_point(run)
    for callback in run.callbacks:
        callback.on_train_end(run)


class _SingleProcess:
    """The work on a batch, done by this process alone; see `DataParallel` for how several share it."""

    def __init__(self, run: TrainingRun) -> None:
        self.run = run

    def _choose(self) -> None:
        """Choose what computes fastest, for the model and the loss that the run has by now."""
        self.chosen_for = self.run.model, self.run.loss
        self.computing = self.run.fastest(self.run.model)
        self.fused = fused(*self.computing, self.run.optimizer.flat.data.size)

    def batches(self) -> Iterator[tuple[FloatArray, npt.NDArray[Any]]]:
        """Yield what is left of the current epoch's batches."""
        self._choose()
        loader = fastest_loader(self.run.train_loader, self.run.optimizer.flat.data.size)
        return loader.batches(self.run.epoch - 1, self.run.batch)

    def compute_gradients(self, X: FloatArray, y: npt.NDArray[Any]) -> None:
        """Pass a batch forward and back; count its loss and score."""
        run = self.run
        if (run.model, run.loss) != self.chosen_for:  # a callback has put others there
            self._choose()
        model, loss, measure = self.computing
        if self.fused is not None and (done := self.fused.compute_gradients(X, y)) is not None:
            run.batch_loss, hits = done
            run.metrics.add_sums(len(X), len(X), run.batch_loss * len(X), hits)
            return
        outputs = model(X)
        run.batch_loss = loss.forward(outputs, y)
        if not math.isfinite(run.batch_loss):
            raise diverged(run, "loss", run.batch_loss)
        run.metrics.add(measure, outputs, y, run.batch_loss if measure is loss else measure.forward(outputs, y))
        with nn.fresh_gradients([*run.parameters, *run.frozen]):
            model.backward_parameters(loss.backward())

    def gradient_norm(self) -> float:
        """Return the norm of the gradient, the penalty's included."""
        return euclidean_norm(self.run.optimizer.flat.grad)

    def step(self) -> None:
        """Update the weights."""
        self.run.optimizer.step()


def _run_batches(run: TrainingRun, work: _SingleProcess | DataParallel) -> None:
    """Train on those batches of the epoch that are not done yet."""
    started = time.perf_counter() - run.seconds
    run.model.train()
    # Overflow on the way to divergence is reported by the checks below, once and with its place.
    with np.errstate(over="ignore", invalid="ignore"):
        for X, y in work.batches():
            for callback in run.callbacks:
                callback.on_batch_begin(run)
            work.compute_gradients(X, y)
            del X, y  # their memory serves for the next batch
            if run.penalty is not None:
                run.penalty.backward(run.parameters)
            run.norms.append(work.gradient_norm())
            if not math.isfinite(run.norms[-1]):
                raise diverged(run, "gradient norm", run.norms[-1])
            for callback in run.callbacks:
                callback.on_gradients_ready(run)
            work.step()
            run.step += 1
            run.batch += 1
            for callback in run.callbacks:
                callback.on_batch_end(run)
            run.seconds = time.perf_counter() - started
            for callback in run.callbacks:
                callback.on_safe_point(run)


def _finish_epoch(run: TrainingRun) -> Row:
    """Validate, and return the epoch's row."""
    for callback in run.callbacks:
        callback.on_validation_begin(run)
    score, monitor = run.loss.score_name, run.monitor
    seen: _Seen | None = None if monitor.name in {"loss", score} else ([], [])
    with np.errstate(over="ignore", invalid="ignore"):
        validation = _evaluate(run.model, run.loss, run.val_loader, seen)
    if not math.isfinite(validation["loss"]):
        raise diverged(run, "validation loss", validation["loss"], in_batch=False)
    if seen is not None:
        validation[monitor.name] = monitor.score(run.loss, *map(np.concatenate, seen))
    return {
        "epoch": run.epoch,
        "train_loss": run.metrics.loss,
        f"train_{score}": run.metrics.score,
        "validation_loss": validation["loss"],
        f"validation_{score}": validation[score],
        monitor.column: validation[monitor.name],
        "penalty": run.penalty.forward(run.parameters) if run.penalty is not None else 0.0,
        "learning_rate": run.optimizer.learning_rate,
        "gradient_norm": math.fsum(run.norms) / len(run.norms),  # exact, hence the same in every Python
        "seconds": run.seconds,
        "examples_per_second": run.metrics.examples / run.seconds,
    }


def evaluate(model: nn.Module, loss: nn.Loss, loader: DataLoader) -> dict[str, float]:
    """Return the loss and score of `model` over `loader`, in evaluation mode, and the number of examples.

    Predictions are judged without label smoothing and class weights, which only shape a training (see
    `Loss.for_evaluation`). The keys are "loss", the loss's `score_name` ("accuracy", or "mae" for regression) and
    "examples".

    Raises:
        TypeError: if `loader` is not one, but an array, say.
    """
    _check_batches("evaluate", "loader", loader)
    return _evaluate(model, loss, loader, None)


def _evaluate(model: nn.Module, loss: nn.Loss, loader: DataLoader, seen: _Seen | None) -> dict[str, float]:
    """Return what `evaluate` does; add the outputs and targets of all batches to `seen`, if that is there."""
    metrics, measure = RunningMetrics(), loss.for_evaluation()
    with evaluation_mode(model):
        for X, y in loader:
            outputs = model(X)
            metrics.add(measure, outputs, y, measure.forward(outputs, y))
            if seen is not None:
                seen[0].append(outputs)
                seen[1].append(np.array(y))
    return {"loss": metrics.loss, loss.score_name: metrics.score, "examples": metrics.examples}


def predict(
    model: nn.Module,
    X: FloatArray,
    *,
    output: Callable[[FloatArray], FloatArray] | None = None,
    batch_size: int = 1024,
) -> FloatArray:
    """Return the predictions for `X (N, D)`, `(N, C)`, in evaluation mode.

    Args:
        model: the trained model.
        X: the rows.
        output: what turns the network's outputs into predictions; None for `nn.softmax`, which makes logits class
            probabilities, and for nothing where the network has one output only: that is a regression's prediction.
        batch_size: how many rows to compute at a time.
    """
    check_count("predict", "batch_size", batch_size)
    with evaluation_mode(model):
        parts = []
        for start in range(0, max(len(X), 1), batch_size):
            outputs = model(X[start : start + batch_size])
            if output is not None:
                outputs = output(outputs)
            elif outputs.shape[1] > 1:
                outputs = nn.softmax(outputs)
            parts.append(outputs)
    return np.concatenate(parts)


def _check_batches(owner: str, name: str, loader: object) -> None:
    if not isinstance(loader, Iterable) or isinstance(loader, np.ndarray):
        raise TypeError(f"{owner}: expected a DataLoader as {name}, received {describe(loader)}")
