"""Paired comparisons: two models on the same examples, where what both get right or wrong says nothing."""

import math
from dataclasses import dataclass

import numpy as np

from glassnet.evaluation.inputs import check_labels, check_whole
from glassnet.evaluation.intervals import BLOCK, Z
from glassnet.evaluation.records import Comparison
from glassnet.evaluation.scores import FloatArray, LabelArray

DRAWS = 10_000  # of signs; the smallest p-value that they can give is 0.0001


@dataclass(frozen=True)
class PairedComparison:
    """How two classifiers differ on the same examples.

    Attributes:
        gained: examples that the first gets right and the second wrong.
        lost: examples that the first gets wrong and the second right.
        difference: the first's accuracy minus the second's.
        low: the lower end of the difference's 95% interval.
        high: its upper end.
        p_value: of the exact McNemar test, two-sided.
    """

    gained: int
    lost: int
    difference: float
    low: float
    high: float
    p_value: float

    def as_scores(self) -> Comparison:
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

    Raises:
        ValueError: unless both are whole numbers of 0 or more.
    """
    for name, count in (("gained", gained), ("lost", lost)):
        check_whole("mcnemar_exact", f"number {name}", count, 0)
    n, few = gained + lost, min(gained, lost)
    if gained == lost:
        return 1.0
    # Logarithms, since C(n, k) leaves the range of a float from n = 1030 on.
    terms = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(few + 1)]
    largest = max(terms)
    total = largest + math.log(math.fsum(math.exp(term - largest) for term in terms))
    return min(1.0, 2 * math.exp(total - n * math.log(2)))


def sign_flip_test(differences: FloatArray, rng: np.random.Generator) -> float:
    """Return the two-sided p-value of the paired randomization test, given one model's errors minus the other's `(N,)`.

    If both models were equally good, which of the two made which error would be a matter of chance, and each difference
    as likely of the other sign. The p-value is the fraction of random choices of signs that take the sum at least as
    far from 0, `(1 + k)/(1 + n)` for k of n. Unlike a bootstrap interval it keeps its level with few rows: of five, all
    of which are worse, it is about 2/32. (Fisher, "The design of experiments", 1935.)
    """
    values = differences.astype(np.float64)
    total = float(values.sum())
    observed = abs(total) - 1e-12 * float(np.abs(values).sum())  # equal sums round in different ways
    further = 0
    for start in range(0, DRAWS, step := max(1, BLOCK // len(values))):
        eights = rng.integers(0, 256, (min(step, DRAWS - start), -(-len(values) // 8)), dtype=np.uint8)
        is_kept = np.unpackbits(eights, axis=1, count=len(values)).astype(np.float64)
        further += int((np.abs(2 * (is_kept @ values) - total) >= observed).sum())
    return (1 + further) / (1 + DRAWS)


def difference_interval(gained: int, lost: int, examples: int, z: float = Z) -> tuple[float, float]:
    """Return the interval of the difference `(gained − lost)/n` of two accuracies on the same n examples.

    The textbook one, `p̂₁ − p̂₂ ± z·√((p̂₁ + p̂₂ − (p̂₁ − p̂₂)²)/n)` with `p̂₁ = gained/n` and `p̂₂ = lost/n`, has no width
    where all examples fall on one side. One pseudo-example on each side, `p̃₁ = (gained + 1)/(n + 2)` and so on, mends
    that. (Bonett & Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data", 2012.) Where it would leave the observed difference out, it is extended to hold it.
    """
    n = examples + 2
    p1, p2 = (gained + 1) / n, (lost + 1) / n
    half = z * math.sqrt((p1 + p2 - (p1 - p2) ** 2) / n)
    observed = (gained - lost) / examples
    return max(-1.0, min(p1 - p2 - half, observed)), min(1.0, max(p1 - p2 + half, observed))


def compare_classifiers(y_true: LabelArray, first: LabelArray, second: LabelArray) -> PairedComparison:
    """Compare two lists of predicted classes for the same examples.

    Raises:
        TypeError: if one of them is no array of class ids.
        ValueError: if there is no example, or their lengths differ.
    """
    for name, ids in (("y_true", y_true), ("first", first), ("second", second)):
        check_labels("compare_classifiers", name, ids, examples=len(y_true))
    first_right, second_right = first == y_true, second == y_true
    gained, lost = int((first_right & ~second_right).sum()), int((~first_right & second_right).sum())
    low, high = difference_interval(gained, lost, len(y_true))
    difference = (gained - lost) / len(y_true)
    return PairedComparison(gained, lost, difference, low, high, mcnemar_exact(gained, lost))
