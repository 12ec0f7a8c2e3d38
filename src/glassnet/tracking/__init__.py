"""Tracking: MLflow, and only here; imported lazily, because it takes seconds."""

from glassnet.tracking.hand_over import hand_over

__all__ = ["hand_over"]
