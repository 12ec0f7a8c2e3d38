"""The decision apart from the probabilities: rankings and thresholds held to scikit-learn and to their definitions."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as reference

from glassnet.evaluation import (
    Decision,
    analyse_decision,
    average_precision,
    average_precision_interval,
    best_threshold,
    decide,
    decision_of_weights,
    gains,
    precision_recall_curve,
    roc_curve,
    scores_of_decision,
    threshold_of_costs,
    two_class_scores,
)
from glassnet.evaluation.decision import without_smoothing
from glassnet.evaluation.ranking import student_t


def _scored(seed: int, digits: int, rows: int = 200) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return rows of two kinds with scores; few digits make ties."""
    rng = np.random.default_rng(seed)
    is_positive = rng.random(rows) < 0.2
    return is_positive, (1 / (1 + np.exp(-rng.normal(is_positive * 1.5, 1.0)))).round(digits)


@pytest.mark.parametrize("digits", [1, 2, 12])
@pytest.mark.parametrize("seed", range(3))
def test_rankings_are_those_of_scikit_learn(seed: int, digits: int) -> None:
    """Rows of equal scores come together."""
    is_positive, scores = _scored(seed, digits)
    assert average_precision(is_positive, scores) == pytest.approx(
        reference.average_precision_score(is_positive, scores)
    )
    thresholds, precision, recall = precision_recall_curve(is_positive, scores)
    theirs = reference.precision_recall_curve(is_positive, scores)
    np.testing.assert_allclose(precision[::-1], theirs[0][:-1])
    np.testing.assert_allclose(recall[::-1], theirs[1][:-1])
    np.testing.assert_allclose(thresholds[::-1], theirs[2])
    _, alarms, found = roc_curve(is_positive, scores)
    false, true, _ = reference.roc_curve(is_positive, scores, drop_intermediate=False)
    np.testing.assert_allclose([0, *alarms], false)
    np.testing.assert_allclose([0, *found], true)


@pytest.mark.parametrize("digits", [1, 2, 12])
@pytest.mark.parametrize(
    ("criterion", "score"), [("f1", reference.f1_score), ("balanced", reference.balanced_accuracy_score)]
)
def test_no_threshold_is_better_than_the_best(digits: int, criterion: Any, score: Any) -> None:
    """Of all that divide the rows; it lies midway, and of equal ones it is the highest."""
    for seed in range(5):
        is_positive, scores = _scored(seed, digits)
        chosen = best_threshold(is_positive, scores, criterion)
        different = np.unique(scores)
        middles = [*(different[:-1] + different[1:]) / 2, different[0] / 2]
        values = {float(middle): score(is_positive, scores >= middle) for middle in middles}
        best = max(values.values())
        assert chosen == pytest.approx(max(t for t, value in values.items() if value >= best - 1e-12))


def test_the_best_threshold_between_neighbours_of_a_float() -> None:
    """Nothing lies between them: the higher one is the threshold, and divides them still."""
    low = 0.3
    high = float(np.nextafter(low, 1))
    chosen = best_threshold(np.array([False, True]), np.array([low, high]), "f1")
    assert low < chosen <= high


def test_a_threshold_wants_rows_of_both_kinds() -> None:
    """Else nothing can be chosen, nor drawn."""
    for wrong in (np.ones(3, dtype=bool), np.zeros(3, dtype=bool)):
        with pytest.raises(ValueError, match="expected positive rows and others, received rows of one kind alone"):
            best_threshold(wrong, np.arange(3.0), "f1")
        with pytest.raises(ValueError, match="rows of one kind alone"):
            roc_curve(wrong, np.arange(3.0))
    with pytest.raises(ValueError, match="expected a positive row"):
        precision_recall_curve(np.zeros(3, dtype=bool), np.arange(3.0))
    assert np.isnan(average_precision(np.zeros(3, dtype=bool), np.arange(3.0)))


