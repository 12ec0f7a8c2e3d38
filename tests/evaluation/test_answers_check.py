"""Answers compared by what they are decided for: the scores of their definitions, and tests that keep their level."""

import itertools

import numpy as np
import pytest

from glassnet.evaluation import DecisionAnalysis, balanced_accuracy, confusion_matrix
from glassnet.evaluation.answers_check import compare_answers
from glassnet.evaluation.regression_check import NotComparableError, check_regression

NAMES = ("no", "yes")
RULES: dict[str, DecisionAnalysis] = {
    "cost": {"rule": "cost", "costs": [[0, 1], [5, 0]]},
    "given": {"rule": "given", "positive": "yes", "threshold": 0.2},
    "balanced": {"rule": "balanced", "positive": "yes", "threshold": 0.2},
    "f1": {"rule": "f1", "positive": "yes", "threshold": 0.2},
}


def _answers(rng: np.random.Generator, rows: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One row in five is positive; two models of the same quality."""
    actual = (rng.random(rows) < 0.2).astype(np.int64)
    now, before = ((rng.random(rows) < np.where(actual, 0.7, 0.2)).astype(np.int64) for _ in range(2))
    return actual, now, before


def test_the_scores_are_those_of_their_definitions() -> None:
    """Costs of errors, balanced accuracy, F1 of the positive class."""
    actual, now, before = _answers(np.random.default_rng(0))
    found = {rule: compare_answers(actual, now, before, NAMES, decision) for rule, decision in RULES.items()}
    for answers, of in ((now, "now"), (before, "before")):
        (_, alarms), (missed, hits) = confusion_matrix(actual, answers, 2)
        expected = {
            "cost": (alarms + 5 * missed) / 300,
            "given": (0.2 * alarms + 0.8 * missed) / 300,
            "balanced": balanced_accuracy(confusion_matrix(actual, answers, 2)),
            "f1": 2 * hits / (2 * hits + alarms + missed),
        }
        assert {rule: getattr(change, of) for rule, change in found.items()} == pytest.approx(expected)
    assert found["f1"].score.name == "F1 of yes"


def test_the_test_of_f1_counts_all_swaps() -> None:
    """Of seven rows that differ, against going through all 128 ways to swap them."""
    actual = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1, 0])
    now = np.array([1, 1, 1, 1, 0, 0, 1, 1, 0, 0])
    before = np.array([0, 0, 0, 0, 1, 1, 0, 1, 0, 0])

    def f1(answers: np.ndarray) -> float:
        return float(2 * (answers & actual).sum() / (answers.sum() + actual.sum()))

    observed, further = abs(f1(now) - f1(before)), 0
    for swaps in itertools.product([False, True], repeat=7):
        swapped = np.array([*swaps, False, False, False])
        first, second = np.where(swapped, before, now), np.where(swapped, now, before)
        further += abs(f1(first) - f1(second)) >= observed - 1e-12
    found = compare_answers(actual, now, before, NAMES, RULES["f1"])
    assert found.p_value == pytest.approx(further / 128, abs=0.01)


@pytest.mark.parametrize("rule", RULES)
def test_equal_models_are_seldom_told_apart(rule: str) -> None:
    """At the level of 5%, of 150 pairs; and a model that finds no positive row any more is."""
    rng = np.random.default_rng(1)
    found = [compare_answers(*_answers(rng), NAMES, RULES[rule]).p_value for _ in range(150)]
    assert np.mean(np.array(found) < 0.05) < 0.09
    actual, _, before = _answers(rng)
    worse = compare_answers(actual, np.zeros_like(actual), before, NAMES, RULES[rule])
    assert worse.p_value < 0.05
    assert worse.loss > 0.1


def test_a_decision_on_other_classes_is_not_compared() -> None:
    """As where analysis.json is of another evaluation than predictions.csv."""
    row = {"row": "0", "actual": "no", "predicted": "no", "probability_no": "1", "probability_yes": "0"}
    wrong: list[DecisionAnalysis] = [
        {"rule": "f1", "positive": "ill", "threshold": 0.5},
        {"rule": "cost", "costs": [[0, 1, 1], [1, 0, 1], [1, 1, 0]]},
    ]
    for decision in wrong:
        with pytest.raises(NotComparableError, match=r"analysis\.json: expected .*; run dvc repro"):
            check_regression([row], [row], decision=decision)
