"""What to say when a loss or a gradient is not finite: where it happened, in numbers, and what usually causes it."""

from typing import TYPE_CHECKING

import numpy as np

from glassnet.nn import FloatArray

if TYPE_CHECKING:
    from glassnet.training.run import TrainingRun

LARGE = 1e3  # a weight or a feature of this size is a cause worth naming


class TrainingDivergedError(ArithmeticError):
    """A loss or gradient was not finite; the message says where, and what usually causes it."""


def diverged(run: "TrainingRun", what: str, value: float, *, in_batch: bool = True) -> TrainingDivergedError:
    """Return the error for a value that is not finite.

    Args:
        run: the training.
        what: the name of the value.
        value: the value.
        in_batch: whether it arose in the current training batch, which is then read again and looked at; else it arose
            in the validation data.
    """
    X = next(run.train_loader.batches(run.epoch - 1, first=run.batch))[0] if in_batch else None
    return TrainingDivergedError(
        f"training stopped at epoch {run.epoch}, after {run.step} steps: expected a finite {what}, received {value} "
        f"(learning_rate {run.optimizer.learning_rate:g}); {_evidence(run, what, X)}"
    )


def _evidence(run: "TrainingRun", what: str, X: FloatArray | None) -> str:
    """Return what the numbers point to, the nearest cause first."""
    if X is not None and (rows := _broken_rows(X)):
        return f"{rows} of the batch's {len(X)} examples have features that are not finite: mend the data"
    if X is None and (rows := sum(_broken_rows(X) for X, _ in run.val_loader)):
        return f"{rows} of the validation data's examples have features that are not finite: mend the data"
    named = list(run.model.named_parameters())
    broken = [name for name, parameter in named if not np.isfinite(parameter.data).all()]
    if broken and run.step == 0:
        return f"{broken[0]} was not finite from the start (the first of {len(broken)} such parameters)"
    if broken:
        return (
            f"after the last step {broken[0]} is not finite (the first of {len(broken)} such parameters): the learning "
            "rate is too high; divide it by 10, or set training.max_gradient_norm=1"
        )
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
    if sizes[largest] > LARGE:
        causes.append(
            "the weights have run away: the learning rate is too high; divide it by 10, or set "
            "training.max_gradient_norm=1"
        )
    else:
        causes.append("usual causes: a learning rate that is too high, or features that are not standardized")
    return "; ".join(causes)


def _broken_rows(X: FloatArray) -> int:
    """Return how many rows have features that are not finite."""
    return int(np.count_nonzero(~np.isfinite(X).all(axis=1)))
