"""Paired comparisons: two models on the same examples, where what both get right or wrong says nothing."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.intervals import bootstrap_mean
from glassnet.evaluation.scores import LabelArray

SEED = 0  # of the bootstrap: the same predictions always get the same interval


@dataclass(frozen=True)
class PairedComparison:
    """How two classifiers differ on the same examples.

    Attributes:
        gained: examples that the first gets right and the second wrong.
        lost: examples that the first gets wrong and the second right.
        difference: the first's accuracy minus the second's.
        low: the lower end of the difference's 95% bootstrap interval.
        high: its upper end.
        p_value: of the exact McNemar test, two-sided.
    """

    gained: int
    lost: int
    difference: float
    low: float
    high: float
    p_value: float

    def as_scores(self) -> dict[str, float]:
        """Return the numbers by name, as metrics.json has them."""
        return {
            "difference": self.difference,
            "difference_low": self.low,
            "difference_high": self.high,
            "mcnemar_p": self.p_value,
            "newly_right": self.gained,
            "newly_wrong": self.lost,
        }


def mcnemar_exact(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    If both models were equally good, each example that only one of them gets right would be as likely either's: of
    `n = gained + lost` of them, `gained` is binomial with probability ½. The p-value is the chance of a split at least
    as uneven: `min(1, 2·Σ_{k ≤ min} C(n, k)/2^n)`. (McNemar, 1947.)
    """
    n, few = gained + lost, min(gained, lost)
    if gained == lost:
        return 1.0
    # Logarithms, since C(n, k) leaves the range of a float from n = 1030 on.
    terms = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(few + 1)]
    largest = max(terms)
    total = largest + math.log(math.fsum(math.exp(term - largest) for term in terms))
    return min(1.0, 2 * math.exp(total - n * math.log(2)))


def compare_classifiers(y_true: LabelArray, first: LabelArray, second: LabelArray) -> PairedComparison:
    """Compare two lists of predicted classes for the same examples."""
    first_right, second_right = first == y_true, second == y_true
    gained, lost = int((first_right & ~second_right).sum()), int((~first_right & second_right).sum())
    differences: npt.NDArray[np.float64] = first_right.astype(np.float64) - second_right
    low, high = bootstrap_mean(differences, y_true, np.random.default_rng(SEED))
    return PairedComparison(gained, lost, float(differences.mean()), low, high, mcnemar_exact(gained, lost))
