"""Diagnostics: seeing whether, and why, training works."""

from glassnet.diagnostics.gradient_check import GradientCheck, gradient_check

__all__ = ["GradientCheck", "gradient_check"]
