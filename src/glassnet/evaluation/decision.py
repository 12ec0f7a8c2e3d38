"""The decision, apart from the probabilities: from which one on a row is called positive, or which error costs less."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.ranking import Positives, ranked_counts
from glassnet.evaluation.scores import FloatArray

Criterion: TypeAlias = Literal["f1", "balanced"]
Costs: TypeAlias = Sequence[Sequence[float]]


class Decision(TypedDict, total=False):
    """How a class is decided on. For two classes it has a threshold, for more than two costs.

    Attributes:
        rule: what it comes from: "given", "f1", "balanced", "cost" or "class_weights".
        positive: the id of the positive one of two classes.
        threshold: the probability of the positive class at which, and above which, a row is called positive.
        costs: what an answer costs, if that was said: by rows the actual class, by columns the predicted one. Of more
            than two classes, it decides.
        smoothing: of the labels that the network was taught; costs are those of the probabilities without it.
    """

    rule: str
    positive: int
    threshold: float
    costs: list[list[float]]
    smoothing: float


def decide(probabilities: FloatArray, decision: Decision | None = None) -> npt.NDArray[np.int64]:
    """Return the class ids `(N,)` that are decided on, given probabilities `(N, C)`.

    Without a decision that is the most probable class. With a threshold it is the positive class from there on. With
    costs it is the class j of the lowest expected cost `Σ_i p_i c_ij`; of equal ones, the first.

    Raises:
        ValueError: for a decision on another number of classes.
    """
    if decision is None:
        return probabilities.argmax(axis=1)
    classes = probabilities.shape[1]
    if "threshold" in decision:
        if classes != 2:
            raise ValueError(f"decide: expected probabilities of two classes for a threshold, received {classes}")
        positive = decision["positive"]
        return np.where(probabilities[:, positive] >= decision["threshold"], positive, 1 - positive)
    costs = np.asarray(decision["costs"], dtype=np.float64)
    if costs.shape != (classes, classes):
        raise ValueError(f"decide: expected costs ({classes}, {classes}), received {costs.shape}")
    unsmoothed = probabilities.astype(np.float64) - decision.get("smoothing", 0.0) / classes
    return (unsmoothed @ costs).argmin(axis=1)


def without_smoothing(decision: Decision, smoothing: float, classes: int) -> Decision:
    """Return a decision by costs or weights for a network that was taught labels with smoothing ε.

    It gives a class of probability π the probability `(1 − ε)π + ε/C`: never less than ε/C, so that with a threshold
    below that every row would be called positive. The threshold is moved likewise; costs are told of ε.
    """
    if not smoothing:
        return decision
    if "threshold" in decision:
        return {**decision, "threshold": (1 - smoothing) * decision["threshold"] + smoothing / classes}
    return {**decision, "smoothing": smoothing}


def threshold_of_costs(costs: Costs, positive: int) -> float:
    """Return the probability of the positive one of two classes at which both answers cost the same in expectation.

    Calling a row positive costs `(1 − p)c_np + p·c_pp` in expectation, calling it negative `(1 − p)c_nn + p·c_pn`, with
    `c_ij` the cost of answer j for a row of class i. They are equal at
    `p = (c_np − c_nn)/((c_np − c_nn) + (c_pn − c_pp))`. (Elkan, "The foundations of cost-sensitive learning", 2001.)

    Raises:
        ValueError: unless a right answer costs less than a wrong one, for both classes.
    """
    negative = 1 - positive
    alarm = costs[negative][positive] - costs[negative][negative]
    missed = costs[positive][negative] - costs[positive][positive]
    if not (alarm > 0 and missed > 0):
        raise ValueError(f"threshold_of_costs: expected errors to cost more than right answers, received {costs!r}")
    return float(alarm / (alarm + missed))


def decision_of_weights(weights: Sequence[float], positive: int) -> Decision:
    """Return the decision for the class of the largest `w_c p_c`: an error on a row of class c costs `w_c`."""
    costs = [[0.0 if i == j else float(weight) for j in range(len(weights))] for i, weight in enumerate(weights)]
    if len(weights) == 2:
        return {"rule": "class_weights", "positive": positive, "threshold": threshold_of_costs(costs, positive)}
    return {"rule": "class_weights", "costs": costs}


def best_threshold(is_positive: Positives, probabilities: npt.NDArray[Any], criterion: Criterion) -> float:
    """Return the threshold of the probability at which F1, or the balanced accuracy, of these rows is highest.

    Only between two neighbouring probabilities does it matter which rows are called positive; the threshold lies
    midway. Of thresholds that are equally good, it is the highest: the fewest rows are called positive. That of F1 is
    half the F1 that it reaches, if the probabilities are right (Lipton, Elkan & Naryanaswamy, "Optimal thresholding of
    classifiers to maximize F1 measure", 2014); that of the balanced accuracy is the fraction of positives.

    Raises:
        ValueError: unless there are positive rows and others.
    """
    scores, hits, alarms = ranked_counts(is_positive, probabilities)
    if not hits[-1] or not alarms[-1]:
        raise ValueError("best_threshold: expected positive rows and others, received rows of one kind alone")
    if criterion == "f1":
        values = 2 * hits / (hits + alarms + hits[-1])
    else:
        values = (hits / hits[-1] + 1 - alarms / alarms[-1]) / 2
    best = int(np.argmax(values >= values.max() - 1e-12))  # the first, from the highest score down
    below = scores[best + 1] if best + 1 < len(scores) else 0.0
    middle = float((scores[best] + below) / 2)
    return middle if below < middle else float(scores[best])  # two neighbours of a float have nothing between them
