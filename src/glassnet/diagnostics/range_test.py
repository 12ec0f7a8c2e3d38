"""The learning-rate range test: raise the rate from step to step, and read from the loss which to try."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.data import DataLoader
from glassnet.nn.checks import check_count, check_number
from glassnet.optim import Optimizer
from glassnet.training.checkpoint import generators

MEMORY = 0.25  # decades of rates that the moving average of the losses spans
SLOPE = 1.0  # decades over which a fall is measured: over less, the noise of the batches chooses the steepest
RISE = 0.25  # of the first loss: by so much the smoothed loss must rise again to have blown up
# Standard deviations of the smoothed loss: by so many too. Small batches alone carry it up and down by 5 of them.
NOISE = 8.0
LOST = 10.0  # times the first loss: a start with so high a loss has nothing more to tell
FEWEST_STEPS = 10
FEWEST_ROWS = 2  # of a batch: BatchNorm cannot standardize one


@dataclass(frozen=True)
class RangeTest:
    """The outcome of a range test.

    Attributes:
        learning_rates: the rate of each step.
        losses: the mean batch loss of the starts at each step, before its update; what the batches of a step have more
            or less than others at the first weights is taken off.
        smoothed: their moving average, corrected for its start.
        edge: the rate at which the loss blew up; None if it never did.
        steepest: the middle of the decade of rates along which the smoothed loss fell most.
        tenth_of_minimum: a tenth of the rate at which the smoothed loss was lowest.
        third_of_edge: a third of the edge, if there is one.
        batch_size: the rows of a step's batch.
        starts: how often the rate was raised, each time from the first weights.
    """

    learning_rates: list[float]
    losses: list[float]
    smoothed: list[float]
    edge: float | None
    steepest: float
    tenth_of_minimum: float
    third_of_edge: float | None
    batch_size: int
    starts: int

    @property
    def suggestion(self) -> float:
        """The rate of the steepest descent. Which rate trains best only trainings tell: see `try_learning_rates`."""
        return self.steepest

    @property
    def choices(self) -> dict[str, float]:
        """The three usual ways to read a rate from the curve, by name; without an edge, two."""
        named = {"steepest descent": self.steepest, "minimum / 10": self.tenth_of_minimum}
        return named if self.third_of_edge is None else {**named, "edge / 3": self.third_of_edge}


def learning_rate_range_test(
    model: nn.Module,
    loss: nn.Loss,
    optimizer: Optimizer,
    loader: DataLoader,
    *,
    lowest: float = 1e-5,
    highest: float = 100.0,
    steps: int = 200,
    starts: int = 8,
) -> RangeTest:
    """Raise the rate by a constant factor from step to step, from `lowest` to `highest`, in several starts.

    Each start has the weights of the model as they are, and an order of the rows of its own. It sees no row twice: the
    loss of each batch is that of rows the weights have not learnt yet, so that learning by heart does not look like
    progress. Where the rows are too few for `steps` batches of the loader's size, the batches are smaller, down to 2
    rows, and then the steps fewer.

    Batches differ from each other by more than a small rate changes. What counts at a step is therefore by how much the
    loss of its batch differs from that of the same batch at the first weights, with the same dropout masks. The mean of
    it over the starts, and the mean loss at the first weights on top, is the curve. It has blown up where it is not
    finite, or has risen above its lowest value by a quarter of the first loss, and by more than noise explains.

    Weights, optimizer, rate, modes and random generators are put back as they were, also where an error ends the test,
    and the gradients count as zero.

    Chapter 5 of the course, docs/learn/5-reliable-training.md, shows one.

    Args:
        model: the network, as it would begin its training.
        loss: the data loss.
        optimizer: the optimizer to choose a rate for.
        loader: the training batches; the rows are shuffled whether it does or not.
        lowest: the first rate.
        highest: the last.
        steps: the most steps of a start.
        starts: how many there are.

    Raises:
        ValueError: for rates, steps or rows that make no test, for a loss that is not finite at the first weights, or
            for one that no rate lowers.

    Sources: Smith, "Cyclical learning rates for training neural networks", 2017. Gugger, "How do you find a good
    learning rate", 2018: the average with its correction, and a tenth of the rate of the lowest loss. The difference
    to the same batch is a control variate (Owen, "Monte Carlo theory, methods and examples", 2013, chapter 8).
    """
    check_number("learning_rate_range_test", "highest", highest, 0, math.inf, low_open=True)
    check_number("learning_rate_range_test", "lowest", lowest, 0, highest, low_open=True)
    check_count("learning_rate_range_test", "starts", starts)
    if check_count("learning_rate_range_test", "steps", steps) < FEWEST_STEPS:
        raise ValueError(f"learning_rate_range_test: expected at least {FEWEST_STEPS} steps, received {steps}")
    batches = _one_pass(loader, steps)
    rates = lowest * (highest / lowest) ** (np.arange(min(steps, len(batches))) / (min(steps, len(batches)) - 1))
    firsts, changes = [], []
    with _put_back(model, loss, optimizer):
        for start in range(starts):
            first = _first_losses(model, loss, batches, start, len(rates))
            firsts.append(first)
            changes.append(_changes(model, loss, optimizer, batches, start, rates, first))
    return _read(rates, float(np.mean(firsts)), np.mean(changes, axis=0), batches.batch_size, starts)


def _one_pass(loader: DataLoader, steps: int) -> DataLoader:
    """Return a loader that deals out the rows of `loader` in at least `steps` batches, if there are as many."""
    rows = len(loader.dataset)
    size = min(loader.batch_size, max(FEWEST_ROWS, rows // steps))
    if rows // size < FEWEST_STEPS:
        raise ValueError(
            f"learning_rate_range_test: expected at least {FEWEST_STEPS * size} rows, none of which is seen twice, "
            f"received {rows}; so small a set is trained in no time: compare a few rates by training"
        )
    return DataLoader(
        loader.dataset, size, shuffle=True, drop_last=True, seed=loader.seed, augmentation=loader.augmentation
    )


@contextmanager
def _put_back(model: nn.Module, loss: nn.Loss, optimizer: Optimizer) -> Iterator[None]:
    """Put everything that a step changes back at the end: weights, buffers, slots, rate, modes, random generators."""
    weights, slots, rate = model.state_dict(), optimizer.state_dict(), optimizer.learning_rate
    modes = [(module, module.training) for module in model.modules()]
    try:
        with _same_draws(model, loss):
            yield
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(slots)
        optimizer.learning_rate = rate
        model.zero_grad()
        for module, mode in modes:
            module.training = mode


@contextmanager
def _same_draws(model: nn.Module, loss: nn.Loss) -> Iterator[None]:
    """Give the random generators of model and loss their states back at the end: what follows draws the same."""
    states = [(generator, generator.bit_generator.state) for generator in generators(model, loss)]
    try:
        yield
    finally:
        for generator, state in states:
            generator.bit_generator.state = state


def _first_losses(
    model: nn.Module, loss: nn.Loss, batches: DataLoader, start: int, steps: int
) -> npt.NDArray[np.float64]:
    """Return the loss of each batch at the weights as they are; what a forward pass changes is put back."""
    losses = np.empty(steps)
    buffers = model.state_dict()
    model.train()
    with _same_draws(model, loss):
        for step, (X, y) in zip(range(steps), batches.batches(start), strict=False):
            losses[step] = loss.forward(model.forward(X), y)
            if not math.isfinite(losses[step]):
                rows = int(np.count_nonzero(~np.isfinite(X).all(axis=1)))
                cause = (
                    f"{rows} of its {len(X)} examples have features that are not finite: mend the data"
                    if rows
                    else "look at the initial weights, the scale of the features and the targets"
                )
                raise ValueError(
                    f"learning_rate_range_test: expected a finite loss before any update, received {losses[step]} for"
                    f" batch {step + 1} of start {start + 1}; {cause}"
                )
    model.load_state_dict(buffers)
    return losses


def _changes(
    model: nn.Module,
    loss: nn.Loss,
    optimizer: Optimizer,
    batches: DataLoader,
    start: int,
    rates: npt.NDArray[np.float64],
    first: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return by how much the loss of each batch differs from its first one; infinity from where the start is lost."""
    changes = np.full(len(rates), math.inf)
    weights, slots = model.state_dict(), optimizer.state_dict()
    model.train()
    with np.errstate(over="ignore", invalid="ignore"):
        for step, (X, y) in zip(range(len(rates)), batches.batches(start), strict=False):
            change = loss.forward(model.forward(X), y) - first[step]
            if not change <= LOST * first.mean():
                break
            changes[step] = change
            optimizer.learning_rate = float(rates[step])
            optimizer.zero_grad()
            model.backward(loss.backward())
            optimizer.step()
    model.load_state_dict(weights)
    optimizer.load_state_dict(slots)
    return changes


