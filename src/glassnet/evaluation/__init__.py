"""Evaluation: what a model's predictions are worth, in numbers with intervals."""

from glassnet.evaluation.scores import accuracy, confusion_matrix, log_loss, precision_recall_f1, wilson_interval

__all__ = ["accuracy", "confusion_matrix", "log_loss", "precision_recall_f1", "wilson_interval"]
