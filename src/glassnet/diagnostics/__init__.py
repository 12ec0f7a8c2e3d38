"""Diagnostics: seeing whether, and why, training works."""

from glassnet.diagnostics.attribution import Attribution, integrated_gradients
from glassnet.diagnostics.diagnosis import (
    AnyOf,
    Change,
    Finding,
    Setup,
    Training,
    diagnose,
    examine_scores,
    next_improvements,
    training_of,
)
from glassnet.diagnostics.glass import Recording, look
from glassnet.diagnostics.gradient_check import GradientCheck, directional_gradient_check, gradient_check
from glassnet.diagnostics.range_test import RangeTest, learning_rate_range_test
from glassnet.diagnostics.rate_trials import RateTrials, try_learning_rates
from glassnet.diagnostics.sanity import sanity_checks
from glassnet.diagnostics.telemetry import Telemetry, TelemetryRow, read_telemetry, write_telemetry

__all__ = [
    "AnyOf",
    "Attribution",
    "Change",
    "Finding",
    "GradientCheck",
    "RangeTest",
    "RateTrials",
    "Recording",
    "Setup",
    "Telemetry",
    "TelemetryRow",
    "Training",
    "diagnose",
    "directional_gradient_check",
    "examine_scores",
    "gradient_check",
    "integrated_gradients",
    "learning_rate_range_test",
    "look",
    "next_improvements",
    "read_telemetry",
    "sanity_checks",
    "training_of",
    "try_learning_rates",
    "write_telemetry",
]
