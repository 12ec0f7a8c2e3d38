"""Two models' answers for the same rows, compared by the score that a decision is made for: costs, or F1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.decided_score import DecidedScore, score_of
from glassnet.evaluation.number_text import readable
from glassnet.evaluation.paired import DRAWS, sign_flip_test
from glassnet.evaluation.records import DecisionAnalysis
from glassnet.evaluation.scores import FloatArray, LabelArray

SEED = 0  # of the random swaps: the same answers always get the same p-value
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AnswersChange:
    """How a score of the answers changed.

    Attributes:
        score: which one it is.
        before: its value for the earlier answers.
        now: that for the new ones.
        p_value: of a test that swaps the two models' answers at random, row by row.
    """

    score: DecidedScore
    before: float
    now: float
    p_value: float

    @property
    def loss(self) -> float:
        """How much worse the new answers are; of a cost in proportion to what it was, if it was any."""
        if not self.score.is_cost:
            return self.before - self.now
        return (self.now - self.before) / (self.before or 1.0)

    @property
    def reason(self) -> str:
        """The numbers in words."""
        return (
            f"{self.score.name} {readable(self.before)} -> {readable(self.now)}, which the decision is made for, "
            f"swap test p = {self.p_value:.3g}"
        )


def compare_answers(
    actual: LabelArray, now: LabelArray, before: LabelArray, names: Sequence[str], decision: DecisionAnalysis
) -> AnswersChange:
    """Return how the score changed that a decision by a rule is made for.

    See `score_of`. Balanced accuracy is 1 less the mean cost, if an error on one of n_c rows of a class, one of C,
    costs `n/(C·n_c)`.

    Args:
        actual: the class ids of the rows.
        now: the new answers.
        before: the earlier ones.
        names: of the classes.
        decision: how the new model decides, as analysis.json has it.

    Raises:
        ValueError: for a decision on other classes.
    """
    rule, score = decision["rule"], score_of(decision)
    if rule == "f1":
        positive = _positive(decision, names)
        return _compare_f1(score, actual == positive, now == positive, before == positive)
    costs = _balancing(actual, len(names))
    if rule == "cost":
        costs = np.asarray(decision["costs"], dtype=np.float64)
    elif rule == "given":
        t, positive = decision["threshold"], _positive(decision, names)
        costs = np.zeros((2, 2))
        costs[1 - positive, positive], costs[positive, 1 - positive] = t, 1 - t
    if costs.shape != (len(names), len(names)):
        raise ValueError(f"expected costs of {len(names)} classes, received {len(costs)} rows")
    new, old = costs[actual, now], costs[actual, before]
    p_value = sign_flip_test(new - old, np.random.default_rng(SEED))
    of_old, of_new = float(old.mean()), float(new.mean())
    if not score.is_cost:
        of_old, of_new = 1 - of_old, 1 - of_new
    return AnswersChange(score, of_old, of_new, p_value)


def _positive(decision: DecisionAnalysis, names: Sequence[str]) -> int:
    if decision["positive"] not in names or len(names) != 2:
        raise ValueError(f"expected a decision on {' and '.join(names)}, received one on {decision['positive']}")
    return names.index(decision["positive"])


def _balancing(actual: LabelArray, classes: int) -> FloatArray:
    counts = np.bincount(actual, minlength=classes)
    of_error = len(actual) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.asarray(of_error[:, np.newaxis] * (1 - np.eye(classes)), dtype=np.float64)


def _compare_f1(score: DecidedScore, actual: BoolArray, now: BoolArray, before: BoolArray) -> AnswersChange:
    """Compare F1 by a test that swaps the answers of the rows in which the models differ.

    F1 takes no more of them than two counts: how many rows that are positive, and how many that are not, are called so
    by one model alone. Swapped at random, each falls to the first by a fair coin, and both counts are binomial. (Yeh,
    "More accurate tests for the statistical significance of result differences", 2000.)
    """
    both = now & before
    found, alarms = int((both & actual).sum()), int((both & ~actual).sum())
    alone_found, alone_alarms = (int(((now != before) & rows).sum()) for rows in (actual, ~actual))

    def f1(more_found: npt.NDArray[np.int64], more_alarms: npt.NDArray[np.int64]) -> FloatArray:
        hits = found + more_found
        of_both = hits + alarms + more_alarms + actual.sum()
        return np.asarray(2 * hits / np.maximum(of_both, 1), dtype=np.float64)

    generator = np.random.default_rng(SEED)
    first_found = np.array([int((now & ~before & actual).sum()), *generator.binomial(alone_found, 0.5, DRAWS)])
    first_alarms = np.array([int((now & ~before & ~actual).sum()), *generator.binomial(alone_alarms, 0.5, DRAWS)])
    new, old = f1(first_found, first_alarms), f1(alone_found - first_found, alone_alarms - first_alarms)
    further = np.abs(new - old) >= abs(new[0] - old[0]) - 1e-12  # the observed one, which is the first, among them
    return AnswersChange(score, float(old[0]), float(new[0]), float(further.mean()))
