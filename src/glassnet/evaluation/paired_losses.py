"""The difference of the mean losses of two models on the same rows, with its interval and a p-value."""

import math
from collections.abc import Sequence

import numpy as np

from glassnet.evaluation.inputs import check_scored
from glassnet.evaluation.paired import sign_flip_test
from glassnet.evaluation.probability_scores import example_log_losses
from glassnet.evaluation.records import Comparison
from glassnet.evaluation.scores import FloatArray, LabelArray
from glassnet.evaluation.unseen_row import LEAST_ROWS, Ends, beyond_largest, mean_interval

SEED = 0  # of the weights and the signs: the same predictions always get the same interval
TAIL = 3.0  # degrees of freedom of Student's t, whose tails fall as x^−3; those of its squares fall as x^−1.5
UNDEFINED: Ends = (math.nan, math.nan)


def mean_difference(differences: FloatArray) -> Comparison:
    """Return the mean of one model's losses minus the other's `(N,)`, its 95% interval and a p-value.

    The interval counts with rows that differ by more than any of the split, on either side; of fewer than `LEAST_ROWS`
    rows it is NaN. The p-value is of the sign-flip test, whose word counts.
    """
    mean = float(differences.mean())
    low, high = UNDEFINED
    if len(differences) >= LEAST_ROWS:
        reach = beyond_largest(np.abs(differences - mean), TAIL)
        low, high = mean_interval(differences, mean - reach, mean + reach, np.random.default_rng(SEED))
    p_value = sign_flip_test(differences, np.random.default_rng(SEED))
    return {"difference": mean, "difference_low": low, "difference_high": high, "sign_flip_p": p_value}


def compare_log_losses(y_true: LabelArray, first: FloatArray, second: FloatArray) -> Comparison:
    """Return how the log-losses of two models' probabilities `(N, C)` for the same rows differ, first minus second.

    Raises:
        TypeError, ValueError: unless these are class ids `(N,)` and probabilities `(N, C)`.
    """
    check_scored("compare_log_losses", y_true, first)
    check_scored("compare_log_losses", y_true, second)
    return mean_difference(example_log_losses(y_true, first) - example_log_losses(y_true, second))


def compare_costs(y_true: LabelArray, first: LabelArray, second: LabelArray, costs: Sequence[Sequence[float]]) -> float:
    """Return the p-value of the sign-flip test of what two models' answers cost, row by row.

    Args:
        y_true: the class ids of the rows.
        first: the answers of one.
        second: those of the other.
        costs: of an answer, by rows the actual class, by columns the answer.
    """
    of_each = np.asarray(costs, dtype=np.float64)
    return sign_flip_test(of_each[y_true, first] - of_each[y_true, second], np.random.default_rng(SEED))
