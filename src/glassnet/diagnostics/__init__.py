"""Diagnostics: seeing whether, and why, training works."""

from glassnet.diagnostics.gradient_check import GradientCheck, directional_gradient_check, gradient_check
from glassnet.diagnostics.range_test import RangeTest, learning_rate_range_test
from glassnet.diagnostics.sanity import sanity_checks
from glassnet.diagnostics.telemetry import Telemetry, TelemetryRow, write_telemetry

__all__ = [
    "GradientCheck",
    "RangeTest",
    "Telemetry",
    "TelemetryRow",
    "directional_gradient_check",
    "gradient_check",
    "learning_rate_range_test",
    "sanity_checks",
    "write_telemetry",
]
