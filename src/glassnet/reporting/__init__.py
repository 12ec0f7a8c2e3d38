"""Reporting: the figures and the model report, from files alone."""

from glassnet.reporting.commands import Launch, command_line, override
from glassnet.reporting.experiment import write_experiment
from glassnet.reporting.model_report import write_report
from glassnet.reporting.setup import setup_of
from glassnet.reporting.training_figures import draw_learning_curves, draw_range_test

__all__ = [
    "Launch",
    "command_line",
    "draw_learning_curves",
    "draw_range_test",
    "override",
    "setup_of",
    "write_experiment",
    "write_report",
]
