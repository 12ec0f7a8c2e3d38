"""Optimizers over one flat vector, schedules of the learning rate, gradient clipping, and averaging of the weights.

To learn from them, read in this order: `flat`, `optimizer`, `sgd`, `rmsprop`, `adam`; then `schedules`, `plateau`,
`clipping`, `averaging`.
"""

from glassnet.nn import choices
from glassnet.optim.adam import Adam, AdamW
from glassnet.optim.averaging import ExponentialMovingAverage
from glassnet.optim.clipping import clip_gradient_norm, clip_gradient_value, gradient_norm
from glassnet.optim.flat import FlatVector
from glassnet.optim.optimizer import Optimizer
from glassnet.optim.plateau import ReduceOnPlateau
from glassnet.optim.rmsprop import RMSProp
from glassnet.optim.schedules import (
    Schedule,
    WithWarmup,
    constant,
    cosine,
    coslog4,
    exponential,
    one_cycle,
    step_decay,
    with_warmup,
)
from glassnet.optim.sgd import SGD

OPTIMIZERS = choices("glassnet.optim", "OPTIMIZERS")
"""The optimizers by the names that conf/ takes."""
SCHEDULES = choices("glassnet.optim", "SCHEDULES")
"""The schedules by the names that conf/ takes."""

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Adam",
    "AdamW",
    "ExponentialMovingAverage",
    "FlatVector",
    "Optimizer",
    "RMSProp",
    "ReduceOnPlateau",
    "Schedule",
    "WithWarmup",
    "clip_gradient_norm",
    "clip_gradient_value",
    "constant",
    "cosine",
    "coslog4",
    "exponential",
    "gradient_norm",
    "one_cycle",
    "step_decay",
    "with_warmup",
]