def test_rankings_refuse_nonsense() -> None:
    """In a line that says what was expected."""
    with pytest.raises(TypeError, match="is_positive"):
        average_precision(np.array([0, 1]), np.arange(2.0))
    with pytest.raises(ValueError, match="one length"):
        average_precision(np.array([True]), np.arange(2.0))
    with pytest.raises(ValueError, match="finite"):
        average_precision(np.array([True, False]), np.array([np.nan, 1.0]))


def test_decisions() -> None:
    """By threshold, inclusive; by expected cost; by the highest probability."""
    p = np.array([[0.5, 0.5], [0.7, 0.3], [0.9, 0.1]])
    assert decide(p).tolist() == [0, 0, 0]
    assert decide(p, {"rule": "given", "positive": 1, "threshold": 0.3}).tolist() == [1, 1, 0]
    assert decide(p, {"rule": "given", "positive": 0, "threshold": 0.8}).tolist() == [1, 1, 0]
    costs = [[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [9.0, 1.0, 0.0]]
    rows = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    expected = [int(np.argmin([sum(q[i] * costs[i][j] for i in range(3)) for j in range(3)])) for q in rows]
    assert decide(rows, {"rule": "cost", "costs": costs}).tolist() == expected
    with pytest.raises(ValueError, match="two classes"):
        decide(rows, {"rule": "given", "positive": 1, "threshold": 0.3})
    with pytest.raises(ValueError, match=r"expected costs \(2, 2\)"):
        decide(p, {"rule": "cost", "costs": costs})


@pytest.mark.parametrize("positive", [0, 1])
def test_the_threshold_of_costs_is_where_both_answers_cost_the_same(positive: int) -> None:
    """Costs of right answers count too."""
    costs = [[0.5, 2.0], [6.0, 1.0]]
    t = threshold_of_costs(costs, positive)
    p = np.array([1 - t, t]) if positive else np.array([t, 1 - t])
    assert p @ np.array(costs)[:, 0] == pytest.approx(p @ np.array(costs)[:, 1])
    assert threshold_of_costs([[0, 1], [5, 0]], 1) == pytest.approx(1 / 6)
    with pytest.raises(ValueError, match="errors to cost more"):
        threshold_of_costs([[0, 0], [5, 0]], 1)


def test_weights_decide_by_the_largest_weighted_probability() -> None:
    """For two classes that is a threshold, for more it is costs."""
    rng = np.random.default_rng(1)
    for weights in ([1.0, 5.0], [1.0, 2.0, 7.0]):
        p = rng.dirichlet(np.ones(len(weights)), 100)
        assert decide(p, decision_of_weights(weights, 1)).tolist() == (p * weights).argmax(axis=1).tolist()


def test_gains_count_ties_in_proportion() -> None:
    """A ranking that knows nothing has lift 1 everywhere; a perfect one finds positives alone."""
    is_positive, _ = _scored(0, 12)
    for each in gains(is_positive, np.zeros(200)):
        assert each["lift"] == pytest.approx(1.0)
    first = gains(is_positive, is_positive.astype(float))[0]
    assert (first["rows"], first["found"], first["precision"]) == (2, 2.0, 1.0)
    with pytest.raises(ValueError, match="expected a positive row"):
        gains(np.zeros(3, dtype=bool), np.arange(3.0))


def test_scores_of_two_classes() -> None:
    """Counted by hand; what is undefined is left out."""
    y = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    p1 = np.array([0.1, 0.2, 0.3, 0.6, 0.2, 0.4, 0.9, 0.8, 0.7, 0.2])
    p = np.column_stack([1 - p1, p1])
    scores = two_class_scores(y, p, (p1 >= 0.5).astype(int), 1)
    assert (scores["precision"], scores["recall"], scores["specificity"]) == (0.75, 0.6, 0.8)
    assert (scores["called_positive"], scores["positives"]) == (4, 5)
    assert scores["average_precision"] == pytest.approx(reference.average_precision_score(y, p1))
    assert all(scores[f"{name}_low"] < scores[name] < scores[f"{name}_high"] for name in ("precision", "recall"))
    never = two_class_scores(y, p, np.zeros(10, dtype=int), 1)
    assert "precision" not in never
    assert (never["recall"], never["specificity"]) == (0.0, 1.0)
    other_way = two_class_scores(y, p, (p1 >= 0.5).astype(int), 0)
    assert other_way["recall"] == scores["specificity"]
    with pytest.raises(ValueError, match="two classes"):
        two_class_scores(np.zeros(2, dtype=int), np.full((2, 3), 1 / 3), np.zeros(2, dtype=int), 1)


def test_saturated_probabilities_are_still_ranked() -> None:
    """Near 1 they differ in the digits of the other class's."""
    y = np.array([0, 1, 1, 1, 1, 1])
    p0 = np.array([1e-18, 1e-20, 1e-21, 1e-22, 1e-23, 1e-24])
    p = np.column_stack([p0, 1 - p0])
    assert two_class_scores(y, p, np.ones(6, dtype=int), 1)["average_precision"] == 1.0


def test_all_scores_of_a_decision() -> None:
    """Accuracy is that of what was decided; costs have a mean."""
    y, p = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    decision: Decision = {"rule": "cost", "positive": 1, "threshold": 1 / 6, "costs": [[0.0, 1.0], [5.0, 0.0]]}
    scores = scores_of_decision(y, p, decide(p, decision), 1, decision)
    assert (scores["accuracy"], scores["errors"], scores["mean_cost"]) == (1.0, 0, 0.0)
    assert scores_of_decision(y, p, decide(p), 1, decision)["mean_cost"] == pytest.approx(5 / 3)
    analysis = analyse_decision(y, p, 1, decision, ("no", "yes"))
    assert (analysis["rule"], analysis["positive"], analysis["threshold"]) == ("cost", "yes", 1 / 6)
    assert analyse_decision(np.array([0, 1, 2]), np.eye(3), 1, None, ("a", "b", "c")) == {}


@pytest.mark.parametrize(("fraction", "shift", "rows"), [(0.03, 1.0, 400), (0.4, 2.5, 300)])
def test_the_interval_of_average_precision_holds(fraction: float, shift: float, rows: int) -> None:
    """In 93 of 100 test splits at least, also where the others have heavy tails and are not many more."""
    rng = np.random.default_rng(0)

    def draw(n: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
        is_positive = rng.random(n) < fraction
        return is_positive, rng.standard_t(3, n) + shift * is_positive

    truth = average_precision(*draw(100_000))
    held = []
    for _ in range(200):
        is_positive, scores = draw(rows)
        if is_positive.sum() >= 5:
            counts = int(is_positive.sum()), int((~is_positive).sum())
            low, high = average_precision_interval(average_precision(is_positive, scores), *counts)
            held.append(low <= truth <= high)
    assert np.mean(held) >= 0.93
    assert average_precision_interval(1.0, 20, 100)[1] == 1.0
    with pytest.raises(ValueError, match="5 positive rows or more"):
        average_precision_interval(0.5, 4, 100)


def test_the_quantile_of_student() -> None:
    """Against tables: 2.776 for 4 degrees of freedom, 2.262 for 9."""
    assert student_t(4) == pytest.approx(2.776, rel=0.02)
    assert student_t(9) == pytest.approx(2.262, rel=0.002)


def test_smoothed_labels_move_the_decision_likewise() -> None:
    """A network that was taught them never gives a class less than ε/C, which a weighted one would always call."""
    rng = np.random.default_rng(0)
    for weights in ([1.0, 20.0], [1.0, 2.0, 30.0]):
        p = rng.dirichlet(np.ones(len(weights)) / 2, 200)
        smoothed = 0.9 * p + 0.1 / len(weights)
        plain = decision_of_weights(weights, 1)
        moved = without_smoothing(plain, 0.1, len(weights))
        assert decide(smoothed, moved).tolist() == decide(p, plain).tolist()
        assert decide(smoothed, plain).tolist() != decide(p, plain).tolist()
        assert without_smoothing(plain, 0.0, len(weights)) == plain
