"""Evaluation: what a model's predictions are worth, in numbers with intervals."""

from glassnet.evaluation.regression import regression_scores
from glassnet.evaluation.scores import (
    accuracy,
    classification_scores,
    confusion_matrix,
    log_loss,
    majority_scores,
    precision_recall_f1,
    wilson_interval,
)

__all__ = [
    "accuracy",
    "classification_scores",
    "confusion_matrix",
    "log_loss",
    "majority_scores",
    "precision_recall_f1",
    "regression_scores",
    "wilson_interval",
]
