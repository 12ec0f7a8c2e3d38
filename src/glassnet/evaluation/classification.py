"""All scores of a classifier together, as the report shows them."""

import numpy as np
import numpy.typing as npt

from glassnet.evaluation import scores
from glassnet.evaluation.calibration import expected_calibration_error
from glassnet.evaluation.inputs import check_scored
from glassnet.evaluation.intervals import (
    balanced_accuracy_interval,
    exact_interval,
    macro_f1_interval,
)
from glassnet.evaluation.probability_scores import log_loss, log_loss_interval, roc_auc, top_k_accuracy
from glassnet.evaluation.scores import FloatArray, LabelArray, confusion_matrix

SEED = 0  # of the bootstrap: the same predictions always get the same interval
INTERVALS = {"balanced_accuracy": balanced_accuracy_interval, "macro_f1": macro_f1_interval}


def classification_scores(
    y_true: LabelArray, probabilities: FloatArray, predicted: LabelArray | None = None
) -> dict[str, float]:
    """Return the scores of probabilities `(N, C)`, and of what was `predicted`, with 95% intervals `…_low`, `…_high`.

    That is the most probable class, where it is not given.

    Those of accuracy and of the top k are exact; that of log-loss counts with large losses that the split lacks; those
    of balanced accuracy and macro F1 hold both a stratified bootstrap and what exact intervals of the classes give. A
    score that is undefined (the area under the ROC curve with one class, κ where nothing varies) is NaN.
    """
    check_scored("classification_scores", y_true, probabilities)
    predicted = probabilities.argmax(axis=1) if predicted is None else predicted
    counts = confusion_matrix(y_true, predicted, probabilities.shape[1])
    correct, examples = int(np.trace(counts)), int(counts.sum())
    values: dict[str, float] = {"accuracy": scores.accuracy(counts)}
    values["accuracy_low"], values["accuracy_high"] = exact_interval(correct, examples)
    for name in ("balanced_accuracy", "macro_f1", "weighted_f1", "matthews_correlation", "cohen_kappa"):
        values[name] = getattr(scores, name)(counts)
        if name in INTERVALS:
            interval = INTERVALS[name](counts, np.random.default_rng(SEED))
            values[f"{name}_low"], values[f"{name}_high"] = interval
    values["log_loss"] = log_loss(y_true, probabilities)
    interval = log_loss_interval(y_true, probabilities, np.random.default_rng(SEED))
    values["log_loss_low"], values["log_loss_high"] = interval
    k = min(3, probabilities.shape[1] - 1)
    if k > 1:
        name, among = f"top_{k}_accuracy", top_k_accuracy(y_true, probabilities, k)
        values[name] = among
        values[f"{name}_low"], values[f"{name}_high"] = exact_interval(round(among * examples), examples)
    values["roc_auc"] = roc_auc(y_true, probabilities)
    values["calibration_error"] = expected_calibration_error(y_true, probabilities)
    return {**values, "errors": examples - correct, "examples": examples}


def majority_probabilities(examples: int, training_counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the classes' fractions of the training rows, for each of so many examples.

    Raises:
        ValueError: unless these are counts `(C,)`, of one row at least.
    """
    counts = np.asarray(training_counts, dtype=np.float64)
    if counts.ndim != 1 or not counts.size or not (counts >= 0).all() or not 0 < counts.sum() < np.inf:
        raise ValueError(
            f"majority_probabilities: expected how many rows each class has, one at least, received {training_counts!r}"
        )
    return np.tile(counts / counts.sum(), (examples, 1))
