"""Evaluation: what a model's predictions are worth, in numbers with intervals."""

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
    "wilson_interval",
]
