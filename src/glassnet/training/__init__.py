"""Training: fit, evaluate and predict, the callbacks, and the model file.

A callback of your own takes a few lines:

    class PrintLoss(Callback):
        def on_epoch_end(self, run):
            print(run.epoch, run.history[-1]["validation_loss"])

    fit(model, loss, optimizer, train_loader, val_loader, epochs=20, callbacks=[PrintLoss()])
"""

from glassnet.training.batch_statistics import recompute_batch_statistics
from glassnet.training.builders import TrainedNetwork, baseline_settings, retrain_network, train_network
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
from glassnet.training.model_file import ModelFile, load_model, save_model
from glassnet.training.run import TrainingRun

__all__ = [
    "TIMING_COLUMNS",
    "BestWeights",
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "GradientClipping",
    "HistoryFile",
    "LearningRateSchedule",
    "ModelFile",
    "Progress",
    "Row",
    "StopSignals",
    "TrainedNetwork",
    "TrainingDivergedError",
    "TrainingInterruptedError",
    "TrainingRun",
    "TrainingWarning",
    "WeightAveraging",
    "baseline_settings",
    "evaluate",
    "fit",
    "load_model",
    "predict",
    "read_history",
    "recompute_batch_statistics",
    "retrain_network",
    "save_model",
    "train_network",
    "write_history",
]
