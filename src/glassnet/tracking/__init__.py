"""Tracking: MLflow, and only here; imported lazily, because it takes seconds."""

from glassnet.tracking.client.addresses import printable, shown_by, tracking_uri
from glassnet.tracking.client.calls import StoreError, load_client
from glassnet.tracking.record.live import LiveMetrics
from glassnet.tracking.record.run import record_run
from glassnet.tracking.record.sweep import record_sweep
from glassnet.tracking.record.validation_scores import validation_scores
from glassnet.tracking.registry.champion import (
    Candidate,
    Step,
    find_candidate,
    find_previous,
    make_champion,
    model_name,
    return_to,
)
from glassnet.tracking.views.show import show

__all__ = [
    "Candidate",
    "LiveMetrics",
    "Step",
    "StoreError",
    "find_candidate",
    "find_previous",
    "load_client",
    "make_champion",
    "model_name",
    "printable",
    "record_run",
    "record_sweep",
    "return_to",
    "show",
    "shown_by",
    "tracking_uri",
    "validation_scores",
]
