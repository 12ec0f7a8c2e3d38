"""How well scores rank the rows of one class before the others: curves, average precision, and what the top holds."""

import math
from typing import Any, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.intervals import Z

Vector: TypeAlias = npt.NDArray[np.float64]
Positives: TypeAlias = npt.NDArray[np.bool_]

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)  # of the rows, those with the highest scores, in a table of the lift


LEAST_POSITIVES = 5  # rows, below which average precision has no interval


class Gain(TypedDict):
    """What the rows with the highest scores hold.

    Attributes:
        share: which fraction of all rows they are, about.
        rows: how many that is.
        found: the positives among them; where equal scores go on beyond them, as many as on average.
        precision: the fraction of them that is positive.
        recall: the fraction of the positives that is among them.
        lift: how many times the precision is the fraction of positives among all rows.
    """

    share: float
    rows: int
    found: float
    precision: float
    recall: float
    lift: float


def _check_ranked(is_positive: Positives, scores: npt.NDArray[Any]) -> None:
    """Accept N truth values, and a finite score for each, N being 1 or more.

    Raises:
        TypeError: if one is no array of its kind.
        ValueError: if a shape does not fit, or a score is not finite.
    """
    if not isinstance(is_positive, np.ndarray) or is_positive.dtype != np.bool_:
        raise TypeError(
            f"ranked_counts: expected is_positive (N,), an array of truth values, received {is_positive!r:.60}"
        )
    if not isinstance(scores, np.ndarray) or scores.dtype.kind not in "iuf":
        raise TypeError(f"ranked_counts: expected scores (N,), an array of numbers, received {scores!r:.60}")
    if is_positive.ndim != 1 or not is_positive.size or scores.shape != is_positive.shape:
        raise ValueError(
            f"ranked_counts: expected is_positive and scores (N,) of one length, 1 or more, received shapes "
            f"{is_positive.shape} and {scores.shape}"
        )
    if not np.isfinite(scores).all():
        raise ValueError("ranked_counts: expected finite scores, received NaN or infinity among them")


def ranked_counts(is_positive: Positives, scores: npt.NDArray[Any]) -> tuple[Vector, Vector, Vector]:
    """Return the different scores from the highest down, and how many positives and negatives have it or a higher one.

    Rows of equal scores come together: no threshold divides them.

    Raises:
        TypeError, ValueError: unless these are truth values `(N,)` and finite scores `(N,)`.
    """
    _check_ranked(is_positive, scores)
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], is_positive[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)  # of each group of equal scores
    positives = np.cumsum(hits)[last].astype(np.float64)
    return ordered[last].astype(np.float64), positives, last + 1 - positives


def precision_recall_curve(is_positive: Positives, scores: npt.NDArray[Any]) -> tuple[Vector, Vector, Vector]:
    """Return thresholds from the highest score down, and precision and recall of the rows at each or above it.

    Raises:
        ValueError: if no row is positive, besides what `ranked_counts` raises.
    """
    thresholds, hits, alarms = ranked_counts(is_positive, scores)
    if not hits[-1]:
        raise ValueError("precision_recall_curve: expected a positive row, received none")
    return thresholds, hits / (hits + alarms), hits / hits[-1]


def roc_curve(is_positive: Positives, scores: npt.NDArray[Any]) -> tuple[Vector, Vector, Vector]:
    """Return thresholds from the highest score down, and the fractions of negatives and of positives at each or above.

    Raises:
        ValueError: unless there are positive rows and others, besides what `ranked_counts` raises.
    """
    thresholds, hits, alarms = ranked_counts(is_positive, scores)
    if not hits[-1] or not alarms[-1]:
        raise ValueError("roc_curve: expected positive rows and others, received rows of one kind alone")
    return thresholds, alarms / alarms[-1], hits / hits[-1]


def log_odds(log_probabilities: npt.NDArray[np.floating[Any]], label: int) -> Vector:
    """Return `log p − log(1 − p)` of a class from log p of all `(N, C)`: it tells rows apart where p is nearly 1."""
    others = np.delete(log_probabilities, label, axis=1).astype(np.float64)
    return log_probabilities[:, label].astype(np.float64) - log_sum_exp(others)


