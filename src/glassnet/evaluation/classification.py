"""All scores of a classifier together, as the report shows them."""

import numpy as np
import numpy.typing as npt

from glassnet.evaluation import scores
from glassnet.evaluation.calibration import expected_calibration_error
from glassnet.evaluation.intervals import bootstrap_counts, bootstrap_mean, wilson_interval
from glassnet.evaluation.probability_scores import example_log_losses, log_loss, roc_auc, top_k_accuracy
from glassnet.evaluation.scores import FloatArray, LabelArray, confusion_matrix

SEED = 0  # of the bootstrap: the same predictions always get the same interval


def classification_scores(y_true: LabelArray, probabilities: FloatArray) -> dict[str, float]:
    """Return the scores of predicted probabilities `(N, C)`, with 95% intervals `…_low`, `…_high`.

    The interval of accuracy is Wilson's, the others are stratified bootstraps. A score that is undefined (the area
    under the ROC curve with one class, κ where nothing varies) is NaN.
    """
    counts = confusion_matrix(y_true, probabilities.argmax(axis=1), probabilities.shape[1])
    correct, examples = int(np.trace(counts)), int(counts.sum())
    values: dict[str, float] = {"accuracy": scores.accuracy(counts)}
    values["accuracy_low"], values["accuracy_high"] = wilson_interval(correct, examples)
    for name in ("balanced_accuracy", "macro_f1", "weighted_f1", "matthews_correlation", "cohen_kappa"):
        score = getattr(scores, name)
        values[name] = score(counts)
        if name in {"balanced_accuracy", "macro_f1"}:
            interval = bootstrap_counts(counts, score, np.random.default_rng(SEED))
            values[f"{name}_low"], values[f"{name}_high"] = interval
    values["log_loss"] = log_loss(y_true, probabilities)
    interval = bootstrap_mean(example_log_losses(y_true, probabilities), y_true, np.random.default_rng(SEED))
    values["log_loss_low"], values["log_loss_high"] = interval
    k = min(3, probabilities.shape[1] - 1)
    if k > 1:
        values[f"top_{k}_accuracy"] = top_k_accuracy(y_true, probabilities, k)
    values["roc_auc"] = roc_auc(y_true, probabilities)
    values["calibration_error"] = expected_calibration_error(y_true, probabilities)
    return {**values, "errors": examples - correct, "examples": examples}


def majority_probabilities(examples: int, training_counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the classes' shares of the training rows, for each of so many examples."""
    counts = np.asarray(training_counts, dtype=np.float64)
    return np.tile(counts / counts.sum(), (examples, 1))
