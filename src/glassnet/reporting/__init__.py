"""Reporting: the figures and the model report, from files alone."""

from glassnet.reporting.figures import draw_learning_curves, draw_range_test
from glassnet.reporting.model_report import write_report

__all__ = ["draw_learning_curves", "draw_range_test", "write_report"]
