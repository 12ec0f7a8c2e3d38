"""Reporting: figures, and the model report."""

from glassnet.reporting.figures import draw_confusion_matrix, draw_learning_curves
from glassnet.reporting.model_report import markdown_table, write_report

__all__ = ["draw_confusion_matrix", "draw_learning_curves", "markdown_table", "write_report"]
