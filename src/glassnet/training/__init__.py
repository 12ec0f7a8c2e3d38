"""Training: fit, evaluate and predict, the callbacks, and the model file.

A callback of your own takes a few lines:

    class PrintLoss(Callback):
        def on_epoch_end(self, run):
            print(run.epoch, run.history[-1]["validation_loss"])

    fit(model, loss, optimizer, train_loader, val_loader, epochs=20, callbacks=[PrintLoss()])
"""

from glassnet.training.architecture import Architecture
from glassnet.training.batch_statistics import recompute_batch_statistics
from glassnet.training.callbacks import (
    BestWeights,
    Callback,
    Checkpoints,
    EarlyStopping,
    GradientClipping,
    HistoryFile,
    LearningRateSchedule,
    Progress,
    WeightAveraging,
)
from glassnet.training.divergence import TrainingDivergedError, TrainingWarning
from glassnet.training.fit import TIMING_COLUMNS, evaluate, fit, predict
from glassnet.training.history_file import Row, read_history, write_history
from glassnet.training.interruption import StopSignals, TrainingInterruptedError
from glassnet.training.model_file import About, Ensemble, ModelFile, load_model, save_model
from glassnet.training.monitor import MONITORS, Monitor, minimized
from glassnet.training.plan import TrainingPlan, baseline_plan
from glassnet.training.run import TrainingRun
from glassnet.training.state import State
from glassnet.training.train import TrainedNetwork, retrain_network, train_network

__all__ = [
    "MONITORS",
    "TIMING_COLUMNS",
    "About",
    "Architecture",
    "BestWeights",
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "Ensemble",
    "GradientClipping",
    "HistoryFile",
    "LearningRateSchedule",
    "ModelFile",
    "Monitor",
    "Progress",
    "Row",
    "State",
    "StopSignals",
    "TrainedNetwork",
    "TrainingDivergedError",
    "TrainingInterruptedError",
    "TrainingPlan",
    "TrainingRun",
    "TrainingWarning",
    "WeightAveraging",
    "baseline_plan",
    "evaluate",
    "fit",
    "load_model",
    "minimized",
    "predict",
    "read_history",
    "recompute_batch_statistics",
    "retrain_network",
    "save_model",
    "train_network",
    "write_history",
]
