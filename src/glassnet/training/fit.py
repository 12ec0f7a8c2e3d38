"""The three modes: fit a model, evaluate it, predict with it."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from glassnet import nn
from glassnet.data import DataLoader
from glassnet.nn import FloatArray, Parameter
from glassnet.nn.arrays import check_count
from glassnet.optim import Optimizer, gradient_norm
from glassnet.training.callbacks import Callback

Row = dict[str, float]

TIMING_COLUMNS = ("seconds", "examples_per_second")


class TrainingDivergedError(ArithmeticError):
    """A loss or gradient was not finite; the message says where, and what usually causes it."""


@dataclass
class TrainingRun:
    """The state of a training that callbacks see: what is trained, how far it is, and what happened so far.

    Attributes:
        epoch: the current epoch, counted from 1; 0 before the first.
        step: how many updates were made so far.
        batch_loss: the data loss of the current batch.
        history: one row for each finished epoch.
        stop_reason: why the training is to end early; empty while it is not.
    """

    model: nn.Module
    loss: nn.Loss
    optimizer: Optimizer
    train_loader: DataLoader
    val_loader: DataLoader
    epochs: int
    parameters: list[Parameter]
    penalty: nn.L2Penalty | None = None
    epoch: int = 0
    step: int = 0
    batch_loss: float = math.nan
    history: list[Row] = field(default_factory=list)
    stop_reason: str = ""

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.stop_reason = reason


def fit(
    model: nn.Module,
    loss: nn.Loss,
    optimizer: Optimizer,
    train_loader: DataLoader,
    val_loader: DataLoader,
    epochs: int,
    callbacks: Sequence[Callback] = (),
    *,
    penalty: nn.L2Penalty | None = None,
) -> list[Row]:
    """Train `model` for `epochs` epochs and return its history, one row an epoch.

    A row holds: epoch (from 1), train_loss and train_accuracy (averages over the epoch, while the weights moved),
    validation_loss and validation_accuracy (after the epoch, in evaluation mode), penalty (after the epoch; 0 without
    one), learning_rate (of the last step), gradient_norm (of data loss and penalty together, mean over the steps,
    before clipping), seconds and examples_per_second. The losses are data losses; what is minimized is their sum with
    the penalty. For a regression loss the score is "mae", the mean absolute error, in place of "accuracy".

    Args:
        model: the network.
        loss: the data loss.
        optimizer: moves the model's parameters.
        train_loader: the batches to learn from.
        val_loader: the batches to evaluate on after each epoch.
        epochs: how many times to go through the training batches.
        callbacks: called in their order at each turning point, see `Callback`.
        penalty: a term to minimize along with the data loss.

    Raises:
        ValueError: for fewer than one epoch, or for both a penalty and an optimizer that decays the weights itself.
        TrainingDivergedError: as soon as a loss or a gradient is not finite.
    """
    check_count("fit", "epochs", epochs)
    if penalty is not None and penalty.coefficient and optimizer.weight_decay:
        raise ValueError(
            f"fit: expected an L2 penalty or weight decay, received both: {penalty!r} and "
            f"{type(optimizer).__name__}(weight_decay={optimizer.weight_decay:g}); drop one of them"
        )
    run = TrainingRun(model, loss, optimizer, train_loader, val_loader, epochs, model.parameters(), penalty)
    for callback in callbacks:
        callback.on_train_begin(run)
    while run.epoch < epochs and not run.stop_reason:
        run.epoch += 1
        for callback in callbacks:
            callback.on_epoch_begin(run)
        run.history.append(_run_epoch(run, callbacks))
        for callback in callbacks:
            callback.on_epoch_end(run)
    for callback in callbacks:
        callback.on_train_end(run)
    model.eval()
    return run.history


def _run_epoch(run: TrainingRun, callbacks: Sequence[Callback]) -> Row:
    started = time.perf_counter()
    tally = _Tally(run.loss)
    norms: list[float] = []
    run.model.train()
    run.train_loader.epoch = run.epoch - 1
    # Overflow on the way to divergence is reported by the checks below, once and with its place.
    with np.errstate(over="ignore", invalid="ignore"):
        for X, y in run.train_loader:
            for callback in callbacks:
                callback.on_batch_begin(run)
            outputs = run.model.forward(X)
            run.batch_loss = run.loss.forward(outputs, y)
            if not math.isfinite(run.batch_loss):
                raise _diverged(run, "loss", run.batch_loss)
            tally.add(outputs, y, run.batch_loss)
            run.optimizer.zero_grad()
            run.model.backward(run.loss.backward())
            if run.penalty is not None:
                run.penalty.backward(run.parameters)
            norms.append(gradient_norm(run.parameters))
            if not math.isfinite(norms[-1]):
                raise _diverged(run, "gradient norm", norms[-1])
            for callback in callbacks:
                callback.on_gradients_ready(run)
            run.optimizer.step()
            run.step += 1
            for callback in callbacks:
                callback.on_batch_end(run)
        seconds = time.perf_counter() - started
        for callback in callbacks:
            callback.on_validation_begin(run)
        validation = evaluate(run.model, run.loss, run.val_loader)
    if not math.isfinite(validation["loss"]):
        raise _diverged(run, "validation loss", validation["loss"])
    score = run.loss.score_name
    return {
        "epoch": run.epoch,
        "train_loss": tally.loss,
        f"train_{score}": tally.score,
        "validation_loss": validation["loss"],
        f"validation_{score}": validation[score],
        "penalty": run.penalty.forward(run.parameters) if run.penalty is not None else 0.0,
        "learning_rate": run.optimizer.learning_rate,
        "gradient_norm": math.fsum(norms) / len(norms),  # exact, hence the same in every Python
        "seconds": seconds,
        "examples_per_second": tally.examples / seconds,
    }


def _diverged(run: TrainingRun, what: str, value: float) -> TrainingDivergedError:
    worst = next(
        (name for name, parameter in run.model.named_parameters() if not np.isfinite(parameter.grad).all()),
        None,
    )
    where = f", first in the gradient of {worst}" if worst and what == "gradient norm" else ""
    return TrainingDivergedError(
        f"training stopped at epoch {run.epoch}, after {run.step} steps: expected a finite {what}, received {value}"
        f"{where} (learning_rate {run.optimizer.learning_rate:g}); usual causes: a learning rate that is too high, "
        "features that are not standardized, or non-finite values in the data"
    )


class _Tally:
    """Sums over examples, so that an epoch's numbers never are averages of batch averages."""

    def __init__(self, loss: nn.Loss) -> None:
        self.examples = 0
        self._loss = loss
        self._weight = self._loss_sum = self._score_sum = 0.0

    def add(self, outputs: FloatArray, y: FloatArray, batch_loss: float) -> None:
        """Count the batch that `loss.forward` has just seen."""
        self.examples += len(outputs)
        self._weight += self._loss.total_weight
        self._loss_sum += batch_loss * self._loss.total_weight
        self._score_sum += self._loss.score_sum(outputs, y)

    @property
    def loss(self) -> float:
        return self._loss_sum / self._weight

    @property
    def score(self) -> float:
        return self._score_sum / self.examples


