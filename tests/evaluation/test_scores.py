"""Scores against scikit-learn's on random and degenerate inputs, and intervals against hand-worked values."""

import numpy as np
import pytest
from sklearn import metrics

from glassnet.evaluation import (
    accuracy,
    classification_scores,
    confusion_matrix,
    exact_interval,
    log_loss,
    majority_probabilities,
    precision_recall_f1,
    wilson_interval,
)

RNG = np.random.default_rng(0)
CASES = {
    "random": (RNG.integers(0, 4, 200), RNG.integers(0, 4, 200)),
    "absent classes": (RNG.integers(0, 2, 50), RNG.integers(1, 3, 50)),
    "one class": (np.zeros(10, dtype=np.int64), np.zeros(10, dtype=np.int64)),
    "all wrong": (np.zeros(10, dtype=np.int64), np.full(10, 3)),
}


@pytest.mark.parametrize("name", CASES)
def test_counts_and_class_scores_agree_with_scikit_learn(name: str) -> None:
    """Absent classes score 0, as there with zero_division=0."""
    y_true, y_pred = CASES[name]
    counts = confusion_matrix(y_true, y_pred, 4)
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(y_true, y_pred, labels=range(4)))
    assert accuracy(counts) == pytest.approx(metrics.accuracy_score(y_true, y_pred), abs=1e-12)
    reference = metrics.precision_recall_fscore_support(y_true, y_pred, labels=range(4), zero_division=0)
    np.testing.assert_allclose(precision_recall_f1(counts), np.stack(reference[:3], axis=1), atol=1e-12)


def test_log_loss_agrees_with_scikit_learn() -> None:
    """And stays finite where a true class was given probability 0."""
    P = RNG.dirichlet(np.ones(4), 200)
    y = CASES["random"][0]
    assert log_loss(y, P) == pytest.approx(metrics.log_loss(y, P, labels=range(4)), abs=1e-12)
    assert np.isfinite(log_loss(np.array([0]), np.array([[0.0, 1.0]])))


def test_wilson_by_hand() -> None:
    """8 of 10 at z = 2: centre (0.8 + 0.2)/1.4, half width 2·√(0.016 + 0.01)/1.4; never outside [0, 1]."""
    low, high = wilson_interval(8, 10, z=2.0)
    assert (low, high) == pytest.approx((1 / 1.4 - 2 * 0.026**0.5 / 1.4, 1 / 1.4 + 2 * 0.026**0.5 / 1.4), rel=1e-12)
    assert wilson_interval(10, 10)[1] == 1.0
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(0, 10)[1] > 0.2


def test_the_headline_scores_of_a_worked_example() -> None:
    """Three of four right; the baseline predicts the largest training class for all."""
    P = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    y = np.array([0, 0, 1, 1])
    scores = classification_scores(y, P)
    assert (scores["accuracy"], scores["errors"], scores["examples"]) == (0.75, 1, 4)
    assert scores["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.7, 0.4]).mean(), rel=1e-5)
    majority = classification_scores(y, majority_probabilities(4, [3, 1]))
    assert majority["accuracy"] == 0.5
    assert majority["log_loss"] == pytest.approx(-np.log([0.75, 0.25]).mean(), rel=1e-5)


def test_the_headline_scores_are_those_of_their_own_functions() -> None:
    """With the intervals; the top 3 of four classes, the top 2 of three, and of two none, which would always be 1."""
    P = RNG.dirichlet(np.ones(4), 200)
    y = CASES["random"][0]
    scores = classification_scores(y, P)
    hits = int((P.argmax(axis=1) == y).sum())
    assert (scores["accuracy_low"], scores["accuracy_high"]) == exact_interval(hits, 200)
    assert scores["top_3_accuracy"] == pytest.approx(metrics.top_k_accuracy_score(y, P, k=3, labels=range(4)))
    assert scores["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, P, multi_class="ovr"))
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "log_loss"):
        assert scores[f"{name}_low"] < scores[name] < scores[f"{name}_high"]
    for classes, names in ((3, ["top_2_accuracy"]), (2, [])):
        few = classification_scores(y % classes, RNG.dirichlet(np.ones(classes), 200))
        assert [name for name in few if name.startswith("top_") and name.endswith("y")] == names


def test_wrong_ids_and_lengths_are_refused() -> None:
    """The array, the range and what came."""
    with pytest.raises(ValueError, match=r"expected y_pred in \[0, 2\), received 0 to 2"):
        confusion_matrix(np.array([0, 1]), np.array([0, 2]), 2)
    with pytest.raises(ValueError, match=r"received \(2,\) and \(3,\)"):
        confusion_matrix(np.array([0, 1]), np.array([0, 1, 1]), 2)
