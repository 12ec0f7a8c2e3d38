"""Callbacks that remember: early stopping with the best weights, and checkpoints that each finds its state in."""

import errno
import io
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.training import (
    BestWeights,
    Callback,
    Checkpoints,
    EarlyStopping,
    LearningRateSchedule,
    Progress,
    Row,
    TrainingRun,
    evaluate,
    fit,
)
from glassnet.training.checkpoint import CURRENT, PREVIOUS, read_checkpoint
from glassnet.training.interruption import StopSignals, TrainingInterruptedError

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


class _Planned(Callback):
    """Has the validation losses be those that a test wants."""

    def __init__(self, losses: list[float]) -> None:
        self.losses = losses

    def on_epoch_end(self, run: TrainingRun) -> None:
        run.history[-1]["validation_loss"] = self.losses[run.epoch - 1]


def test_early_stopping_counts_falls_above_the_minimum_change_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """0.85 is more than 0.1 below 1, 0.8 and 0.78 are not below 0.75; the best weights are still those of 0.78."""
    stopping = EarlyStopping(2, minimum_change=0.1)
    _, history = _train(_Planned([1.0, 0.95, 0.85, 0.8, 0.78, 0.5]), stopping, Progress("toy"), epochs=6)
    assert len(history) == 5
    line = "toy: stopped after epoch 5: the validation loss did not improve for 2 epochs\n"
    assert capsys.readouterr().out.endswith(line)
    assert stopping.best is not None
    assert (stopping.best.epoch, stopping.best.loss) == (5, 0.78)


def test_of_equal_epochs_the_best_is_the_earliest() -> None:
    """A loss that only stays where it was is no reason to wait longer, or for other weights."""
    best, stopping = BestWeights(), EarlyStopping(2, restore_best_weights=False)
    _, history = _train(best, _Planned([0.5] * 6), stopping, epochs=6)
    assert len(history) == 3
    again = BestWeights()
    _train(_Planned([0.6, 0.5, 0.5]), again, epochs=3)
    assert again.epoch == 2


def test_callbacks_begin_every_training_anew() -> None:
    """The losses, weights and rates of one training say nothing about the next."""

    def callbacks() -> list[Callback]:
        return [EarlyStopping(2), LearningRateSchedule(optim.ReduceOnPlateau(0.05, factor=0.5, patience=1))]

    used = callbacks()
    _train(_Planned([0.7, 0.5, 0.6, 0.6]), *used)
    (fresh, history), (again, rows) = (_train(_Planned([0.8, 0.9]), *each, epochs=2) for each in (callbacks(), used))
    assert _bytes(fresh) == _bytes(again)
    assert [row["learning_rate"] for row in history] == [row["learning_rate"] for row in rows]


class _Saved(Callback):
    """Notes, as each epoch begins, of which epoch the checkpoint in a folder is; 0 where there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.epochs = folder, list[int]()

    def on_epoch_begin(self, run: TrainingRun) -> None:
        self.epochs.append(_epoch_saved(self.folder))


def _epoch_saved(folder: Path) -> int:
    return int(read_checkpoint(folder / CURRENT)[0][1]["epoch"]) if (folder / CURRENT).is_file() else 0


@pytest.mark.parametrize(
    ("options", "during", "end"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6], 7),
        ({"every": 3}, [0, 0, 0, 3, 3, 3, 6], 7),
        ({"every": None}, [0] * 7, 0),
        ({"pause": 3600.0}, [0] * 7, 0),
    ],
)
def test_checkpoints_are_written_as_often_as_asked(
    tmp_path: Path, options: dict[str, Any], during: list[int], end: int
) -> None:
    """After every so many epochs and the last, never, or not before a while has passed."""
    saved = _Saved(tmp_path)
    _train(Checkpoints(tmp_path, {}, **options), saved, epochs=7)
    assert saved.epochs == during
    assert _epoch_saved(tmp_path) == end


def test_a_disk_that_takes_no_checkpoint_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not after each epoch: the last line says what became of the training."""

    def full(folder: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder / CURRENT))

    monkeypatch.setattr("glassnet.training.callbacks.checkpoints.write_checkpoint", full)
    _, history = _train(Checkpoints(tmp_path, {}), epochs=5)
    assert len(history) == 5
    warnings = capsys.readouterr().err
    assert warnings.count("\n") == 1
    assert "No space left on device" in warnings
    assert str(tmp_path / CURRENT) in warnings


def test_a_state_that_could_not_be_saved_is_said_to_be_lost(tmp_path: Path) -> None:
    """Asked to end, on a disk that takes nothing: nobody is told to go on from it."""
    signals = StopSignals()
    signals.received = signal.SIGTERM
    (tmp_path / "file").touch()
    for folder, outcome in (
        (tmp_path / "file", "its state is lost"),
        (tmp_path / "folder", "its state is in .*folder"),
    ):
        with pytest.raises(TrainingInterruptedError, match=f"SIGTERM at epoch 1, step 1: {outcome}"):
            _train(Checkpoints(folder, {}, signals=signals))


