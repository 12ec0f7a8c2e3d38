"""Error analysis: which test rows are wrong and how, and what the training rows around them say about why."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.neighbours import LabelledRows, deviations, furthest_features, nearest_rows, usual_distance
from glassnet.evaluation.scores import FloatArray

NEIGHBOURS = 5
ANALYSED = 200  # errors looked at closely, about: the work grows with errors × training rows
UNCERTAIN = 5  # right answers that are described
TOP = 5  # probabilities kept of each case

Json: TypeAlias = dict[str, Any]
Indices: TypeAlias = npt.NDArray[np.int64]


def analyse_errors(
    test: LabelledRows,
    probabilities: FloatArray,
    train: LabelledRows,
    class_names: tuple[str, ...],
    feature_names: list[str],
    shown: int = 10,
) -> Json:
    """Return the errors in groups of (true, predicted) with a hypothesis each, cases to show, and the least certain.

    The cases stand for the groups: one of each, the largest group first, then a second of each, and so on until enough
    are chosen; of a group the most confident before the others. They are returned the most confident first. The least
    certain are right answers.

    Args:
        test: the test rows.
        probabilities: the predicted ones `(N, C)`.
        train: the training rows.
        class_names: the name of each class.
        feature_names: the name of each feature.
        shown: how many cases to describe at most.
    """
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != test.y)
    order = wrong[np.lexsort((test.rows[wrong], -confidence[wrong]))]
    pairs = [(int(test.y[i]), int(predicted[i])) for i in order]
    analysed = _sample(order, pairs)
    indicators = _indicators(analysed, test, probabilities, train, len(class_names))
    groups = []
    for true, guess in sorted(set(pairs)):
        of_group = [indicator for indicator in indicators if (indicator["true"], indicator["guess"]) == (true, guess)]
        fraction = float(np.mean(train.y == true))
        names = {"true": class_names[true], "predicted": class_names[guess], "count": pairs.count((true, guess))}
        groups.append(
            {
                **names,
                "rows": sorted(indicator["row"] for indicator in of_group),
                **_hypothesis(of_group, class_names[true], class_names[guess], fraction, len(class_names)),
            }
        )
    groups.sort(key=lambda group: (-group["count"], group["true"], group["predicted"]))
    right = np.flatnonzero(predicted == test.y)
    uncertain = right[np.lexsort((test.rows[right], confidence[right]))][:UNCERTAIN]

    def describe(chosen: Indices) -> list[Json]:
        return _describe(chosen, test, probabilities, train, class_names, feature_names)

    return {
        "errors": len(wrong),
        "analysed": len(analysed),
        "groups": groups,
        "cases": describe(_choose(order, test.y, predicted, shown)),
        "least_certain": describe(uncertain),
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


def _indicators(
    order: Indices, test: LabelledRows, probabilities: FloatArray, train: LabelledRows, classes: int
) -> list[Json]:
    """Return, for each error, the numbers from which its explanation is drawn, and what they speak for."""
    if not len(order):
        return []
    distances, neighbours = nearest_rows(test.X[order], train.X, min(NEIGHBOURS, len(train.y)))
    usual = usual_distance(train.X)
    fractions = np.bincount(train.y, minlength=classes) / len(train.y)
    indicators = []
    for i, distance, near in zip(order, distances, neighbours, strict=True):
        true, p = int(test.y[i]), probabilities[i]
        guess = int(p.argmax())
        labels = train.y[near]
        for_true, for_guess = float(np.mean(labels == true)), float(np.mean(labels == guess))
        ordered = np.sort(p)
        confidence, margin = float(ordered[-1]), float(ordered[-1] - ordered[-2])
        indicators.append(
            {
                "row": int(test.rows[i]), "true": true, "guess": guess, "confidence": confidence, "margin": margin,
                "for_true": for_true, "for_guess": for_guess, "distance": float(distance[0]), "usual": usual,
                "outlier": float(distance[0]) > usual,
                "label noise suspected": for_guess >= 0.8 and confidence > 0.8,
                "near the boundary": 0 < max(for_true, for_guess) < 0.8 and confidence <= 0.9,
                "boundary misplaced": for_true >= 0.8 and confidence <= 0.9,
                "overconfident": confidence > 0.9 and for_true > 0,
                "minority class": fractions[true] < 0.5 / classes,
                "inside the other class": for_guess >= 0.8 and confidence <= 0.8,
            }
        )  # fmt: skip
    return indicators


EXPLANATIONS = (
    "outlier",
    "label noise suspected",
    "minority class",
    "near the boundary",
    "boundary misplaced",
    "overconfident",
    "inside the other class",
)


def _hypothesis(indicators: list[Json], true: str, guess: str, fraction: float, classes: int) -> Json:
    """Return the explanation that most of a group's errors speak for, if half of them do, with the numbers of those."""
    n = len(indicators)
    best = max(EXPLANATIONS, key=lambda name: sum(bool(indicator[name]) for indicator in indicators))
    explained = [indicator for indicator in indicators if indicator[best]]
    is_explained = 2 * len(explained) >= n
    confidence, margin, for_true, for_guess, distance = (
        float(np.mean([indicator[key] for indicator in (explained if is_explained else indicators)]))
        for key in ("confidence", "margin", "for_true", "for_guess", "distance")
    )
    around = f"{for_true:.0%} of the nearest training rows are {true}, {for_guess:.0%} {guess}"
    if not is_explained:
        seldom = f"; {best}: {len(explained)} of {n}" if explained else ""
        return {
            "hypothesis": "no single cause",
            "evidence": f"the mean confidence of all {n} is {confidence:.2f}; {around}{seldom}",
        }
    who = f"{len(explained)} of {n}"
    evidence = {
        "outlier": f"{who} lie further from every training row ({distance:.2f} on average) than 99 in 100 training "
        f"rows from their nearest ({indicators[0]['usual']:.2f})",
        "label noise suspected": f"{who} are called {guess} with confidence ({confidence:.2f} on average), and at "
        f"least 4 of 5 of the nearest training rows agree with it; {around}",
        "near the boundary": f"{who} lie where classes meet: neither {true} nor {guess} has 4 of 5 of the nearest "
        f"training rows, and the two highest probabilities are {margin:.2f} apart on average; {around}",
        "boundary misplaced": f"{who} lie among training rows of their own class, so the network is at fault, not the "
        f"data (confidence {confidence:.2f} on average); {around}",
        "overconfident": f"{who} have a confidence above 0.9 ({confidence:.2f} on average) although rows of the true "
        f"class are among the nearest; {around}",
        "minority class": f"{true} has {fraction:.1%} of the training rows, less than half of an even share "
        f"({1 / classes:.1%}); {around}",
        "inside the other class": f"{who} lie among training rows of {guess}, and the network is in doubt (confidence "
        f"{confidence:.2f} on average); {around}",
    }
    return {"hypothesis": best, "evidence": evidence[best]}


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
    train: LabelledRows,
    class_names: tuple[str, ...],
    feature_names: list[str],
) -> list[Json]:
    """Describe test rows: probabilities, the features furthest out, and the nearest training rows of both classes."""
    X = np.asarray(test.X[chosen])
    out = deviations(X, train.X)
    _, around = nearest_rows(X, train.X, min(NEIGHBOURS, len(train.y)))
    ranks = np.argsort(-probabilities[chosen], axis=1, kind="stable")
    pairs = [(int(y), int(row[0] if row[0] != y else row[1])) for y, row in zip(test.y[chosen], ranks, strict=True)]
    nearest = {
        label: nearest_rows(X, train.X, 1, among=train.y == label)
        for label in sorted({y for pair in pairs for y in pair})
    }

    def nearest_of(label: int, at: int) -> Json:
        distances, rows = nearest[label]
        found = {"row": int(train.rows[rows[at, 0]]), "distance": float(f"{distances[at, 0]:.3f}")}
        return {"class": class_names[label], **found}

    cases = []
    for at, (i, neighbours) in enumerate(zip(chosen, around, strict=True)):
        p, ranked, (true, rival) = probabilities[i], ranks[at], pairs[at]
        top = [*ranked[:TOP], *([true] if true not in ranked[:TOP] else [])]
        cases.append(
            {
                "row": int(test.rows[i]),
                "true": class_names[true],
                "predicted": class_names[ranked[0]],
                "probabilities": {class_names[label]: float(f"{p[label]:.4f}") for label in top},
                "furthest_features": furthest_features(out[at], feature_names),
                "nearest": [nearest_of(true, at), nearest_of(rival, at)],
                "neighbours": [class_names[label] for label in train.y[neighbours]],
            }
        )
    return cases
