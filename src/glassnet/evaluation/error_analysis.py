"""Error analysis: which test rows are wrong and how, and what the training rows around them say about why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.neighbours import LabelledRows, nearest_of_groups, nearest_rows, usual_distance
from glassnet.evaluation.records import Case, ClassNeighbour, ErrorAnalysis, ErrorGroup, Hypothesis, UnusualFeature
from glassnet.evaluation.scores import FloatArray, LabelArray
from glassnet.evaluation.unusual import CategoryFeatures, unusual_features

NEIGHBOURS = 5
ANALYSED = 200  # errors looked at closely, about: the work grows with errors × training rows
UNCERTAIN = 5  # right answers that are described
TOP = 5  # probabilities kept of each case

Indices: TypeAlias = npt.NDArray[np.int64]


def analyse_errors(
    test: LabelledRows,
    probabilities: FloatArray,
    train: LabelledRows,
    class_names: tuple[str, ...],
    feature_names: list[str],
    shown: int = 10,
    categories: Sequence[CategoryFeatures] = (),
    predicted: LabelArray | None = None,
) -> ErrorAnalysis:
    """Return the errors in groups of (true, predicted) with a hypothesis each, cases to show, and the least certain.

    The cases stand for the groups: one of each, the largest group first, then a second of each, and so on until enough
    are chosen; of a group the most confident before the others. They are returned the most confident first. The least
    certain are right answers.

    Args:
        test: the test rows.
        probabilities: the predicted ones `(N, C)`.
        train: the training rows.
        class_names: the name of each class.
        feature_names: the name of each feature; none for pixels, none of which says anything by itself.
        shown: how many cases to describe at most.
        categories: which features are the columns of a category.
        predicted: the classes that were decided on; None for the most probable ones.
    """
    predicted = probabilities.argmax(axis=1) if predicted is None else predicted
    confidence = probabilities[np.arange(len(predicted)), predicted]
    wrong = np.flatnonzero(predicted != test.y)
    order = wrong[np.lexsort((test.rows[wrong], -confidence[wrong]))]
    pairs = [(int(test.y[i]), int(predicted[i])) for i in order]
    analysed = _sample(order, pairs)
    indicators = _indicators(analysed, test, probabilities, predicted, train)
    groups: list[ErrorGroup] = []
    for true, guess in sorted(set(pairs)):
        of_group = [each for each in indicators if (each.true, each.guess) == (true, guess)]
        fraction = float(np.mean(train.y == true))
        best, evidence = _hypothesis(of_group, class_names[true], class_names[guess], fraction, len(class_names))
        groups.append(
            {
                "true": class_names[true],
                "predicted": class_names[guess],
                "count": pairs.count((true, guess)),
                "rows": sorted(each.row for each in of_group),
                "hypothesis": best,
                "evidence": evidence,
            }
        )
    groups.sort(key=lambda group: (-group["count"], group["true"], group["predicted"]))
    right = np.flatnonzero(predicted == test.y)
    uncertain = right[np.lexsort((test.rows[right], confidence[right]))][:UNCERTAIN]

    chosen = np.concatenate([_choose(order, test.y, predicted, shown), uncertain])
    unusual = unusual_features(np.asarray(test.X[chosen]), train.X, feature_names, categories)
    described = _describe(chosen, test, probabilities, predicted, train, class_names, unusual)
    cases = len(chosen) - len(uncertain)
    return {
        "errors": len(wrong),
        "analysed": len(analysed),
        "groups": groups,
        "cases": described[:cases],
        "least_certain": described[cases:],
    }


def _sample(order: Indices, pairs: list[tuple[int, int]]) -> Indices:
    """Return the errors to look at closely: all if they are few, else the same fraction of each group.

    At least one of each, and from the most to the least confident at even distances, so that they stand for the group.
    """
    fraction = min(1.0, ANALYSED / max(1, len(order)))
    chosen: list[int] = []
    for pair in sorted(set(pairs)):
        members = [at for at, other in enumerate(pairs) if other == pair]
        wanted = max(1, round(fraction * len(members)))
        chosen += [members[at] for at in np.linspace(0, len(members) - 1, wanted).astype(int)]
    return order[sorted(chosen)]


@dataclass(frozen=True)
class _Indicators:
    """The numbers from which the explanation of an error is drawn, and what they speak for.

    Attributes:
        row: its number in the raw data.
        true: the actual class.
        guess: the predicted one.
        confidence: the probability of the predicted class.
        margin: by how much it exceeds the next one.
        for_true: the fraction of the nearest training rows that are of the actual class.
        for_guess: and of the predicted one.
        distance: to the nearest training row.
        usual: the distance that 99 of 100 training rows do not exceed.
        speak_for: the explanations that fit.
    """

    row: int
    true: int
    guess: int
    confidence: float
    margin: float
    for_true: float
    for_guess: float
    distance: float
    usual: float
    speak_for: frozenset[Hypothesis]


def _indicators(
    order: Indices, test: LabelledRows, probabilities: FloatArray, predicted: LabelArray, train: LabelledRows
) -> list[_Indicators]:
    """Return the indicators of each error."""
    if not len(order):
        return []
    distances, neighbours = nearest_rows(test.X[order], train.X, min(NEIGHBOURS, len(train.y)))
    usual, classes = usual_distance(train.X), probabilities.shape[1]
    fractions = np.bincount(train.y, minlength=classes) / len(train.y)
    indicators = []
    for i, distance, near in zip(order, distances, neighbours, strict=True):
        true, p = int(test.y[i]), probabilities[i]
        guess = int(predicted[i])
        labels = train.y[near]
        for_true, for_guess = float(np.mean(labels == true)), float(np.mean(labels == guess))
        confidence, margin = float(p[guess]), float(abs(p[guess] - np.delete(p, guess).max()))
        fits = {
            Hypothesis.OUTLIER: float(distance[0]) > usual,
            Hypothesis.LABEL_NOISE: for_guess >= 0.8 and confidence > 0.8,
            Hypothesis.NEAR_THE_BOUNDARY: 0 < max(for_true, for_guess) < 0.8 and confidence <= 0.9,
            Hypothesis.BOUNDARY_MISPLACED: for_true >= 0.8 and confidence <= 0.9,
            Hypothesis.OVERCONFIDENT: confidence > 0.9 and for_true > 0,
            Hypothesis.MINORITY_CLASS: fractions[true] < 0.5 / classes,
            Hypothesis.INSIDE_THE_OTHER_CLASS: for_guess >= 0.8 and confidence <= 0.8,
        }
        speak_for = frozenset(hypothesis for hypothesis, does_fit in fits.items() if does_fit)
        if p.argmax() == true:  # the network is right: a threshold or costs have the other class called
            speak_for = frozenset({Hypothesis.CALLED_BY_THE_RULE})
        numbers = (confidence, margin, for_true, for_guess, float(distance[0]), usual)
        indicators.append(_Indicators(int(test.rows[i]), true, guess, *numbers, speak_for))
    return indicators


EXPLANATIONS = (
    Hypothesis.CALLED_BY_THE_RULE,
    Hypothesis.OUTLIER,
    Hypothesis.LABEL_NOISE,
    Hypothesis.MINORITY_CLASS,
    Hypothesis.NEAR_THE_BOUNDARY,
    Hypothesis.BOUNDARY_MISPLACED,
    Hypothesis.OVERCONFIDENT,
    Hypothesis.INSIDE_THE_OTHER_CLASS,
)


def _hypothesis(
    indicators: list[_Indicators], true: str, guess: str, fraction: float, classes: int
) -> tuple[Hypothesis, str]:
    """Return the explanation that most of a group's errors speak for, if half of them do, with the numbers of those."""
    n = len(indicators)
    best = max(EXPLANATIONS, key=lambda name: sum(name in each.speak_for for each in indicators))
    explained = [each for each in indicators if best in each.speak_for]
    is_explained = 2 * len(explained) >= n
    confidence, margin, for_true, for_guess, distance = (
        float(np.mean([getattr(each, name) for each in (explained if is_explained else indicators)]))
        for name in ("confidence", "margin", "for_true", "for_guess", "distance")
    )
    around = f"{for_true:.0%} of the nearest training rows are {true}, {for_guess:.0%} {guess}"
    if not is_explained:
        seldom = f"; {best}: {len(explained)} of {n}" if explained else ""
        return Hypothesis.NO_SINGLE_CAUSE, f"the mean confidence of all {n} is {confidence:.2f}; {around}{seldom}"
    who = f"{len(explained)} of {n}"
    evidence = {
        Hypothesis.CALLED_BY_THE_RULE: (
            f"{who} are {true} by the highest probability; the threshold, costs or weights that decide call them "
            f"{guess} (probability {confidence:.2f} on average); {around}"
        ),
        Hypothesis.OUTLIER: (
            f"{who} lie further from every training row ({distance:.2f} on average) than 99 in 100 training rows from "
            f"their nearest ({indicators[0].usual:.2f})"
        ),
        Hypothesis.LABEL_NOISE: (
            f"{who} are called {guess} with confidence ({confidence:.2f} on average), and at least 4 of 5 of the "
            f"nearest training rows agree with it; {around}"
        ),
        Hypothesis.NEAR_THE_BOUNDARY: (
            f"{who} lie where classes meet: neither {true} nor {guess} has 4 of 5 of the nearest training rows, and "
            f"the two highest probabilities are {margin:.2f} apart on average; {around}"
        ),
        Hypothesis.BOUNDARY_MISPLACED: (
            f"{who} lie among training rows of their own class, so the network is at fault, not the data (confidence "
            f"{confidence:.2f} on average); {around}"
        ),
        Hypothesis.OVERCONFIDENT: (
            f"{who} have a confidence above 0.9 ({confidence:.2f} on average) although rows of the true class are "
            f"among the nearest; {around}"
        ),
        Hypothesis.MINORITY_CLASS: (
            f"{true} has {fraction:.1%} of the training rows, less than half of an even share ({1 / classes:.1%}); "
            f"{around}"
        ),
        Hypothesis.INSIDE_THE_OTHER_CLASS: (
            f"{who} lie among training rows of {guess}, and the network is in doubt (confidence {confidence:.2f} on "
            f"average); {around}"
        ),
    }
    return best, evidence[best]


