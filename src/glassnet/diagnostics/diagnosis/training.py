"""What a diagnosis looks at: a finished training, as its curves, its telemetry and its settings tell of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.diagnostics.telemetry import TelemetryRow
from glassnet.evaluation import wilson_interval
from glassnet.training import Row

FloatVector: TypeAlias = npt.NDArray[np.float64]

# Fractions of the random baseline, by which losses are judged.
HIGH = 0.3  # far from learnt; below, rises, small updates and a small network do little harm
MOST = 0.5  # of a layer's units
LOST = 0.9  # next to nothing is learnt
# They divide a gradient by its own running size: its length does not reach the update, and so clipping does not.
SCALE_INVARIANT = frozenset({"adam", "adamw", "rmsprop"})


@dataclass(frozen=True)
class Setup:
    """What a training was set to, as far as it is known; the defaults are those of a plain network.

    Attributes:
        hidden_sizes: the units of each hidden layer; None where that is unknown.
        activation: the name of the hidden layers' activation.
        init: the name of the rule that drew the initial weights; "zeros" is the one with consequences.
        zero_output: whether the last layer starts at zero, so that at the first step no gradient passes it.
        dropout: the fraction of hidden units that dropout silences.
        optimizer: the name of the optimizer, such as "adam"; None where that is unknown.
        learning_rate: the optimizer's, before any schedule; None for the largest in the history.
        weight_decay: the optimizer's decoupled decay.
        l1_decay: its decoupled shrinking of weights by a constant.
        batch_size: rows in a batch; None where that is unknown.
        epochs: how many there were to be at most; None for as many as there were.
        label_smoothing: the loss's.
        l2: the factor of the penalty on the weights.
        average_decay: that of the averaged weights, where these are evaluated.
        max_gradient_norm: where the gradient's norm is clipped, if it is.
        folds: how many the rows for training are divided into, if they are.
        seed: the seed; None where that is unknown.
        decides: whether a class is decided on by another rule than the highest probability: accuracy is then no aim.
        keeps_last: whether the weights of the last epoch were kept, whichever was the best.
    """

    hidden_sizes: tuple[int, ...] | None = None
    activation: str = "relu"
    init: str = "he_normal"
    zero_output: bool = False
    dropout: float = 0.0
    optimizer: str | None = None
    learning_rate: float | None = None
    weight_decay: float = 0.0
    l1_decay: float = 0.0
    batch_size: int | None = None
    epochs: int | None = None
    label_smoothing: float = 0.0
    l2: float = 0.0
    average_decay: float | None = None
    max_gradient_norm: float | None = None
    folds: int | None = None
    seed: int | None = None
    decides: bool = False
    keeps_last: bool = False


@dataclass(frozen=True)
class Training:
    """A finished training, as its files tell of it.

    Its losses are given on a scale from `floor` (0) to `random_baseline` (1).

    Attributes:
        history: one row an epoch.
        telemetry: measurements of steps; may be empty, then what needs them is not looked for.
        best_epoch: whose weights were kept, counted from 1.
        random_baseline: the loss of knowing nothing: ln C for C classes, 1 for a standardized target.
        setup: what it was set to.
        validation_baseline: the validation loss of knowing nothing, where that is another: with few rows far from all
            others, the variance of the validation targets is not that of the training targets.
        validation_majority: how many validation rows there are, and how many of them are of the most frequent class;
            None for a regression, or where that is not known.

    Raises:
        ValueError: if there is no epoch.
    """

    history: Sequence[Row]
    telemetry: Sequence[TelemetryRow]
    best_epoch: int
    random_baseline: float
    setup: Setup = field(default_factory=Setup)
    validation_baseline: float | None = None
    validation_majority: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be looked at."""
        if not self.history:
            raise ValueError("Training: expected a history of one epoch or more, received none")

    @property
    def learning_rate(self) -> float:
        """The optimizer's learning rate, before any schedule; the largest of the history where that is unknown."""
        if self.setup.learning_rate is not None:
            return self.setup.learning_rate
        return max(row["learning_rate"] for row in self.history)

    @property
    def epochs(self) -> int:
        """How many epochs there were to be at most."""
        return len(self.history) if self.setup.epochs is None else self.setup.epochs

    @property
    def classes(self) -> int | None:
        """How many classes there are, from the random baseline; None for a regression."""
        return round(math.exp(self.random_baseline)) if "train_accuracy" in self.history[0] else None

    @property
    def is_scale_invariant(self) -> bool:
        """Whether the optimizer's updates are as long for a gradient of any length."""
        return self.setup.optimizer in SCALE_INVARIANT

    @property
    def starts_saturated(self) -> bool:
        """Whether most outputs of a layer lie at a limit at the first step: no gradient passes, whatever the rate."""
        return any(values[0] > MOST for values in self.measured("saturated_share").values())

    @property
    def has_hidden_layers(self) -> bool:
        """Whether there are hidden layers; where the setup is silent, whether telemetry saw more than one of weights.

        Without telemetry either, they are taken to be there.
        """
        if self.setup.hidden_sizes is not None:
            return bool(self.setup.hidden_sizes)
        return len(self.of_weights("gradient_norm")) != 1

    @property
    def beats_majority(self) -> bool:
        """Whether the network was right more often than the most frequent class would be, beyond chance.

        Its loss may be no better for all that: a network that has learnt its few training rows by heart is as sure of
        its errors as of the rest.
        """
        if self.validation_majority is None:
            return False
        rows, most = self.validation_majority
        best = max(row["validation_accuracy"] for row in self.history)
        return wilson_interval(round(best * rows), rows)[0] > most / rows

    @property
    def floor(self) -> float:
        """The loss of a network that has learnt all that it was taught: 0 without label smoothing.

        With smoothing ε it is taught to give the true class `1 − ε + ε/C`; the history's loss, which is measured
        without smoothing, is then `−ln(1 − ε + ε/C)`.
        """
        smoothing = self.setup.label_smoothing
        if not smoothing or "train_accuracy" not in self.history[0]:
            return 0.0
        classes = round(math.exp(self.random_baseline))
        return -math.log(1 - smoothing + smoothing / classes)

    @property
    def train(self) -> FloatVector:
        """The training losses, 0 for the floor and 1 for the random baseline."""
        return self._fraction([row["train_loss"] for row in self.history])

    @property
    def validation(self) -> FloatVector:
        """The validation losses, 0 for the floor and 1 for the random baseline."""
        return self._fraction([row["validation_loss"] for row in self.history])

    @property
    def lowest_epoch(self) -> int:
        """The epoch of the lowest validation loss; the best one, unless another score is monitored."""
        return int(np.argmin([row["validation_loss"] for row in self.history])) + 1

    def _fraction(self, losses: list[float]) -> FloatVector:
        return (np.array(losses) - self.floor) / (self.random_baseline - self.floor)

    def loss(self, fraction: float) -> float:
        """Return the loss, as the history has it, that `train` or `validation` gives as this fraction."""
        return self.floor + fraction * (self.random_baseline - self.floor)

    def measured(self, statistic: str) -> dict[str, list[float]]:
        """Return the values of a statistic by layer, in the order of the steps."""
        values: dict[str, list[float]] = {}
        for row in self.telemetry:
            if row.statistic == statistic:
                values.setdefault(row.layer, []).append(row.value)
        return values

    def of_weights(self, statistic: str) -> dict[str, list[float]]:
        """Return the values of a statistic for the weight matrices alone, the first layer first."""
        return {layer: values for layer, values in self.measured(statistic).items() if layer.endswith(".W")}

    @property
    def largest_update(self) -> float:
        """The largest fraction of themselves by which an update changed a layer's weights, the median over the layers.

        The largest and not the usual one, since schedules take the rate to zero, and dead layers stop moving: what the
        rate can do shows in the strongest step that was measured. NaN without telemetry.
        """
        ratios = self.of_weights("update_ratio")
        return float(np.median([max(values) for values in ratios.values()])) if ratios else float("nan")

    @property
    def largest_dead_fraction(self) -> float:
        """The fraction of dead units in the layer that has most of them, at the end; 0 without telemetry."""
        return max([values[-1] for values in self.measured("dead_share").values()], default=0.0)

    @property
    def largest_saturated_fraction(self) -> float:
        """The fraction of saturated outputs in the layer that has most, median of the steps; 0 without telemetry."""
        fractions = self.measured("saturated_share").values()
        return max([float(np.median(values)) for values in fractions], default=0.0)