def evaluate(model: nn.Module, loss: nn.Loss, loader: DataLoader) -> dict[str, float]:
    """Return the loss and score of `model` over `loader`, in evaluation mode, and the number of examples.

    The keys are "loss", the loss's `score_name` ("accuracy", or "mae" for regression) and "examples".
    """
    tally = _Tally(loss)
    with _evaluation_mode(model):
        for X, y in loader:
            outputs = model.forward(X)
            tally.add(outputs, y, loss.forward(outputs, y))
    return {"loss": tally.loss, loss.score_name: tally.score, "examples": tally.examples}


def predict(
    model: nn.Module,
    X: FloatArray,
    *,
    output: Callable[[FloatArray], FloatArray] = nn.softmax,
    batch_size: int = 1024,
) -> FloatArray:
    """Return the predictions for `X (N, D)`, `(N, C)`, in evaluation mode.

    Args:
        model: the trained model.
        X: the rows.
        output: what turns the network's outputs into predictions: `nn.softmax` makes logits class probabilities.
        batch_size: how many rows to compute at a time.
    """
    with _evaluation_mode(model):
        parts = [output(model.forward(X[i : i + batch_size])) for i in range(0, max(len(X), 1), batch_size)]
    return np.concatenate(parts)


@contextmanager
def _evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch `model` to evaluation mode, and back afterwards if it was training, whatever happens meanwhile."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        if was_training:
            model.train()
