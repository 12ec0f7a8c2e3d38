"""Diagnostics: seeing whether, and why, training works."""

from glassnet.diagnostics.gradient_check import GradientCheck, directional_gradient_check, gradient_check
from glassnet.diagnostics.telemetry import Telemetry, TelemetryRow

__all__ = ["GradientCheck", "Telemetry", "TelemetryRow", "directional_gradient_check", "gradient_check"]