def _read(
    rates: npt.NDArray[np.float64], first: float, changes: npt.NDArray[np.float64], batch_size: int, starts: int
) -> RangeTest:
    """Smooth the curve up to where it blows up, and read the three usual rates from it."""
    decade = (len(rates) - 1) / math.log10(rates[-1] / rates[0])  # in steps
    kept = 1 - 1 / max(1.0, MEMORY * decade)  # of the average, from step to step
    losses: list[float] = []
    smoothed: list[float] = []
    edge, average = None, 0.0
    for step, loss in enumerate((first + changes).tolist()):
        if not math.isfinite(loss):
            edge = float(rates[step])
            break
        average = kept * average + (1 - kept) * loss
        losses.append(loss)
        smoothed.append(average / (1 - kept ** (step + 1)))
        if smoothed[-1] - min(smoothed) > max(RISE * first, NOISE * _deviation(losses, kept)):
            edge = float(rates[step])
            break
    lowest = int(np.argmin(smoothed))
    if lowest == 0:
        raise ValueError(
            f"learning_rate_range_test: expected a loss that some rate lowers, received none below the first, "
            f"{first:.4g}, at rates from {rates[0]:.2g} to {rates[len(losses) - 1]:.2g}; set a lower `lowest`, or look "
            "at the data and the loss"
        )
    window = min(lowest, max(1, round(SLOPE * decade)))
    falls = np.subtract(smoothed[window : lowest + 1], smoothed[: lowest + 1 - window])
    begin = int(np.argmin(falls))
    return RangeTest(
        rates[: len(losses)].tolist(),
        losses,
        smoothed,
        edge,
        steepest=math.sqrt(rates[begin] * rates[begin + window]),
        tenth_of_minimum=float(rates[lowest]) / 10,
        third_of_edge=None if edge is None else edge / 3,
        batch_size=batch_size,
        starts=starts,
    )


def _deviation(losses: list[float], kept: float) -> float:
    """Return the standard deviation that the noise of the batches leaves in the smoothed loss.

    Of independent losses with deviation σ, the differences from one to the next are `2σ/√π` on average, if they are
    normal; a trend hardly adds to them. The moving average `s·average + (1 − s)·loss` keeps `√((1 − s)/(1 + s))` of σ.
    """
    if len(losses) < 2:
        return 0.0
    difference = float(np.mean(np.abs(np.diff(losses))))
    return difference * math.sqrt(math.pi) / 2 * math.sqrt((1 - kept) / (1 + kept))
