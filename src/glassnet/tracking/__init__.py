"""Tracking: MLflow, and only here; imported lazily, because it takes seconds."""

from glassnet.tracking.conversation import StoreError
from glassnet.tracking.evidence import validation_evidence
from glassnet.tracking.hand_over import hand_over
from glassnet.tracking.live import LiveMetrics
from glassnet.tracking.registry import Candidate, find_candidate, find_previous, make_champion, model_name, return_to
from glassnet.tracking.show import show
from glassnet.tracking.store import printable, shown_by, tracking_uri
from glassnet.tracking.sweep import hand_over_sweep

__all__ = [
    "Candidate",
    "LiveMetrics",
    "StoreError",
    "find_candidate",
    "find_previous",
    "hand_over",
    "hand_over_sweep",
    "make_champion",
    "model_name",
    "printable",
    "return_to",
    "show",
    "shown_by",
    "tracking_uri",
    "validation_evidence",
]
