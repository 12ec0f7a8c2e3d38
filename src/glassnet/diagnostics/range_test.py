"""The learning-rate range test: raise the rate until the loss blows up, and stay well below that edge."""

import math
from dataclasses import dataclass

import numpy as np

from glassnet import nn
from glassnet.data import DataLoader
from glassnet.nn.checks import check_count, check_number
from glassnet.optim import Optimizer
from glassnet.training.checkpoint import generators

SMOOTHING = 0.9  # of the moving average over the batches' losses
SETTLED = 10  # steps after which the average is one
SAFETY = 8.0  # the suggested rate is this many times below the edge: within the usual 3 to 10
RISE = 0.25  # of the first loss: by so much the smoothed loss must rise again to have blown up
# Standard deviations of the smoothed loss: by so many too. Small batches alone carry it up and down by 5 of them.
NOISE = 8.0


@dataclass(frozen=True)
class RangeTest:
    """The outcome of a range test.

    Attributes:
        learning_rates: the rate of each step.
        losses: the batch loss at each step, before its update.
        smoothed: their moving average, corrected for its start.
        edge: the rate at which the loss blew up; None if it never did.
        suggestion: a rate `SAFETY` times below the edge. Without one (a small data set may be learnt by heart on the
            way there), the rate at which the smoothed loss fell fastest from step to step.
    """

    learning_rates: list[float]
    losses: list[float]
    smoothed: list[float]
    edge: float | None
    suggestion: float


def learning_rate_range_test(
    model: nn.Module,
    loss: nn.Loss,
    optimizer: Optimizer,
    loader: DataLoader,
    *,
    lowest: float = 1e-5,
    highest: float = 100.0,
    steps: int = 300,
) -> RangeTest:
    """Train for up to `steps` steps while the rate grows by a constant factor from `lowest` to `highest`.

    The loss counts as blown up when it is not finite, or when the smoothed loss has risen above its lowest value by
    a quarter of what it was at first, and by more than the noise of the batches explains. The test ends there;
    weights, optimizer, rate, modes and random generators are put back as they were, also where an error ends it,
    and the gradients count as zero.

    Args:
        model: the network, as it would begin its training.
        loss: the data loss.
        optimizer: the optimizer to choose a rate for.
        loader: the training batches, gone through as often as need be.
        lowest: the first rate.
        highest: the last.
        steps: how many steps lie between them.

    Raises:
        ValueError: for rates or steps that make no test, or if the loss is not finite for a reason that no rate has:
            from the first step on, or for features that are not finite.

    Source: Smith, "Cyclical learning rates for training neural networks", 2017.
    """
    check_number("learning_rate_range_test", "highest", highest, 0, math.inf, low_open=True)
    check_number("learning_rate_range_test", "lowest", lowest, 0, highest, low_open=True)
    if check_count("learning_rate_range_test", "steps", steps) < 4 * SETTLED:
        raise ValueError(f"learning_rate_range_test: expected at least {4 * SETTLED} steps, received {steps}")
    before = model.state_dict(), optimizer.state_dict(), optimizer.learning_rate
    modes = [(module, module.training) for module in model.modules()]
    states = [(generator, generator.bit_generator.state) for generator in generators(model, loss)]
    try:
        return _raise_the_rate(model, loss, optimizer, loader, lowest, highest, steps)
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        optimizer.learning_rate = before[2]
        model.zero_grad()
        for module, mode in modes:
            module.training = mode
        for generator, state in states:
            generator.bit_generator.state = state


def _raise_the_rate(
    model: nn.Module,
    loss: nn.Loss,
    optimizer: Optimizer,
    loader: DataLoader,
    lowest: float,
    highest: float,
    steps: int,
) -> RangeTest:
    """Do what `learning_rate_range_test` does, and leave everything as it is at the end."""
    factor = (highest / lowest) ** (1 / (steps - 1))
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    edge = None
    average = 0.0
    model.train()
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            X, y = _batch(loader, step)
            value = loss.forward(model.forward(X), y)
            rate = lowest * factor**step
            if not math.isfinite(value):
                _check_that_the_rate_is_to_blame(step, value, X)
                edge = rate
                break
            average = SMOOTHING * average + (1 - SMOOTHING) * value
            rates.append(rate)
            losses.append(value)
            smoothed.append(average / (1 - SMOOTHING ** (step + 1)))
            settled = smoothed[SETTLED:]  # the first averages are of a few batches only
            if settled and smoothed[-1] - min(settled) > max(RISE * smoothed[SETTLED], NOISE * _deviation(losses)):
                edge = rate
                break
            optimizer.learning_rate = rate
            optimizer.zero_grad()
            model.backward(loss.backward())
            optimizer.step()
    if edge is not None:
        suggestion = edge / SAFETY
    else:  # slopes over twenty steps, since one batch alone says little
        falls = np.subtract(smoothed[2 * SETTLED :], smoothed[: -2 * SETTLED])
        suggestion = rates[SETTLED + int(np.argmin(falls))]
    return RangeTest(rates, losses, smoothed, edge, suggestion)


def _deviation(losses: list[float]) -> float:
    """Return the standard deviation that the noise of the batches leaves in the smoothed loss.

    Of independent losses with deviation σ, the differences from one to the next are `2σ/√π` on average, if they are
    normal; a trend hardly adds to them. The moving average `s·average + (1 − s)·loss` keeps `√((1 − s)/(1 + s))` of σ.
    """
    difference = float(np.mean(np.abs(np.diff(losses))))
    return difference * math.sqrt(math.pi) / 2 * math.sqrt((1 - SMOOTHING) / (1 + SMOOTHING))


def _check_that_the_rate_is_to_blame(step: int, value: float, X: nn.FloatArray) -> None:
    rows = int(np.count_nonzero(~np.isfinite(X).all(axis=1)))
    if rows:
        cause = f"{rows} of the batch's {len(X)} examples have features that are not finite: mend the data"
    elif step == 0:
        cause = "no update was made yet: look at the initial weights, the scale of the features and the targets"
    else:
        return
    raise ValueError(f"learning_rate_range_test: expected a finite loss at step {step + 1}, received {value}; {cause}")


def _batch(loader: DataLoader, step: int) -> tuple[nn.FloatArray, nn.FloatArray]:
    epoch, batch = divmod(step, len(loader))
    return next(loader.batches(epoch, batch))
