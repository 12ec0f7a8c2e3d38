"""Error analysis of a regression: the largest errors, and what the training rows around them say about why."""

from typing import Any, TypeAlias

import numpy as np

from glassnet.evaluation.neighbours import LabelledRows, deviations, furthest_features, nearest_rows, usual_distance
from glassnet.evaluation.regression import decimals_of
from glassnet.evaluation.scores import FloatArray

NEIGHBOURS = 5
EXPLAINED = 0.1  # of the rows: those with the largest errors are explained
MOST_EXPLAINED = 200  # of them: the work, and the memory for it, grow with errors × training rows

Json: TypeAlias = dict[str, Any]


def analyse_regression_errors(
    test: LabelledRows,
    predicted: FloatArray,
    train: LabelledRows,
    scale: dict[str, float],
    feature_names: list[str],
    shown: int = 10,
) -> Json:
    """Return the largest errors in groups of too low and too high with a hypothesis each, and cases to show.

    The larger group comes first.

    Args:
        test: the test rows, targets standardized.
        predicted: the predictions `(N,)`, standardized likewise.
        train: the training rows.
        scale: mean and scale of the target, by which the cases are given in its units.
        feature_names: the name of each feature.
        shown: how many cases to describe at most.
    """
    error = predicted.astype(np.float64) - test.y
    explained = max(shown, min(MOST_EXPLAINED, int(EXPLAINED * len(error))))
    largest = np.lexsort((test.rows, -np.abs(error)))[:explained]
    distances, neighbours = nearest_rows(test.X[largest], train.X, min(NEIGHBOURS, len(train.y)))
    usual, out = usual_distance(train.X), deviations(np.asarray(test.X[largest]), train.X)
    low, high = np.percentile(train.y, [5, 95])

    decimals = decimals_of(scale["scale"], 5)

    def units(value: float) -> float:
        return round(value * scale["scale"] + scale["mean"], decimals) + 0.0  # which makes 0 of −0

    cases = []
    for at, (i, distance, near) in enumerate(zip(largest, distances, neighbours, strict=True)):
        around = float(np.mean(train.y[near]))
        of_neighbours = abs(around - test.y[i]) > abs(around - predicted[i]) and abs(around - test.y[i]) > 1
        cases.append(
            {
                "row": int(test.rows[i]),
                "actual": units(float(test.y[i])),
                "predicted": units(float(predicted[i])),
                "furthest_features": furthest_features(out[at], feature_names),
                "nearest": {
                    "row": int(train.rows[near[0]]),
                    "distance": float(f"{distance[0]:.3f}"),
                    "target": units(float(train.y[near[0]])),
                },
                "neighbours_mean": units(around),
                "group": "too high" if error[i] > 0 else "too low",
                "indicators": {
                    "outlier": bool(distance[0] > usual),
                    "extreme target": bool(not low <= test.y[i] <= high),
                    "unlike its neighbours": bool(of_neighbours),
                },
            }
        )
    groups = [_group(name, [case for case in cases if case["group"] == name]) for name in ("too low", "too high")]
    groups.sort(key=lambda group: -group["count"])
    analysed = len(cases)
    cases = [{key: value for key, value in case.items() if key != "indicators"} for case in cases[:shown]]
    return {"analysed": analysed, "groups": [group for group in groups if group["count"]], "cases": cases}


def _group(name: str, cases: list[Json]) -> Json:
    """Return a group's hypothesis: the explanation that most of its cases speak for, if half of them do."""
    n = len(cases)
    explanations = ("outlier", "unlike its neighbours", "extreme target")
    votes = {indicator: sum(case["indicators"][indicator] for case in cases) for indicator in explanations}
    best = max(explanations, key=lambda indicator: votes[indicator])
    evidence = {
        "outlier": "lie further from every training row than 99 in 100 training rows from their nearest",
        "extreme target": "have a target outside the middle 90% of the training targets, of which there are few "
        "examples",
        "unlike its neighbours": "have a target more than a standard deviation from the mean of their 5 nearest "
        "training rows, with the prediction nearer to that mean: noise in the target, or a feature that is missing",
    }
    if votes[best] * 2 < n or not n:
        best, text = "no single cause", ", ".join(f"{indicator}: {count} of {n}" for indicator, count in votes.items())
    else:
        text = f"{votes[best]} of {n} {evidence[best]}"
    return {"group": name, "count": n, "hypothesis": best, "evidence": text}