def log_sum_exp(values: Vector) -> Vector:
    """Return `ln Σ exp` over the last axis, from the largest value on, so that nothing overflows."""
    largest = values.max(axis=-1, keepdims=True)
    logarithm: Vector = largest[..., 0] + np.log(np.exp(values - largest).sum(axis=-1))
    return logarithm


def average_precision(is_positive: Positives, scores: npt.NDArray[Any]) -> float:
    """Return the mean precision over the positives, each at the threshold that just includes it; NaN without one.

    It is `Σ_k (R_k − R_{k−1}) P_k` over the thresholds from the highest down, with precision P and recall R: the area
    under the curve as steps. Lines between its points, as of a ROC curve, would promise more than is there. Scores that
    say nothing have the fraction of positives. (Davis & Goadrich, "The relationship between precision-recall and ROC
    curves", 2006; Saito & Rehmsmeier, 2015, on why it tells more than the ROC curve where positives are rare.)
    """
    _, hits, alarms = ranked_counts(is_positive, scores)
    if not hits[-1]:
        return float("nan")
    return float((np.diff(hits, prepend=0.0) * hits / (hits + alarms)).sum() / hits[-1])


def average_precision_interval(value: float, positives: int, negatives: int) -> tuple[float, float]:
    """Return the 95% interval of an average precision of so many rows of either kind, on the scale of its logit.

    The standard error of `log(a/(1 − a))` is taken to be `1/√(n a(1 − a))`, as for a proportion, and Student's t with
    one degree of freedom fewer than positives stands for the normal distribution. Boyd, Eng & Page ("Area under the
    precision-recall curve: point estimates and confidence intervals", 2013), who found it to hold where a bootstrap
    does not, take the positives for n. Where the others are not many more, what they draw counts too:
    `n = n₁n₀/(n₁ + n₀)`.

    Raises:
        ValueError: for fewer than five positives, no other row, or a value that is not between 0 and 1.
    """
    if positives < LEAST_POSITIVES or negatives < 1 or not 0 <= value <= 1:
        raise ValueError(
            f"average_precision_interval: expected a value from 0 to 1, of {LEAST_POSITIVES} positive rows or more and "
            f"others, received {value!r} of {positives} and {negatives}"
        )
    # All ranked first, or last, is no certainty: half a row of doubt.
    doubt = 0.5 / positives
    a = min(max(value, doubt), 1 - doubt)
    n = positives * negatives / (positives + negatives)
    centre, spread = math.log(a / (1 - a)), student_t(positives - 1) / math.sqrt(n * a * (1 - a))
    low, high = (1 / (1 + math.exp(-each)) for each in (centre - spread, centre + spread))
    return min(low, value), max(high, value)


def student_t(freedom: int) -> float:
    """Return the 97.5% quantile of Student's t, from the normal one z: `z + (z³ + z)/4ν + (5z⁵ + 16z³ + 3z)/96ν²`.

    With 4 degrees of freedom or more it is off by 2% at most. (Cornish & Fisher, 1937; Abramowitz & Stegun, 26.7.5.)
    """
    return Z + (Z**3 + Z) / (4 * freedom) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)


def gains(is_positive: Positives, scores: npt.NDArray[Any]) -> list[Gain]:
    """Return what the rows with the highest scores hold, for some fractions of the rows; those of no row left out.

    Where a group of equal scores is divided, its positives count in proportion: any of its rows may come first.

    Raises:
        ValueError: if no row is positive, besides what `ranked_counts` raises.
    """
    _, hits, alarms = ranked_counts(is_positive, scores)
    n, total = len(scores), float(hits[-1])
    if not total:
        raise ValueError("gains: expected a positive row, received none")
    seen, found_by = np.append(0.0, hits + alarms), np.append(0.0, hits)
    table: list[Gain] = []
    for share in SHARES:
        rows = round(share * n)
        if not rows or (table and table[-1]["rows"] == rows):
            continue
        found = float(np.interp(rows, seen, found_by))
        precision = found / rows
        table.append(
            {
                "share": share,
                "rows": rows,
                "found": found,
                "precision": precision,
                "recall": found / total,
                "lift": precision * n / total,
            }
        )
    return table
