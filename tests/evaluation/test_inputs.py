"""What no score may take without a word: labels and probabilities in the wrong form, which NumPy would broadcast."""

from collections.abc import Callable
from typing import Any

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