def test_signals_are_noted_once_and_by_the_main_thread_alone() -> None:
    """The first is only noted, the second acts as always; afterwards every handler is what it was."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with StopSignals() as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.received == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with StopSignals() as signals:
        assert signal.getsignal(signal.SIGTERM) not in before
    assert signals.received is None
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    with ThreadPoolExecutor(1) as pool:
        pool.submit(StopSignals().__enter__).result()
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


class _Halving(Callback):
    """Halves the learning rate after each epoch, and remembers nothing."""

    def on_epoch_end(self, run: TrainingRun) -> None:
        run.optimizer.learning_rate /= 2


def test_a_rate_that_a_callback_has_set_goes_on_after_an_interruption(tmp_path: Path) -> None:
    """The optimizer's own rate is part of the checkpoint."""
    whole, history = _train(_Halving(), epochs=6)
    with pytest.raises(_Killed):
        _train(_Halving(), Checkpoints(tmp_path, {}), _KillAt(4), epochs=6)
    again, rows = _train(_Halving(), Checkpoints(tmp_path, {}, resume=True), epochs=6)
    assert _bytes(again) == _bytes(whole)
    assert rows[-1]["learning_rate"] == history[-1]["learning_rate"] == 0.05 / 2**5


def test_early_stopping_goes_on_after_an_interruption(tmp_path: Path) -> None:
    """Interrupted after its best epoch, it still stops in time and has the weights of that epoch."""
    whole, history = _train(EarlyStopping(4))
    with pytest.raises(_Killed):
        _train(EarlyStopping(4), Checkpoints(tmp_path, {}), _KillAt(len(history) - 1))
    again, rows = _train(EarlyStopping(4), Checkpoints(tmp_path, {}, resume=True), _KillAt(0))
    assert len(rows) == len(history)
    assert _bytes(again) == _bytes(whole)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_of_a_training_that_goes_on_counts_the_epochs_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends where all epochs are done."""
    with pytest.raises(_Killed):
        _train(Checkpoints(tmp_path, {}), _KillAt(4), epochs=8)
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    _train(Progress("toy"), Checkpoints(tmp_path, {}, resume=True), epochs=8)
    assert " 8/8 " in terminal.getvalue()


class _Noting(Callback):
    """Remembers the epochs that it saw."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def on_epoch_end(self, run: TrainingRun) -> None:
        self.epochs.append(run.epoch)

    def state_dict(self) -> dict[str, Any]:
        return {"epochs": self.epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epochs = list(state["epochs"])


def test_other_callbacks_may_watch_a_training_that_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each finds its state by name, in any order; those without one do not matter; one that is new is named."""
    whole, _ = _train(EarlyStopping(60), epochs=8)
    first, second = _Noting(), _Noting()
    with pytest.raises(_Killed):
        _train(first, EarlyStopping(60), Checkpoints(tmp_path, {}), _KillAt(4), epochs=8)
    capsys.readouterr()
    checkpoints = Checkpoints(tmp_path, {}, resume=True)
    again, _ = _train(checkpoints, Progress("toy"), EarlyStopping(60), first, second, epochs=8)
    assert _bytes(again) == _bytes(whole)
    assert first.epochs == list(range(1, 9))
    assert second.epochs == list(range(4, 9))
    assert "checkpoint: _Noting 2 was not there before" in capsys.readouterr().out
    again, _ = _train(EarlyStopping(60), Checkpoints(tmp_path, {}, resume=True), epochs=8)  # nobody watches
    assert _bytes(again) == _bytes(whole)


def test_a_training_that_finds_nothing_to_go_on_from_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No checkpoint at all, or that of another training, which has ended."""
    for identity, line in (({}, "none in"), ({"seed": 1}, "is of another training, which has ended")):
        _train(Checkpoints(tmp_path, identity, resume=True), epochs=1)
        printed = capsys.readouterr().out
        assert line in printed
        assert "starts with the first epoch" in printed


def test_the_only_whole_checkpoint_is_never_overwritten_by_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest is damaged; the run goes on from the one before it, and is killed as it saves its first."""
    whole, _ = _train(epochs=8)
    with pytest.raises(_Killed):
        _train(Checkpoints(tmp_path, {}), _KillAt(5), epochs=8)
    (tmp_path / CURRENT).write_bytes(b"damaged")
    replace = os.replace

    def kill_before_the_name_is_taken(source: Any, target: Any) -> None:
        if str(target).endswith(CURRENT):
            raise _Killed
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", kill_before_the_name_is_taken)
        with pytest.raises(_Killed):
            _train(Checkpoints(tmp_path, {}, resume=True), epochs=8)
    assert (tmp_path / PREVIOUS).is_file()
    again, _ = _train(Checkpoints(tmp_path, {}, resume=True), epochs=8)
    assert _bytes(again) == _bytes(whole)
