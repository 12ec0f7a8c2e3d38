"""A training with everything on that has a state, for tests to kill: `killable.py FOLDER EPOCHS PAUSE [PROCESSES]`.

It resumes from FOLDER/checkpoints if there are any, and leaves its weights, its history and what its telemetry saw.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from glassnet import nn, optim
from glassnet.data import ArrayDataset, Augmentation, DataLoader
from glassnet.diagnostics import Telemetry
from glassnet.training import (
    TIMING_COLUMNS,
    BestWeights,
    Callback,
    Checkpoints,
    EarlyStopping,
    GradientClipping,
    LearningRateSchedule,
    StopSignals,
    TrainingInterruptedError,
    TrainingRun,
    WeightAveraging,
    fit,
)


class Pause(Callback):
    """Makes each step take longer, so that there is time to kill the training in it."""

    def __init__(self, milliseconds: float) -> None:
        """Wait so long after each batch."""
        self.seconds = milliseconds / 1000

    def on_batch_end(self, run: TrainingRun) -> None:
        """Wait."""
        time.sleep(self.seconds)


def train(folder: Path, epochs: int = 6, *extra: Callback, processes: int = 1) -> None:
    """Train, from the last checkpoint on if there is one, and write the outcome."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((330, 64)).astype(np.float32)
    y = (X[:, :3] + 0.5 * rng.standard_normal((330, 3))).argmax(axis=1)
    train_rows, validation_rows = ArrayDataset(X[:250], y[:250]), ArrayDataset(X[250:], y[250:])
    kind = "batch" if processes == 1 else "layer"  # statistics of a whole batch are not shared
    model = nn.mlp([64, 24, 16, 3], activation="gelu", dropout=0.2, normalization=kind, rng=np.random.default_rng(1))
    augmentation = Augmentation((8, 8), shift=1, flip=True, seed=3)
    loaders = (
        DataLoader(train_rows, 8, shuffle=True, seed=3, augmentation=augmentation),
        DataLoader(validation_rows, 64),
    )
    plateau = optim.ReduceOnPlateau(0.01, factor=0.5, patience=1)
    averaging, telemetry = WeightAveraging(0.9), Telemetry(every=7)
    with StopSignals() as signals:
        callbacks = [
            telemetry,
            LearningRateSchedule(optim.with_warmup(plateau, 20)),
            GradientClipping(1.0),
            averaging,
            BestWeights(),
            EarlyStopping(3),
            Checkpoints(folder / "checkpoints", {"settings": "these"}, resume=True, signals=signals),
            *extra,
        ]
        history = fit(
            model,
            nn.SoftmaxCrossEntropy(label_smoothing=0.1),
            optim.Adam(model.parameters(), 0.01),
            *loaders,
            epochs,
            callbacks,
            penalty=nn.L2Penalty(1e-4),
            processes=processes,
        )
    averages = {f"average.{place}": array for place, array in enumerate(averaging.average.averages)}
    save_file(dict(sorted({**model.state_dict(), **averages}.items())), folder / "weights.safetensors")
    results = [{name: value for name, value in row.items() if name not in TIMING_COLUMNS} for row in history]
    (folder / "outcome.json").write_text(json.dumps({"history": results, "telemetry": telemetry.rows}))


def outcome(folder: Path) -> tuple[bytes, bytes]:
    """Return what a training left, to be compared."""
    return (folder / "weights.safetensors").read_bytes(), (folder / "outcome.json").read_bytes()


if __name__ == "__main__":
    try:
        processes = int(sys.argv[4]) if len(sys.argv) > 4 else 1
        train(Path(sys.argv[1]), int(sys.argv[2]), Pause(float(sys.argv[3])), processes=processes)
    except TrainingInterruptedError as interrupted:
        print(interrupted, flush=True)
        sys.exit(128 + interrupted.signum)
