"""Optimizers over one flat vector, schedules of the learning rate, and gradient clipping.

To learn from them, read in this order: `flat`, `optimizer`, `sgd`, `adam`, `schedules`, `clipping`.
"""

from glassnet.optim.adam import Adam
from glassnet.optim.clipping import clip_gradient_norm, gradient_norm
from glassnet.optim.flat import FlatVector
from glassnet.optim.optimizer import Optimizer
from glassnet.optim.schedules import Schedule, constant, cosine, with_warmup
from glassnet.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "FlatVector",
    "Optimizer",
    "Schedule",
    "clip_gradient_norm",
    "constant",
    "cosine",
    "gradient_norm",
    "with_warmup",
]
