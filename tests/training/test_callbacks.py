"""Early stopping restores the best weights, alone or beside others, and in a training that was interrupted."""

from pathlib import Path

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.training import BestWeights, Callback, Checkpoints, EarlyStopping, Row, TrainingRun, evaluate, fit

rng = np.random.default_rng(0)
X = rng.standard_normal((150, 4)).astype(np.float32)
y = (X[:, :3] + 2 * rng.standard_normal((150, 3))).argmax(axis=1)
TRAIN, VALIDATION = ArrayDataset(X[:100], y[:100]), ArrayDataset(X[100:], y[100:])


class _Killed(BaseException):
    """Stands for a kill."""


class _KillAt(Callback):
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_begin(self, run: TrainingRun) -> None:
        if run.epoch == self.epoch:
            raise _Killed


def _train(*callbacks: Callback, epochs: int = 60) -> tuple[nn.Sequential, list[Row]]:
    model = nn.mlp([4, 16, 3], rng=np.random.default_rng(1))
    loaders = DataLoader(TRAIN, 16, shuffle=True), DataLoader(VALIDATION, 64)
    history = fit(
        model, nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters(), 0.05), *loaders, epochs, list(callbacks)
    )
    return model, history


def _bytes(model: nn.Module) -> bytes:
    return b"".join(array.tobytes() for array in model.state_dict().values())


@pytest.mark.parametrize("beside", [[], [BestWeights()]])
def test_early_stopping_restores_the_best_weights(beside: list[Callback]) -> None:
    """The model scores as the best row of its history says, not as the last."""
    model, history = _train(*beside, EarlyStopping(4))
    losses = [row["validation_loss"] for row in history]
    assert losses[-1] > min(losses)
    assert len(losses) == losses.index(min(losses)) + 5 < 60
    scores = evaluate(model, nn.SoftmaxCrossEntropy(), DataLoader(VALIDATION, 64))
    assert scores["loss"] == pytest.approx(min(losses), rel=1e-6)


def test_the_best_weights_are_restored_without_a_stop_and_left_to_others_on_request() -> None:
    """All epochs done, the best of them is in place; with `restore_best_weights=False`, the last."""
    restored, _ = _train(EarlyStopping(60))
    assert _bytes(restored) == _bytes(_train(BestWeights())[0])
    left, _ = _train(EarlyStopping(60, restore_best_weights=False))
    assert _bytes(left) == _bytes(_train()[0]) != _bytes(restored)


def test_early_stopping_goes_on_after_an_interruption(tmp_path: Path) -> None:
    """Interrupted after its best epoch, it still stops in time and has the weights of that epoch."""
    whole, history = _train(EarlyStopping(4))
    with pytest.raises(_Killed):
        _train(EarlyStopping(4), Checkpoints(tmp_path, {}), _KillAt(len(history) - 1))
    again, rows = _train(EarlyStopping(4), Checkpoints(tmp_path, {}, resume=True), _KillAt(0))
    assert len(rows) == len(history)
    assert _bytes(again) == _bytes(whole)
