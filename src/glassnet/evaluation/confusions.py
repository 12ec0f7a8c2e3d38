"""The largest confusions: pairs of classes that are taken for each other, and where the errors between them lie."""

from typing import TypedDict

import numpy as np

from glassnet.evaluation.neighbours import Distances, Indices, LabelledRows, nearest_rows
from glassnet.evaluation.scores import FloatArray, LabelArray

PAIRS = 3  # of classes
LEAST = 5  # errors of a pair, below which a share says nothing
EXAMINED = 60  # errors of a direction whose distances are taken


class Confusion(TypedDict):
    """Two classes that are taken for each other.

    Attributes:
        classes: their names.
        errors: how many rows of the first were taken for the second, and the other way round.
        rows: how many rows each has.
        confidence: the mean probability of the predicted class.
        second_right: the share of the errors in which the second most probable class is the actual one.
        examined: the errors whose distances were taken.
        to_actual: the mean distance to the nearest training row of the actual class.
        to_predicted: and to that of the predicted class.
        nearest_is_predicted: the share of errors in which the latter is the nearer one.
        mean_is_predicted: the share that is nearer to the mean of the predicted class than to that of the actual one.
    """

    classes: list[str]
    errors: list[int]
    rows: list[int]
    confidence: float
    second_right: float
    examined: int
    to_actual: float
    to_predicted: float
    nearest_is_predicted: float
    mean_is_predicted: float


def largest_confusions(
    test: LabelledRows,
    probabilities: FloatArray,
    predicted: LabelArray,
    train: LabelledRows,
    class_names: tuple[str, ...],
) -> list[Confusion]:
    """Return the pairs of classes with the most errors between them, both directions together, the largest first.

    Args:
        test: the test rows.
        probabilities: the predicted ones `(N, C)`.
        predicted: the classes that were decided on `(N,)`.
        train: the training rows.
        class_names: the name of each class.
    """
    wrong = np.flatnonzero(predicted != test.y)
    ends = np.sort(np.column_stack([test.y[wrong], predicted[wrong]]), axis=1)
    pairs, counts = np.unique(ends, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:PAIRS]
    found: list[Confusion] = []
    for pair in pairs[order[counts[order] >= LEAST]].tolist():
        errors = wrong[(ends == pair).all(axis=1)]
        confidence = probabilities[errors, predicted[errors]]
        second = np.argsort(-probabilities[errors], axis=1, kind="stable")[:, 1]
        some = np.concatenate([_spread(errors, confidence, test.y[errors] == label) for label in pair])
        nearest, means = _distances(test, some, train, pair)
        is_second = (test.y[some] == pair[1]).astype(np.int64)  # the place of the actual class in the pair
        of_actual, of_predicted = (np.arange(len(some)), is_second), (np.arange(len(some)), 1 - is_second)
        found.append(
            {
                "classes": [class_names[label] for label in pair],
                "errors": [int(np.count_nonzero(test.y[errors] == label)) for label in pair],
                "rows": [int(np.count_nonzero(test.y == label)) for label in pair],
                "confidence": float(confidence.mean()),
                "second_right": float(np.mean(second == test.y[errors])),
                "examined": len(some),
                "to_actual": float(nearest[of_actual].mean()),
                "to_predicted": float(nearest[of_predicted].mean()),
                "nearest_is_predicted": float(np.mean(nearest[of_predicted] < nearest[of_actual])),
                "mean_is_predicted": float(np.mean(means[of_predicted] < means[of_actual])),
            }
        )
    return found


def _spread(errors: Indices, confidence: FloatArray, members: LabelArray) -> Indices:
    """Return at most so many of the errors as are examined, from the most to the least confident at even distances."""
    places = np.flatnonzero(members)
    places = places[np.argsort(-confidence[places], kind="stable")]
    chosen = np.linspace(0, len(places) - 1, min(len(places), EXAMINED)).astype(np.int64)
    found: Indices = errors[places[chosen]]
    return found


def _distances(test: LabelledRows, rows: Indices, train: LabelledRows, pair: list[int]) -> tuple[Distances, Distances]:
    """Return the distances `(M, 2)` of test rows to the nearest training row of both classes, and to their means."""
    X = np.asarray(test.X[rows])
    nearest, means = np.full((len(rows), 2), np.inf), np.full((len(rows), 2), np.inf)
    for place, label in enumerate(pair):
        of_class = np.asarray(train.X[np.flatnonzero(train.y == label)], dtype=np.float64)
        nearest[:, place] = nearest_rows(X, of_class, 1)[0][:, 0]
        means[:, place] = np.sqrt(np.square(X - of_class.mean(axis=0)).sum(axis=1))
    return nearest, means
