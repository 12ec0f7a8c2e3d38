"""The sentences on baselines that do better than the network: who is ahead, by which score, and how surely."""

from typing import Any, cast

import pytest

from glassnet.evaluation import Metrics, baselines_ahead


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
