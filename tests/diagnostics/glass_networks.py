"""Small trainings, recorded, that the tests of the page under glass look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import data, nn, optim, training
from glassnet.diagnostics import Recording
from glassnet.nn import FloatArray

BATCH = 8


@dataclass
class Spy(training.Callback):
    """Keeps the weights before and after the first step of each epoch, and those after the last."""

    def __post_init__(self) -> None:
        self.before: list[dict[str, FloatArray]] = []
        self.after: list[dict[str, FloatArray]] = []

    def on_batch_begin(self, run: training.TrainingRun) -> None:
        """Keep those before."""
        if run.batch == 0:
            self.before.append(run.model.state_dict())

    def on_batch_end(self, run: training.TrainingRun) -> None:
        """Keep those after."""
        if run.batch == 1:
            self.after.append(run.model.state_dict())


@dataclass
class Recorded:
    """A training with its recording."""

    model: nn.Sequential
    loss: nn.Loss
    X: FloatArray
    y: npt.NDArray[Any]
    loader: data.DataLoader
    recording: Recording
    spy: Spy


def rows(n: int = 40, features: int = 2, seed: int = 0) -> tuple[FloatArray, npt.NDArray[Any]]:
    """Return rows of three classes that a line does not tell apart."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, features)).astype(np.float32)
    return X, np.digitize(np.hypot(X[:, 0], X[:, -1]), [0.8, 1.5]).astype(np.int64)


def train(
    model: nn.Sequential,
    make_optimizer: Callable[[Sequence[nn.Parameter]], optim.Optimizer] = lambda p: optim.Adam(p, learning_rate=0.01),
    *,
    loss: nn.Loss | None = None,
    epochs: int = 3,
    every: int | None = 1,
    callbacks: Sequence[training.Callback] = (),
    l2: float = 0.0,
    targets: npt.NDArray[Any] | None = None,
    batch_size: int = BATCH,
    features: int = 2,
) -> Recorded:
    """Train a network of two features, and record it."""
    X, y = rows(features=features)
    y = y if targets is None else targets
    loss = loss or nn.SoftmaxCrossEntropy()
    loader = data.DataLoader(data.ArrayDataset(X[:32], y[:32]), batch_size, shuffle=True, seed=1)
    validation = data.DataLoader(data.ArrayDataset(X[32:], y[32:]), 8)
    recording, spy = Recording(every), Spy()
    training.fit(
        model, loss, make_optimizer(model.parameters()), loader, validation, epochs=epochs,
        callbacks=[*callbacks, recording, spy], penalty=nn.L2Penalty(l2) if l2 else None,
    )  # fmt: skip
    return Recorded(model, loss, X, y, loader, recording, spy)


def network(
    *, activation: str = "relu", seed: int = 0, sizes: Sequence[int] = (2, 3, 3), **options: Any
) -> nn.Sequential:
    """Return a small network."""
    rng, masks = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    return nn.mlp(list(sizes), activation=activation, rng=rng, dropout_rng=masks, **options)
