"""How a budget of trainings is spent: many candidates on one pair, the better half on more, and how sure the rest is.

It is successive halving (Karnin, Koren and Somekh 2013, "Almost optimal exploration in multi-armed bandits"; Jamieson
and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization"), with pairs in place of a
longer training: a pair is a seed and a way to divide the rows, on which a candidate is trained beside today's settings.
What was chosen as the best of many on one pair owes some of that to luck, so the change is measured on the pairs that
come after.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from glassnet.runs.improvements import BETTER

MOST_PAIRS = 8
CONFIRMED = 3  # candidates that are followed to the end: as many as the report shows
# The standard deviation of a log ratio between pairs, somewhat above the root of the mean variance in the trainings
# that docs/how-to/improve.md tells of, and how many degrees of freedom it is worth. In a simulation of the best of six,
# with two fresh pairs, intervals then hold 98% to 100% where the true deviation is up to 0.3, 95% at 0.4, 90% at 1.
USUAL_SPREAD, USUAL_FREEDOM = 0.25, 2
SMALLEST = 1e-4  # a loss below is as good as 0, which has no logarithm: one such pair would outweigh all others

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Estimate:
    """What pairs say of a candidate; logarithms of the ratio of its loss to today's.

    Attributes:
        change: the mean over the fresh pairs; over all, where no pair is fresh.
        interval: that holds the mean with 95%; None where there are too few pairs for one.
        pairs: how many there are.
        fresh: how many had no part in choosing it.
    """

    change: float
    interval: tuple[float, float] | None
    pairs: int
    fresh: int

    @property
    def helps(self) -> bool:
        """Whether the loss is lower by 2% or more on the fresh pairs, and by more than luck."""
        is_sure = self.fresh > 0 and self.interval is not None and self.interval[1] < 0
        return is_sure and self.change <= math.log(1 - BETTER)


def to_confirm(budget: int) -> int:
    """Return how many trainings of a budget are kept for the pairs after the first: half, if that makes a pair."""
    return (budget + 1) // 2 if budget >= 3 else 0


def survivors(left: int) -> int:
    """Return how many candidates the second pair takes, with `left` trainings for it and those that follow.

    Each pair costs one training of today's settings and one of each candidate; a third of what is left pays for the
    second pair, so that the halves of it have two more at least.
    """
    return max(1, (left + 1) // 3)


def halved(number: int) -> int:
    """Return how many candidates go on to the next pair: the better half, but no fewer than the report shows."""
    return max(min(number, CONFIRMED), number // 2)


def log_ratios(losses: Mapping[int, float], today: Mapping[int, float]) -> dict[int, float]:
    """Return the logarithm of the ratio of a candidate's loss to today's, for each pair that has both."""
    both = {pair: (loss, today[pair]) for pair, loss in losses.items() if pair in today}
    return {pair: math.log(max(ours, SMALLEST) / max(theirs, SMALLEST)) for pair, (ours, theirs) in both.items()}


def estimates(ratios: Mapping[Key, Mapping[int, float]]) -> dict[Key, Estimate]:
    """Return what is known of each candidate.

    A few pairs say little of their own spread. The candidates share one, that of the pairs about each candidate's
    mean, moderated by what other trainings had (Smyth 2004, "Linear models and empirical Bayes methods"): the variance
    counts `USUAL_FREEDOM` degrees of freedom of `USUAL_SPREAD`² beside its own. The pair that chose (0) counts in it,
    which can only widen it, and not in the mean.

    Args:
        ratios: the log ratios of each candidate by pair.
    """
    values = [np.array(list(of_key.values())) for of_key in ratios.values()]
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in values)
    freedom = USUAL_FREEDOM + sum(len(each) - 1 for each in values)
    spread = math.sqrt((USUAL_FREEDOM * USUAL_SPREAD**2 + squares) / freedom)
    return {key: _estimate(of_key, spread, freedom) for key, of_key in ratios.items()}


def _estimate(ratios: Mapping[int, float], spread: float, freedom: int) -> Estimate:
    from scipy.special import stdtrit

    fresh = [ratio for pair, ratio in ratios.items() if pair > 0]
    change = float(np.mean(fresh or list(ratios.values())))
    if len(fresh) < 2:
        return Estimate(change, None, len(ratios), len(fresh))
    half = float(stdtrit(freedom, 0.975)) * spread / math.sqrt(len(fresh))
    return Estimate(change, (change - half, change + half), len(ratios), len(fresh))
