"""The sentences on baselines that do better than the network: who is ahead, by which score, and how surely."""

from typing import Any, cast

import numpy as np
import pytest

from glassnet.evaluation import DecisionAnalysis, Metrics, baselines_ahead, compare_costs
from glassnet.evaluation.ahead import made_for


def _classification(difference: float, p: float, theirs: float, loss: float) -> Metrics:
    scores = {"accuracy": 0.9, "log_loss": 0.3}
    baseline = {"accuracy": theirs, "log_loss": loss}
    comparison = {"difference": difference, "mcnemar_p": p}
    found: Any = {
        **scores, "baselines": {"gradient_boosting": baseline}, "comparisons": {"gradient_boosting": comparison},
    }  # fmt: skip
    return cast(Metrics, found)


def test_a_better_classifier_is_named_with_what_the_test_says() -> None:
    """Significantly, or by the point estimate alone."""
    (surely,) = baselines_ahead(_classification(-0.05, 0.012, 0.95, 0.2))
    assert surely == (
        "Gradient boosting is ahead on the same rows, significantly (exact McNemar, p 0.012): accuracy 0.9500 against "
        "0.9000, log-loss 0.2 against 0.3."
    )
    (perhaps,) = baselines_ahead(_classification(-0.05, 0.3, 0.95, 0.4))
    assert "by the point estimate alone, which chance may explain (exact McNemar, p 0.3)" in perhaps


def test_equal_accuracies_are_decided_by_the_log_loss() -> None:
    """Without a test, which is said; a lower accuracy is not made up for by a lower log-loss."""
    (alike,) = baselines_ahead(_classification(0.0, 1.0, 0.9, 0.2))
    assert "no test of it being made: the same accuracy, log-loss 0.2 against 0.3" in alike
    assert baselines_ahead(_classification(0.0, 1.0, 0.9, 0.3)) == []
    assert baselines_ahead(_classification(0.05, 0.3, 0.85, 0.2)) == []


@pytest.mark.parametrize(
    ("difference", "r2", "said"),
    [
        (0.5, 0.7, "significantly (sign-flip test of the absolute errors, p 0.01): R² 0.7000 against 0.6000, mean"),
        (-0.5, 0.7, "by the point estimate of R² alone, with no smaller absolute error: R² 0.7000"),
        (-0.5, 0.5, ""),
    ],
)
def test_a_better_regression_is_named_too(difference: float, r2: float, said: str) -> None:
    """By its absolute errors, which the test is of, or by R² alone."""
    baselines = {"linear_regression": {"r2": r2, "mae": 2.0 - difference}}
    comparisons = {"linear_regression": {"difference": difference, "sign_flip_p": 0.01}}
    found: Any = {"r2": 0.6, "mae": 2.0, "baselines": baselines, "comparisons": comparisons}
    sentences = baselines_ahead(cast(Metrics, found))
    assert (not sentences) if not said else (said in sentences[0])


def _decided(decision: DecisionAnalysis) -> list[str]:
    """A network that finds 8 of 10 positive rows with 20 false alarms, beside calling none of 100 positive."""
    ours: Any = {
        "accuracy": 0.78, "log_loss": 0.5, "balanced_accuracy": 0.7889, "mean_cost": 0.4, "examples": 100,
        "two_classes": {"recall": 0.8, "called_positive": 28, "positives": 10},
    }  # fmt: skip
    majority: Any = {
        "accuracy": 0.9, "log_loss": 0.6, "balanced_accuracy": 0.5, "mean_cost": 1.0, "examples": 100,
        "two_classes": {"recall": 0.0, "called_positive": 0, "positives": 10},
    }  # fmt: skip
    comparison = {"difference": -0.12, "mcnemar_p": 0.02, "cost_sign_flip_p": 0.03}
    found = {**ours, "baselines": {"majority_class": majority}, "comparisons": {"majority_class": comparison}}
    turned = {**majority, "baselines": {"linear": ours}, "comparisons": {"linear": comparison}}
    assert baselines_ahead(cast(Metrics, found), decision) == []
    return baselines_ahead(cast(Metrics, turned), decision)


def test_the_score_that_a_decision_is_made_for_takes_the_place_of_accuracy() -> None:
    """Or calling no row positive would be ahead of every network that was told to find the rare ones."""
    (cost,) = _decided({"rule": "cost", "positive": "ill", "threshold": 0.1, "costs": [[0, 1], [10, 0]]})
    assert "significantly (sign-flip test of the costs, p 0.03): mean cost 0.4 against 1, log-loss" in cost
    (f1,) = _decided({"rule": "f1", "positive": "ill", "threshold": 0.1})
    assert f"F1 of ill {16 / 38:.4f} against 0, log-loss" in f1
    (balanced,) = _decided({"rule": "balanced", "positive": "ill", "threshold": 0.1})
    assert "balanced accuracy 0.7889 against 0.5" in balanced
    (weights,) = _decided({"rule": "class_weights", "positive": "ill", "threshold": 0.1})
    assert "balanced accuracy" in weights
    (given,) = _decided({"rule": "given", "positive": "ill", "threshold": 0.1})
    assert f"0.1 for a false alarm and 0.9 for a missed row, {(20 * 0.1 + 2 * 0.9) / 100} against 0.09" in given


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("cost", ", mean cost 0.4, which the decision is made for"),
        ("f1", ", F1 of ill 0.4211, which the decision is made for"),
        ("balanced", ", balanced accuracy 0.7889, which the decision is made for"),
        (
            "given",
            ", mean cost, with 0.1 for a false alarm and 0.9 for a missed row, 0.038, which the decision is made for",
        ),
        (None, ""),
    ],
)
def test_the_score_that_a_decision_is_made_for_is_named_beside_the_accuracy(rule: str | None, said: str) -> None:
    """The headline would else name the one score that the decision gives up; without a rule it is the accuracy."""
    scores: Any = {
        "accuracy": 0.78, "balanced_accuracy": 0.7889, "mean_cost": 0.4, "examples": 100,
        "two_classes": {"recall": 0.8, "called_positive": 28, "positives": 10},
    }  # fmt: skip
    decision: DecisionAnalysis = {"positive": "ill", "threshold": 0.1}
    assert made_for(scores, {**decision, "rule": rule} if rule else decision) == said
    assert made_for({"accuracy": 0.9}, None) == ""


def test_costs_are_compared_row_by_row() -> None:
    """Answers that cost the same are no evidence; missing every rare row is."""
    y = np.repeat([0, 1], [80, 20])
    none, all_found = np.zeros(100, dtype=np.int64), y.copy()
    costs = [[0.0, 1.0], [5.0, 0.0]]
    assert compare_costs(y, none, none, costs) == 1.0
    assert compare_costs(y, none, all_found, costs) < 0.001
