"""What no score may take without a word: labels and probabilities in the wrong form, which NumPy would broadcast."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from glassnet import evaluation

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]])
Y = np.array([0, 1, 2, 1])
OF_PROBABILITIES: dict[str, Callable[[Any, Any], Any]] = {
    "log_loss": evaluation.log_loss,
    "top_k_accuracy": lambda y, p: evaluation.top_k_accuracy(y, p, 2),
    "roc_auc": evaluation.roc_auc,
    "reliability_curve": evaluation.reliability_curve,
    "classification_scores": evaluation.classification_scores,
    "fit_temperature": lambda y, p: evaluation.fit_temperature(p, y),
}
WRONG_LABELS = {
    "a column": Y[:, np.newaxis],
    "one for all": Y[:1],
    "too short": Y[:3],
    "floats": Y.astype(np.float64),
    "negative": Y - 1,
    "beyond the classes": Y + 1,
    "a list": Y.tolist(),
    "one-hot": np.eye(3)[Y],
}
WRONG_PROBABILITIES = {
    "logits": 3 * P - 1,
    "not summing to 1": P / 2,
    "NaN": np.where(P > 0.65, np.nan, P),
    "a list": P.tolist(),
    "no row": P[:0],
    "a vector": P[0],
    "integers": np.eye(3, dtype=np.int64)[Y],
}


@pytest.mark.parametrize("form", WRONG_LABELS)
@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_labels_in_another_form_are_named(name: str, form: str) -> None:
    """A column (N, 1) against (N,) would pair every example with every other."""
    with pytest.raises((TypeError, ValueError), match=f"{name}: expected y_true .* received"):
        OF_PROBABILITIES[name](WRONG_LABELS[form], P)


@pytest.mark.parametrize("form", WRONG_PROBABILITIES)
@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_what_are_no_probabilities_is_named(name: str, form: str) -> None:
    """For the temperature, logits are what is wanted, and rows need not sum to 1."""
    if name == "fit_temperature" and form in {"logits", "not summing to 1"}:
        assert OF_PROBABILITIES[name](Y, WRONG_PROBABILITIES[form]) > 0
        return
    labels = Y[: max(1, len(WRONG_PROBABILITIES[form]))]
    with pytest.raises((TypeError, ValueError), match=f"{name}: expected .* received"):
        OF_PROBABILITIES[name](labels, WRONG_PROBABILITIES[form])


@pytest.mark.parametrize("form", ["a column", "too short", "floats", "a list", "one-hot"])
def test_comparisons_take_class_ids_alone(form: str) -> None:
    """Both functions compare element by element, which broadcasting would spoil without a sign."""
    with pytest.raises((TypeError, ValueError), match=r"confusion_matrix: expected .* received"):
        evaluation.confusion_matrix(Y, WRONG_LABELS[form], 3)
    with pytest.raises((TypeError, ValueError), match=r"compare_classifiers: expected second .* received"):
        evaluation.compare_classifiers(Y, Y, WRONG_LABELS[form])


VALUES = np.array([1.0, 2.0, 4.0, 3.0])


@pytest.mark.parametrize("wrong", [
    np.where(VALUES > 3, np.nan, VALUES), np.where(VALUES > 3, np.inf, VALUES), VALUES[:3], VALUES[:, np.newaxis],
    VALUES[:0], VALUES.tolist(), VALUES.astype(str),
])  # fmt: skip
def test_regressions_are_scored_on_finite_numbers_alone(wrong: Any) -> None:
    """A NaN would leave an interval of no width and the smallest p-value there is."""
    with pytest.raises((TypeError, ValueError), match=r"regression_scores: expected .* received"):
        evaluation.regression_scores(VALUES, wrong)
    with pytest.raises((TypeError, ValueError), match=r"compare_regressions: expected .* received"):
        evaluation.compare_regressions(VALUES, wrong, VALUES)


def test_small_unsigned_numbers_do_not_wrap_around() -> None:
    """1 − 3 is −2, also where the arrays are of bytes."""
    two, one, three = (cast(Any, np.full(3, value, np.uint8)) for value in (2, 1, 3))
    assert evaluation.compare_regressions(two, one, three)["difference"] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluation.wilson_interval(5, 3), "expected at most 3 successes, received 5"),
        (lambda: evaluation.wilson_interval(0, 0), "expected a whole number of trials of 1 or more, received 0"),
        (lambda: evaluation.wilson_interval(-1, 3), "number of successes of 0 or more, received -1"),
        (lambda: evaluation.mcnemar_exact(-1, 3), "expected a whole number gained of 0 or more, received -1"),
        (lambda: evaluation.apply_temperature(P, 0.0), "expected a finite temperature above 0, received 0"),
        (lambda: evaluation.apply_temperature(P, -1.0), "expected a finite temperature above 0, received -1"),
        (lambda: evaluation.majority_probabilities(3, [0, 0]), "one at least, received"),
        (lambda: evaluation.reliability_curve(Y, P, bins=0), "number of bins of 1 or more, received 0"),
        (lambda: evaluation.reliability_curve(Y, P, bins=2.5), "number of bins of 1 or more, received 2.5"),  # type: ignore[arg-type]
        (lambda: evaluation.top_k_accuracy(Y, P, 1.5), "whole k of 1 or more, received 1.5"),  # type: ignore[arg-type]
    ],
)
def test_numbers_without_sense_are_refused(call: Callable[[], Any], message: str) -> None:
    """Where the formula would give NaN, or something that looks like an answer."""
    with pytest.raises(ValueError, match=message):
        call()
