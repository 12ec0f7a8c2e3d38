"""What several seeds say together: means with their spread and interval, and comparisons in pairs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from docs.capstone.runs import EvaluatedRun
from glassnet.evaluation import Comparison, compare_classifiers
from glassnet.evaluation.intervals import Z


@dataclass(frozen=True)
class Mean:
    """The mean of some numbers.

    Attributes:
        value: the mean.
        deviation: their standard deviation.
        half: half the width of the 95% interval of the mean.
    """

    value: float
    deviation: float
    half: float

    def text(self, digits: int = 4, *, signed: bool = False) -> str:
        """Return the mean, its deviation, and the ends of its interval."""
        sign = "+" if signed else ""
        low, high = (f"{end:{sign}.{digits}f}" for end in (self.value - self.half, self.value + self.half))
        return f"{self.value:{sign}.{digits}f} ± {self.deviation:.{digits}f} ({low} to {high})"


def mean_of(values: Sequence[float]) -> Mean:
    """Return the mean of two or more numbers, with the interval of Student's t: `x̄ ± t·s/√n`, n − 1 degrees."""
    from scipy.special import stdtrit

    deviation = float(np.std(values, ddof=1))
    t = float(stdtrit(len(values) - 1, 0.975))
    return Mean(float(np.mean(values)), deviation, t * deviation / math.sqrt(len(values)))


def over_rows(runs: Sequence[EvaluatedRun]) -> tuple[float, float]:
    """Return the interval of the mean accuracy of given networks over other test rows: `x̄ ± z·s/√n`.

    A row counts with the fraction of the networks that are right; s is the deviation of that.
    """
    right = np.mean([run.actual == run.predicted for run in runs], axis=0)
    half = Z * float(right.std(ddof=1)) / math.sqrt(len(right))
    return float(right.mean()) - half, float(right.mean()) + half


def compared(first: EvaluatedRun, second: EvaluatedRun) -> Comparison:
    """Return how two networks differ on the same test rows."""
    names = sorted({*first.actual, *first.predicted, *second.predicted})
    ids = [np.searchsorted(names, each) for each in (first.actual, first.predicted, second.predicted)]
    return compare_classifiers(*ids).as_scores()
