"""Tracking: MLflow, and only here; imported lazily, because it takes seconds."""

from glassnet.tracking.hand_over import hand_over
from glassnet.tracking.live import LiveMetrics
from glassnet.tracking.sweep import hand_over_sweep

__all__ = ["LiveMetrics", "hand_over", "hand_over_sweep"]
