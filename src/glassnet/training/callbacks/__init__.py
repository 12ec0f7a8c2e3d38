"""Callbacks: what `fit` calls at its turning points, one in each file."""

from glassnet.training.callbacks.averaging import WeightAveraging
from glassnet.training.callbacks.best_weights import BestWeights
from glassnet.training.callbacks.checkpoints import Checkpoints
from glassnet.training.callbacks.clipping import GradientClipping
from glassnet.training.callbacks.early_stopping import EarlyStopping
from glassnet.training.callbacks.history import HistoryFile
from glassnet.training.callbacks.progress import Progress
from glassnet.training.callbacks.schedule import LearningRateSchedule
from glassnet.training.run import Callback

__all__ = [
    "BestWeights",
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "GradientClipping",
    "HistoryFile",
    "LearningRateSchedule",
    "Progress",
    "WeightAveraging",
]
