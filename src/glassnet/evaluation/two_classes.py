"""What a decision between two classes is worth: precision, recall and specificity, and how well the rows are ranked."""

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.classification import classification_scores
from glassnet.evaluation.decision import Decision
from glassnet.evaluation.inputs import check_labels, check_scored
from glassnet.evaluation.intervals import exact_interval
from glassnet.evaluation.ranking import (
    LEAST_POSITIVES,
    Gain,
    average_precision,
    average_precision_interval,
    gains,
    log_odds,
)
from glassnet.evaluation.records import DecisionAnalysis
from glassnet.evaluation.scores import FloatArray, LabelArray
from glassnet.files import JsonObject


def two_class_scores(
    y_true: LabelArray, probabilities: FloatArray, predicted: LabelArray, positive: int
) -> dict[str, float]:
    """Return the scores of a decision between two classes, about the positive one; what is undefined is left out.

    Precision is the fraction of the rows called positive that are, recall that of the positive rows that are called so,
    specificity that of the negative rows that are not. Their 95% intervals `…_low`, `…_high` are exact, given how many
    rows are called positive, are, and are not. That of average precision wants five positive rows.

    Args:
        y_true: the actual classes `(N,)`.
        probabilities: `(N, 2)`, which rank the rows.
        predicted: the classes that were decided on `(N,)`.
        positive: the id of the positive class.

    Raises:
        TypeError, ValueError: unless these are classes and probabilities of N rows, of two classes.
    """
    check_scored("two_class_scores", y_true, probabilities)
    check_labels("two_class_scores", "predicted", predicted, len(y_true), 2)
    if probabilities.shape[1] != 2:
        raise ValueError(f"two_class_scores: expected two classes, received {probabilities.shape[1]}")
    actual, called = y_true == positive, predicted == positive
    found = int((actual & called).sum())
    passed = int((~actual & ~called).sum())
    parts = {
        "precision": (found, int(called.sum())),
        "recall": (found, int(actual.sum())),
        "specificity": (passed, int((~actual).sum())),
    }
    scores: dict[str, float] = {}
    for name, (successes, trials) in parts.items():
        if trials:
            scores[name] = successes / trials
            scores[f"{name}_low"], scores[f"{name}_high"] = exact_interval(successes, trials)
    scores["called_positive"], scores["positives"] = int(called.sum()), int(actual.sum())
    if actual.any():
        ranks = margin(probabilities, positive)
        scores["average_precision"] = average_precision(actual, ranks)
        kinds = int(actual.sum()), int((~actual).sum())
        if kinds[0] >= LEAST_POSITIVES and kinds[1]:
            ends = average_precision_interval(scores["average_precision"], *kinds)
            scores["average_precision_low"], scores["average_precision_high"] = ends
    return scores


def lift_table(y_true: LabelArray, probabilities: FloatArray, positive: int) -> list[Gain]:
    """Return what the rows with the highest probabilities of the positive class hold; nothing if no row is of it."""
    actual = y_true == positive
    return gains(actual, margin(probabilities, positive)) if actual.any() else []


def margin(probabilities: FloatArray, positive: int) -> npt.NDArray[np.float64]:
    """Return `log p − log(1 − p)` of the positive class, which tells rows apart where p is nearly 1."""
    return log_odds(np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float64).tiny)), positive)


def scores_of_decision(
    y_true: LabelArray, probabilities: FloatArray, predicted: LabelArray, positive: int, decision: Decision | None
) -> JsonObject:
    """Return all scores of probabilities and of what was decided on: of two classes those about the positive one too.

    Where errors have costs, the mean cost of an answer is among them.
    """
    scores: dict[str, float] = classification_scores(y_true, probabilities, predicted)
    if decision is not None and "costs" in decision and decision["rule"] == "cost":
        scores["mean_cost"] = float(np.asarray(decision["costs"])[y_true, predicted].mean())
    if probabilities.shape[1] != 2:
        return scores
    return {**scores, "two_classes": two_class_scores(y_true, probabilities, predicted, positive)}


def analyse_decision(
    y_true: LabelArray,
    probabilities: FloatArray,
    positive: int,
    decision: Decision | None,
    class_names: tuple[str, ...],
) -> DecisionAnalysis:
    """Return how a class was decided on, and the lift; nothing for the most probable one of more than two classes."""
    analysis: DecisionAnalysis = {}
    if decision is not None:
        analysis["rule"] = decision["rule"]
        if "costs" in decision:
            analysis["costs"] = decision["costs"]
    if len(class_names) == 2:
        analysis["positive"] = class_names[positive]
        analysis["threshold"] = 0.5 if decision is None else decision["threshold"]
        analysis["lift"] = lift_table(y_true, probabilities, positive)
    return analysis
