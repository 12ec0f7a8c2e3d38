"""Error analysis of a regression: the largest errors, and what the training rows around them say about why."""

from collections.abc import Sequence

import numpy as np

from glassnet.evaluation.neighbours import LabelledRows, nearest_rows, usual_distance
from glassnet.evaluation.records import ErrorGroup, Hypothesis, RegressionCase, RegressionErrorAnalysis
from glassnet.evaluation.regression import decimals_of
from glassnet.evaluation.scores import FloatArray
from glassnet.evaluation.unusual import CategoryFeatures, unusual_features

NEIGHBOURS = 5
EXPLAINED = 0.1  # of the rows: those with the largest errors are explained
MOST_EXPLAINED = 200  # of them: the work, and the memory for it, grow with errors × training rows

EXPLANATIONS = (Hypothesis.OUTLIER, Hypothesis.UNLIKE_ITS_NEIGHBOURS, Hypothesis.EXTREME_TARGET)


def analyse_regression_errors(
    test: LabelledRows,
    predicted: FloatArray,
    train: LabelledRows,
    scale: dict[str, float],
    feature_names: list[str],
    shown: int = 10,
    categories: Sequence[CategoryFeatures] = (),
) -> RegressionErrorAnalysis:
    """Return the largest errors in groups of too low and too high with a hypothesis each, and cases to show.

    The larger group comes first.

    Args:
        test: the test rows, targets standardized.
        predicted: the predictions `(N,)`, standardized likewise.
        train: the training rows.
        scale: mean and scale of the target, by which the cases are given in its units.
        feature_names: the name of each feature.
        shown: how many cases to describe at most.
        categories: which features are the columns of a category.
    """
    error = predicted.astype(np.float64) - test.y
    explained = max(shown, min(MOST_EXPLAINED, int(EXPLAINED * len(error))))
    largest = np.lexsort((test.rows, -np.abs(error)))[:explained]
    distances, neighbours = nearest_rows(test.X[largest], train.X, min(NEIGHBOURS, len(train.y)))
    usual = usual_distance(train.X)
    unusual = unusual_features(np.asarray(test.X[largest[:shown]]), train.X, feature_names, categories)
    low, high = np.percentile(train.y, [5, 95])

    decimals = decimals_of(scale["scale"], 5)

    def units(value: float) -> float:
        return round(value * scale["scale"] + scale["mean"], decimals) + 0.0  # which makes 0 of −0

    cases: list[RegressionCase] = []
    speak_for: dict[str, list[set[Hypothesis]]] = {"too low": [], "too high": []}
    for at, (i, distance, near) in enumerate(zip(largest, distances, neighbours, strict=True)):
        around = float(np.mean(train.y[near]))
        of_neighbours = abs(around - test.y[i]) > abs(around - predicted[i]) and abs(around - test.y[i]) > 1
        fits = {
            Hypothesis.OUTLIER: distance[0] > usual,
            Hypothesis.EXTREME_TARGET: not low <= test.y[i] <= high,
            Hypothesis.UNLIKE_ITS_NEIGHBOURS: of_neighbours,
        }
        group = "too high" if error[i] > 0 else "too low"
        speak_for[group].append({hypothesis for hypothesis, does_fit in fits.items() if does_fit})
        cases.append(
            {
                "row": int(test.rows[i]),
                "actual": units(float(test.y[i])),
                "predicted": units(float(predicted[i])),
                "unusual_features": unusual[at] if at < shown else [],
                "nearest": {
                    "row": int(train.rows[near[0]]),
                    "distance": float(f"{distance[0]:.3f}"),
                    "target": units(float(train.y[near[0]])),
                },
                "neighbours_mean": units(around),
                "group": group,
            }
        )
    groups = [_group(name, of_group) for name, of_group in speak_for.items() if of_group]
    groups.sort(key=lambda group: -group["count"])
    return {"analysed": len(cases), "groups": groups, "cases": cases[:shown]}


def _group(name: str, speak_for: list[set[Hypothesis]]) -> ErrorGroup:
    """Return a group's hypothesis: the explanation that most of its cases speak for, if half of them do."""
    n = len(speak_for)
    votes = {hypothesis: sum(hypothesis in each for each in speak_for) for hypothesis in EXPLANATIONS}
    best = max(EXPLANATIONS, key=votes.__getitem__)
    evidence = {
        Hypothesis.OUTLIER: "lie further from every training row than 99 in 100 training rows from their nearest",
        Hypothesis.EXTREME_TARGET: (
            "have a target outside the middle 90% of the training targets, of which there are few examples"
        ),
        Hypothesis.UNLIKE_ITS_NEIGHBOURS: (
            "have a target more than a standard deviation from the mean of their 5 nearest training rows, with the "
            "prediction nearer to that mean: noise in the target, or a feature that is missing"
        ),
    }
    if votes[best] * 2 < n:
        best, text = Hypothesis.NO_SINGLE_CAUSE, ", ".join(f"{each}: {count} of {n}" for each, count in votes.items())
    else:
        text = f"{votes[best]} of {n} {evidence[best]}"
    return {"group": name, "count": n, "hypothesis": best, "evidence": text}
