"""Short trainings at several learning rates, between which the validation loss decides."""

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from glassnet import nn, optim
from glassnet.data import ArrayDataset, Augmentation
from glassnet.training import TrainingDivergedError, TrainingPlan, TrainingWarning, train_network
from glassnet.training.monitor import LOSS
from glassnet.training.plan import MakeOptimizer

STEPS = 2_000  # of one training at most; a small table's whole training is often shorter
EXAMPLES = 100_000  # gone through in one training at most
FEWEST_EPOCHS = 3
SEEDS = 3
FINALISTS = 3  # rates that are trained with every seed
APART = 2.0  # the factor to its neighbours within which the best rate stands
STRIDE = 3.0  # from the best rate to one beyond, where all others lie on its other side
MOST = 10  # rates


@dataclass(frozen=True)
class RateTrials:
    """What the trainings at several rates have come to.

    Attributes:
        losses: by rate, from the lowest to the highest, the best validation loss of the training with each seed;
            infinity where it diverged. The best few rates have all seeds, the others the plan's own alone.
        epochs: the length of each training.
        steps: its updates.
    """

    losses: dict[float, list[float]]
    epochs: int
    steps: int

    @property
    def means(self) -> dict[float, float]:
        """The mean over the seeds, by rate, of those rates that have all."""
        most = max(map(len, self.losses.values()))
        return {rate: float(np.mean(losses)) for rate, losses in self.losses.items() if len(losses) == most}

    @property
    def best(self) -> float:
        """The rate with the lowest mean loss over all seeds."""
        means = self.means
        return min(means, key=means.__getitem__)


def try_learning_rates(
    plan: TrainingPlan,
    train: ArrayDataset,
    validation: ArrayDataset,
    rates: Iterable[float],
    augmentation: Augmentation | None = None,
    *,
    highest: float = math.inf,
) -> RateTrials:
    """Train a plan for a few epochs at each of some rates, and at others about the best, until it stands among them.

    A training is one of the plan in all, its schedule included, but for rate and length: as many epochs as make 2,000
    steps or 100,000 examples, 3 at least, and never more than the plan's. As long as the best rate is the lowest or
    highest of those tried, or more than a factor 2 from the next, a rate beyond or between is tried too, up to ten in
    all. So far with the plan's own seed. The three best are then trained with two seeds more, and the mean of the
    three decides.

    Args:
        plan: of the training that a rate is wanted for.
        train: the training split.
        validation: the validation split, whose loss decides.
        rates: those to begin with; two significant digits of each count.
        augmentation: how training batches are changed, if they are.
        highest: no rate beyond the best is tried above it: the edge, for example, at which the loss blew up.

    Raises:
        ValueError: if no rate was given.
        TrainingDivergedError: if every training diverged.
    """
    steps_per_epoch = -(-len(train) // min(plan.batch_size, len(train)))
    epochs = min(plan.epochs, max(FEWEST_EPOCHS, min(-(-STEPS // steps_per_epoch), -(-EXAMPLES // len(train)))))
    short = replace(plan, epochs=epochs, warmup_epochs=min(plan.warmup_epochs, epochs - 1))
    missing = sorted({_rounded(rate) for rate in rates})
    if not missing:
        raise ValueError("try_learning_rates: expected at least one rate, received none")
    first: dict[float, float] = {}
    while missing:
        first |= {rate: _best_loss(short, train, validation, rate, augmentation) for rate in missing}
        missing = _next(first, highest) if len(first) < MOST else []
    if math.isinf(min(first.values())):  # no rate is to blame: what the lowest one ended with says what is
        _best_loss(short, train, validation, min(first), augmentation, may_diverge=False)
    losses = {rate: [first[rate]] for rate in sorted(first)}
    finite = [rate for rate in sorted(first, key=first.__getitem__) if math.isfinite(first[rate])]
    for rate in finite[:FINALISTS]:
        for seed in range(1, SEEDS):
            losses[rate].append(
                _best_loss(replace(short, seed=plan.seed + seed), train, validation, rate, augmentation)
            )
    return RateTrials(losses, epochs, epochs * steps_per_epoch)


def _next(losses: dict[float, float], highest: float) -> list[float]:
    """Return the rate that is missing about the best, if one is."""
    rates = sorted(losses)
    best = min(rates, key=losses.__getitem__)
    place = rates.index(best)
    if math.isinf(losses[best]):
        return [_rounded(best / 10)]
    if place == 0:
        return [_rounded(best / STRIDE)]
    if place == len(rates) - 1 and (beyond := _rounded(best * STRIDE)) <= highest:
        return [beyond]
    gap, low = max((rates[i + 1] / rates[i], rates[i]) for i in (place - 1, place) if i + 1 < len(rates))
    return [_rounded(low * math.sqrt(gap))] if gap > APART else []


def _best_loss(
    plan: TrainingPlan,
    train: ArrayDataset,
    validation: ArrayDataset,
    rate: float,
    augmentation: Augmentation | None,
    *,
    may_diverge: bool = True,
) -> float:
    """Return the lowest validation loss of a training at a rate; infinity if it diverges."""
    changed = replace(plan, optimizer=partial(_with_rate, plan.optimizer, rate), monitor=LOSS)
    with warnings.catch_warnings():
        # That a loss stays high says what its number says: the rate loses against others.
        warnings.simplefilter("ignore", TrainingWarning)
        try:
            return train_network(changed, train, validation, [], augmentation).chosen["best_validation_loss"]
        except TrainingDivergedError:
            if not may_diverge:
                raise
            return math.inf


def _with_rate(make: MakeOptimizer, rate: float, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:
    optimizer = make(parameters)
    optimizer.learning_rate = rate
    return optimizer


def _rounded(rate: float) -> float:
    return float(f"{rate:.2g}")
