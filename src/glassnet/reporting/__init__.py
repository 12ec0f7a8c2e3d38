"""Reporting: the figures and the model report, from files alone."""

from glassnet.reporting.experiment import write_experiment
from glassnet.reporting.model_report import write_report
from glassnet.reporting.training_figures import draw_learning_curves, draw_range_test

__all__ = ["draw_learning_curves", "draw_range_test", "write_experiment", "write_report"]