def training_of(
    history: Sequence[Row],
    telemetry: Sequence[TelemetryRow],
    setup: Setup | None = None,
    classes: int | None = None,
    *,
    best_epoch: int | None = None,
    validation_targets: npt.NDArray[Any] | None = None,
) -> Training:
    """Return a training for the diagnosis, from what `training.fit` returns and what else is known.

    The best epoch, where none is given, is that with the lowest validation loss. The random baseline of a regression is
    1, that of `classes` classes their logarithm. Where these are unknown it is estimated, and no loss is said to be no
    better than that. The targets of the validation rows, class ids or standardized values, tell what knowing nothing
    comes to there.

    Raises:
        ValueError: for a history without an epoch.
    """
    if not history:
        raise ValueError("diagnose: expected a history of one epoch or more, received none")
    best = best_epoch or min(range(len(history)), key=lambda epoch: history[epoch]["validation_loss"]) + 1
    if "train_accuracy" not in history[0]:
        baseline = 1.0
    elif classes is not None:
        baseline = math.log(classes)
    else:
        baseline = _estimated_baseline(history)
    is_estimated = "train_accuracy" in history[0] and classes is None
    of_validation = math.inf if is_estimated else None
    majority = None
    if validation_targets is not None and classes is not None:
        majority = len(validation_targets), int(np.bincount(validation_targets).max())
    elif validation_targets is not None:
        of_validation = float(np.square(validation_targets, dtype=np.float64).mean())
    return Training(history, telemetry, best, baseline, setup or Setup(), of_validation, majority)


def _estimated_baseline(history: Sequence[Row]) -> float:
    """Return about what loss a network has that knows nothing of its classes, whose number is unknown.

    It is that of the first epoch, when little is learnt, but at least that of two classes. A network that was thrown
    far off has a higher one: its accuracy, which is then that of guessing among C classes, gives `−ln(1/C)`.
    """
    guessing = -math.log(max(1e-3, min(max(row["train_accuracy"], row["validation_accuracy"]) for row in history)))
    first = history[0]["train_loss"]
    return max(math.log(2), first if first <= 2 * guessing else guessing)


def late_fall(losses: FloatVector) -> float:
    """Return by what fraction of itself a loss fell from the last fifth but one of the epochs to the last fifth."""
    n = max(2, len(losses) // 5)
    if len(losses) < 2 * n:
        return 0.0
    before, after = float(losses[-2 * n : -n].mean()), float(losses[-n:].mean())
    return (before - after) / before if before > 0 else 0.0
