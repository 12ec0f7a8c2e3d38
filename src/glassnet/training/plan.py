"""What a training is made of, as one value: its network, loss, optimizer and schedule, and the numbers of its loop."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from glassnet import nn, optim
from glassnet.training.architecture import Architecture
from glassnet.training.monitor import LOSS, Monitor

MakeLoss: TypeAlias = Callable[[], nn.Loss]
MakeOptimizer: TypeAlias = Callable[[Iterable[nn.Parameter]], optim.Optimizer]
MakeSchedule: TypeAlias = Callable[[float, int, int], optim.Schedule]


def constant(learning_rate: float, steps: int, steps_per_epoch: int) -> optim.Schedule:
    """Return the schedule that a plan has by default."""
    return optim.constant(learning_rate)


@dataclass(frozen=True)
class TrainingPlan:
    """What a training is made of. Its parts are made anew for each training, so that one plan serves for several.

    Attributes:
        architecture: of the network.
        loss: makes the loss.
        optimizer: makes the optimizer of parameters. The learning rate is the optimizer's.
        schedule: makes the schedule of the optimizer's learning rate, the steps after the warm-up, and the steps of an
            epoch.
        warmup_epochs: how long the rate rises to the first of the schedule.
        epochs: how often to go through the training rows.
        batch_size: rows of a batch; never more than there are.
        l2: the coefficient of the penalty on large weights.
        max_gradient_norm: the bound on the norm of the gradient, if there is one.
        max_gradient_value: the bound on each of its values, if there is one.
        average_decay: of the moving average of the weights, if they are averaged.
        patience: epochs without a better monitored score after which to stop, if at all.
        processes: how many share the rows of a batch.
        rate_factors: what the learning rate is multiplied by for the parameters of a name, such as "b" for all biases.
        seed: of all random numbers.
        monitor: the score of the validation rows that chooses the epoch.
        keeps_last: whether no score chooses, and the weights of the last epoch are kept.
    """

    architecture: Architecture
    loss: MakeLoss
    optimizer: MakeOptimizer = optim.Adam
    schedule: MakeSchedule = constant
    warmup_epochs: int = 0
    epochs: int = 20
    batch_size: int = 32
    l2: float = 0.0
    max_gradient_norm: float | None = None
    max_gradient_value: float | None = None
    average_decay: float | None = None
    patience: int | None = None
    processes: int = 1
    rate_factors: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    monitor: Monitor = LOSS
    keeps_last: bool = False


def loss_of_task(
    classes: int | None, label_smoothing: float = 0.0, class_weights: Sequence[float] | None = None
) -> MakeLoss:
    """Return what makes the loss that fits so many classes, weighted or not; None stands for a regression."""
    if classes is None:
        return nn.MeanSquaredError
    if class_weights is not None:
        return partial(nn.AdjustedCrossEntropy, class_weights, label_smoothing)
    return partial(nn.SoftmaxCrossEntropy, label_smoothing=label_smoothing)


def baseline_plan(
    features: int, classes: int | None, rows: int, *, learning_rate: float, epochs: int, seed: int
) -> TrainingPlan:
    """Return the plan of the linear baseline, the yardstick for a network.

    That is softmax regression, or linear regression: one Dense layer, trained in a way of its own. An epoch has some 64
    batches, of 16 to 512 rows: enough steps for a small table, and gradients quiet enough for many rows of many
    features. The cosine schedule ends at rate 0, where what the noise of the last steps did has died away.

    Args:
        features: how many it is given.
        classes: how many it tells apart; None for a regression.
        rows: how many rows there are to train on.
        learning_rate: the first rate.
        epochs: how often to go through the rows.
        seed: of the order of the rows.
    """
    return TrainingPlan(
        Architecture((features, classes or 1), init="zeros"),
        loss_of_task(classes),
        optimizer=partial(optim.Adam, learning_rate=learning_rate),
        schedule=lambda rate, steps, _: optim.cosine(rate, steps),
        epochs=epochs,
        batch_size=min(rows, max(16, min(512, rows // 64))),
        seed=seed,
    )
