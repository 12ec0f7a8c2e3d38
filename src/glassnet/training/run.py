"""A training that is under way, and the callbacks that see it: what `fit` calls at its turning points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from glassnet import nn
from glassnet.compiled import fastest_loss, fastest_model
from glassnet.data import DataLoader
from glassnet.nn import FloatArray, Parameter
from glassnet.optim import Optimizer
from glassnet.training.history_file import Row
from glassnet.training.monitor import LOSS, Monitor
from glassnet.training.state import State


class RunningMetrics:
    """Sums over examples, so that an epoch's numbers never are averages of batch averages.

    Attributes:
        examples: how many were counted.
        weight: the sum of their weights in the loss.
        loss_sum: the sum of their weighted losses.
        score_sum: the sum of their scores.
    """

    def __init__(self) -> None:
        """Start at nothing."""
        self.examples = 0
        self.weight = self.loss_sum = self.score_sum = 0.0

    def add(self, loss: nn.Loss, outputs: FloatArray, y: FloatArray, batch_loss: float) -> None:
        """Count the batch that `loss.forward` has just seen."""
        weight = loss_weight(loss, len(outputs))
        self.add_sums(len(outputs), weight, float(batch_loss) * weight, float(loss.score_sum(outputs, y)))

    def add_sums(self, examples: int, weight: float, loss_sum: float, score_sum: float) -> None:
        """Count a batch by its sums."""
        self.examples += examples
        self.weight += weight
        self.loss_sum += loss_sum
        self.score_sum += score_sum

    @property
    def loss(self) -> float:
        """The mean loss."""
        return self.loss_sum / self.weight

    @property
    def score(self) -> float:
        """The mean score."""
        return self.score_sum / self.examples


def loss_weight(loss: nn.Loss, examples: int) -> float:
    """Return what `loss` divided by in its last forward; as a Python float, for NumPy's may be of 32 bits."""
    return float(examples if loss.total_weight is None else loss.total_weight)


class Callback:
    """What `fit` calls at its turning points; override the hooks you need.

    Each hook receives the `TrainingRun`: the model, loss, optimizer, loaders, history, epoch and step. A hook may read
    and change all of it; `run.stop("why")` ends the training after the current epoch. At each point the callbacks are
    called in the order of the list. A callback that remembers something from epoch to epoch has `state_dict` and
    `load_state_dict`, so that an interrupted training can be resumed.

    Chapter 6 of the course, docs/learn/6-framework.md, writes one of its own.
    """

    def on_train_begin(self, run: "TrainingRun") -> None:
        """Before the first epoch."""

    def on_restore(self, run: "TrainingRun") -> None:
        """After every callback's `on_train_begin`: the place to bring back the state of an interrupted training."""

    def on_epoch_begin(self, run: "TrainingRun") -> None:
        """Before the first batch of an epoch."""

    def on_batch_begin(self, run: "TrainingRun") -> None:
        """Before the forward pass of a batch."""

    def on_gradients_ready(self, run: "TrainingRun") -> None:
        """After the backward pass, before the update: the place to clip."""

    def on_batch_end(self, run: "TrainingRun") -> None:
        """After the update of a batch."""

    def on_validation_begin(self, run: "TrainingRun") -> None:
        """After the last batch of an epoch, before the model is evaluated on the validation data."""

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """After an epoch's row was added to the history."""

    def on_safe_point(self, run: "TrainingRun") -> None:
        """After all hooks of a batch or of an epoch: the state is whole, and may be saved."""

    def on_train_end(self, run: "TrainingRun") -> None:
        """After the last epoch."""

    def on_abort(self, run: "TrainingRun") -> None:
        """After an exception has ended the training: the place to tidy up."""

    def state_dict(self) -> State:
        """Return what this callback must remember if the training is interrupted: arrays, and what JSON can hold."""
        return {}

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""


@dataclass
class TrainingRun:
    """The state of a training that callbacks see: what is trained, how far it is, and what happened so far.

    Attributes:
        parameters: what is trained: the optimizer's parameters.
        frozen: the model's other parameters; none in most trainings.
        epoch: the current epoch, counted from 1; 0 before the first.
        step: how many updates were made so far.
        batch: how many batches of the current epoch are done; 0 between epochs.
        batch_loss: the data loss of the current batch, as it is minimized.
        measure: the loss that the history records, see `Loss.for_evaluation`.
        history: one row for each finished epoch.
        stop_reason: why the training is to end early; empty while it is not.
        metrics: the sums over the current epoch's examples.
        norms: the gradient's norm at each of the current epoch's steps.
        seconds: what the current epoch's batches have taken.
        loss_of_zeros: the loss of outputs that are all 0, once it was asked for.
        monitor: the score of the validation rows that tells which epoch is better.
    """

    model: nn.Module
    loss: nn.Loss
    optimizer: Optimizer
    train_loader: DataLoader
    val_loader: DataLoader
    epochs: int
    parameters: list[Parameter]
    callbacks: Sequence[Callback] = ()
    penalty: nn.L2Penalty | None = None
    frozen: Sequence[Parameter] = ()
    epoch: int = 0
    step: int = 0
    batch: int = 0
    batch_loss: float = math.nan
    history: list[Row] = field(default_factory=list)
    stop_reason: str = ""
    metrics: RunningMetrics = field(default_factory=RunningMetrics)
    norms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    loss_of_zeros: float | None = None
    monitor: Monitor = LOSS
    measure: nn.Loss = field(init=False)

    def __post_init__(self) -> None:
        """Find out what the history records."""
        self.measure = self.loss.for_evaluation()

    def fastest(self, model: nn.Module) -> tuple[nn.Module, nn.Loss, nn.Loss]:
        """Return `model`, the loss and `measure` in the form that computes fastest; one loss, if both are the same."""
        parameters = self.optimizer.flat.data.size
        model, loss = fastest_model(model, parameters), fastest_loss(self.loss, parameters)
        return model, loss, loss if self.measure is self.loss else self.measure

    @property
    def monitored(self) -> float:
        """What the monitored score of the last epoch comes to, where lower is better."""
        return self.monitor.minimized(self.history[-1])

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.stop_reason = reason

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or a callback has asked to stop and the epoch has ended."""
        return self.batch == 0 and (self.epoch >= self.epochs or bool(self.stop_reason))
