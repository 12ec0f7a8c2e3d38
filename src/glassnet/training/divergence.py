"""What to say when a training is lost: a loss or a gradient that is not finite, or a loss that stays too high."""

import warnings
from itertools import pairwise

import numpy as np

from glassnet.nn import FloatArray
from glassnet.training.evaluation_mode import evaluation_mode
from glassnet.training.run import TrainingRun

LARGE = 1e3  # a weight or a feature of this size is a cause worth naming


LOST_EPOCHS, LOST = 5, 2.0  # epochs in a row with a training loss so many times that of outputs that are all 0
IDLE_EPOCHS = 10  # in a row with neither loss below that of outputs that are all 0
SAMPLE = 1_000  # examples whose loss for such outputs is taken


class TrainingDivergedError(ArithmeticError):
    """A loss or gradient was not finite; the message says where, and what usually causes it.

    Attributes:
        evidence: where it happened, and what the numbers point to.
        remedy: what to do against a learning rate that is too high; empty where that is not the cause.
    """

    def __init__(self, evidence: str, remedy: str = "") -> None:
        """Say what was found, and what to do."""
        super().__init__(evidence, remedy)
        self.evidence, self.remedy = evidence, remedy

    def __str__(self) -> str:
        return "; ".join(filter(None, (self.evidence, self.remedy)))


class TrainingWarning(UserWarning):
    """A training goes on, but hardly as it should."""


def diverged(run: TrainingRun, what: str, value: float, *, in_batch: bool = True) -> TrainingDivergedError:
    """Return the error for a value that is not finite.

    Args:
        run: the training.
        what: the name of the value.
        value: the value.
        in_batch: whether it arose in the current training batch, which is then read again and looked at; else it arose
            in the validation data.
    """
    X = next(run.train_loader.batches(run.epoch - 1, first=run.batch))[0] if in_batch else None
    evidence, is_rate_too_high = _evidence(run, what, X)
    return TrainingDivergedError(
        f"training stopped at epoch {run.epoch}, after {run.step} steps: expected a finite {what}, received {value} "
        f"(learning_rate {run.optimizer.learning_rate:g}); {evidence}",
        "divide it by 10, or clip the gradient with GradientClipping(max_norm=1.0)" if is_rate_too_high else "",
    )


def warn_if_lost(run: TrainingRun) -> None:
    """Warn once if a training has been far above the loss of outputs that are all 0, or has not come below it for long.

    For logits of 0 every class is equally probable, and the cross-entropy is ln C; a prediction of 0 has the mean
    square of the targets as its error. A network that does much worse was thrown far off, and does not find its way
    back. One whose training loss falls in every epoch may have begun there. Dropout raises the training loss alone,
    so that the validation loss must be above too where it is a little.
    """
    losses = [row["train_loss"] for row in run.history]
    lower = [min(row["train_loss"], row["validation_loss"]) for row in run.history]
    if len(losses) < LOST_EPOCHS:
        return
    if run.loss_of_zeros is None:
        run.loss_of_zeros = _loss_of_zeros(run)
    zeros = run.loss_of_zeros

    def is_above(epoch: int, values: list[float], epochs: int, factor: float) -> bool:
        last = losses[max(0, epoch - epochs) : epoch]
        is_falling = all(later < before for before, later in pairwise(last))
        return len(last) == epochs and min(values[epoch - epochs : epoch]) > factor * zeros and not is_falling

    def is_lost(epoch: int) -> bool:
        return is_above(epoch, losses, LOST_EPOCHS, LOST)

    def is_idle(epoch: int) -> bool:
        return is_above(epoch, lower, IDLE_EPOCHS, 1.0)

    # The epochs before are looked at only where there is something to say: of each epoch, all would be E² looks.
    if not (is_lost(run.epoch) or is_idle(run.epoch)):
        return
    if any(is_lost(epoch) or is_idle(epoch) for epoch in range(LOST_EPOCHS, run.epoch)):
        return
    now = f"it is {losses[-1]:.4g} at epoch {run.epoch} (learning_rate {run.optimizer.learning_rate:g})"
    if is_lost(run.epoch):
        warning = (
            f"fit: for {LOST_EPOCHS} epochs the training loss has been more than {LOST:g} times {zeros:.4g}, that of "
            f"outputs that are all 0; {now}; divide the learning rate by 10"
        )
    else:
        warning = (
            f"fit: for {IDLE_EPOCHS} epochs the losses have stayed above {zeros:.4g}, that of outputs that are all 0; "
            f"{now}, and nothing is learnt; stop, and see what diagnostics.diagnose(history, telemetry) finds"
        )
    warnings.warn(warning, TrainingWarning, stacklevel=4)


def _loss_of_zeros(run: TrainingRun) -> float:
    total, examples = 0.0, 0
    with evaluation_mode(run.model):
        for X, y in run.train_loader.batches(0):
            total += run.measure.forward(np.zeros_like(run.model.forward(X)), y) * len(X)
            examples += len(X)
            if examples >= SAMPLE:
                break
    return total / examples


def _evidence(run: TrainingRun, what: str, X: FloatArray | None) -> tuple[str, bool]:
    """Return what the numbers point to, the nearest cause first, and whether it is a learning rate too high."""
    if X is not None and (rows := _broken_rows(X)):
        return f"{rows} of the batch's {len(X)} examples have features that are not finite: mend the data", False
    if X is None and (rows := sum(_broken_rows(X) for X, _ in run.val_loader)):
        return f"{rows} of the validation data's examples have features that are not finite: mend the data", False
    named = list(run.model.named_parameters())
    broken = [name for name, parameter in named if not np.isfinite(parameter.data).all()]
    if broken and run.step == 0:
        return f"{broken[0]} was not finite from the start (the first of {len(broken)} such parameters)", False
    if broken:
        return (
            f"after the last step {broken[0]} is not finite (the first of {len(broken)} such parameters): the learning "
            "rate is too high"
        ), True
    sizes = {name: float(np.abs(parameter.data).max()) for name, parameter in named}
    largest = max(sizes, key=lambda name: sizes[name])
    causes = [f"the largest weight is {sizes[largest]:.3g}, in {largest}"]
    if what == "gradient norm":
        first = next((name for name, p in reversed(named) if not np.isfinite(p.grad).all()), None)
        causes += (
            [f"going back from the loss, the gradient of {first} is the first that is not finite"] if first else []
        )
    if X is not None and float(np.abs(X).max()) > LARGE:
        causes.append(f"features reach {float(np.abs(X).max()):.3g}: standardize them")
    if ran_away := sizes[largest] > LARGE:
        causes.append("the weights have run away: the learning rate is too high")
    else:
        causes.append("usual causes: a learning rate that is too high, or features that are not standardized")
    return "; ".join(causes), ran_away


def _broken_rows(X: FloatArray) -> int:
    """Return how many rows have features that are not finite."""
    return int(np.count_nonzero(~np.isfinite(X).all(axis=1)))