def _choose(order: Indices, y_true: npt.NDArray[Any], predicted: npt.NDArray[Any], shown: int) -> Indices:
    """Return the errors to show: round the groups, the largest first, of each its most confident one still left."""
    members: dict[tuple[int, int], list[int]] = {}
    for at, i in enumerate(order):
        members.setdefault((int(y_true[i]), int(predicted[i])), []).append(at)
    groups = sorted(members.values(), key=lambda group: -len(group))
    turns = sorted((turn, rank, at) for rank, group in enumerate(groups) for turn, at in enumerate(group[:shown]))
    return order[sorted(at for _, _, at in turns[:shown])]


def _describe(
    chosen: Indices,
    test: LabelledRows,
    probabilities: FloatArray,
    predicted: LabelArray,
    train: LabelledRows,
    class_names: tuple[str, ...],
    unusual: list[list[UnusualFeature]],
) -> list[Case]:
    """Describe test rows: probabilities, what is unusual about them, and the nearest training rows of both classes."""
    X = np.asarray(test.X[chosen])
    _, around = nearest_rows(X, train.X, min(NEIGHBOURS, len(train.y)))
    distances, nearest = nearest_of_groups(X, train.X, 1, train.y, len(class_names))
    ranks = np.argsort(-probabilities[chosen], axis=1, kind="stable")
    rivals = [  # what it was called, or the most probable other class
        int(guess if guess != y else next(label for label in row if label != y))
        for y, guess, row in zip(test.y[chosen], predicted[chosen], ranks, strict=True)
    ]
    pairs = list(zip(test.y[chosen].tolist(), rivals, strict=True))

    def nearest_of(label: int, at: int) -> ClassNeighbour:
        row, distance = int(train.rows[nearest[at, label, 0]]), float(f"{distances[at, label, 0]:.3f}")
        return {"class": class_names[label], "row": row, "distance": distance}

    cases: list[Case] = []
    for at, (i, neighbours) in enumerate(zip(chosen, around, strict=True)):
        p, ranked, (true, rival) = probabilities[i], ranks[at], pairs[at]
        top = [*ranked[:TOP], *([true] if true not in ranked[:TOP] else [])]
        cases.append(
            {
                "row": int(test.rows[i]),
                "true": class_names[true],
                "predicted": class_names[predicted[i]],
                "probabilities": {class_names[label]: float(f"{p[label]:.4f}") for label in top},
                "unusual_features": unusual[at],
                "nearest": [nearest_of(true, at), nearest_of(rival, at)],
                "neighbours": [class_names[label] for label in train.y[neighbours]],
            }
        )
    return cases
