"""Epochs reach MLflow while the training still runs, each once; a store that does not work costs a warning."""

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.config import parse_settings
from glassnet.data import ArrayDataset, DataLoader
from glassnet.runs import Layout
from glassnet.tracking import LiveMetrics
from glassnet.tracking.client import calls
from glassnet.tracking.client.calls import call_store, quiet_warnings
from glassnet.tracking.client.runs import COMPLETE, RECORD_TAG, connect, known_epochs, row_metrics
from glassnet.tracking.record import live
from glassnet.training import Callback, Row, TrainingRun, fit
from tests.settings import params
from tests.waiting import LONGEST

KEY = "0123456789abcdef"

HERE = Layout(Path())


def _settings(uri: str) -> Any:
    values = params()
    return parse_settings({**values, "tracking": {"name": "mlflow", "experiment": "test", "uri": uri}}, "test")


def _fit(callbacks: list[Callback], epochs: int = 4) -> list[Row]:
    rows = ArrayDataset(np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32), np.arange(20) % 2)
    model = nn.mlp([2, 2], rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), 0.1)
    return fit(
        model, nn.SoftmaxCrossEntropy(), optimizer, DataLoader(rows, 10), DataLoader(rows, 10), epochs, callbacks
    )


class _WaitForStore(Callback):
    """Holds the training after an epoch until the store has it."""

    def __init__(self, uri: str, epoch: int) -> None:
        self.uri, self.epoch = uri, epoch
        self.seen: set[int] = set()

    def on_epoch_end(self, run: TrainingRun) -> None:
        if run.epoch == self.epoch:
            deadline = time.monotonic() + LONGEST
            while self.epoch not in self.seen and time.monotonic() < deadline:
                time.sleep(0.02)
                self.seen = known_epochs(*connect(_settings(self.uri), KEY, HERE))


def test_epochs_arrive_while_training_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third is in the store before the fourth begins; the rest added as `record_run` does, each is there once."""
    monkeypatch.setattr(live, "DELAY", 0.01)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with quiet_warnings():
        waiting = _WaitForStore(uri, 3)
        history = _fit([LiveMetrics(_settings(uri), KEY, HERE), waiting])
        assert waiting.seen == {1, 2, 3}
        call_store(uri, lambda: None)  # waits for a batch that is under way
        client, run = connect(_settings(uri), KEY, HERE)
        known = known_epochs(client, run)
        client.log_batch(run.info.run_id, row_metrics([row for row in history if row["epoch"] not in known]))
        logged = client.get_metric_history(run.info.run_id, "train_loss")
    assert [(metric.step, metric.value) for metric in logged] == [(row["epoch"], row["train_loss"]) for row in history]


class _WaitForThread(Callback):
    """Holds the training until there is a thread that waits for its turn with the store."""

    def on_epoch_end(self, run: TrainingRun) -> None:
        while all(thread.name != "MLflow" for thread in threading.enumerate()):
            time.sleep(0.001)


def test_a_batch_whose_turn_comes_after_the_end_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`record_run` may have come first; the batch would bring the same epochs a second time."""
    monkeypatch.setattr(live, "DELAY", 0.001)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with calls._turn:
        _fit([LiveMetrics(_settings(uri), KEY, HERE), _WaitForThread()])
    call_store(uri, lambda: None)  # has the next turn
    assert not (tmp_path / "mlflow.db").exists()


class _StopAfter(Callback):
    """Ends a training after an epoch, by an error."""

    def __init__(self, epoch: int, error: BaseException) -> None:
        self.epoch, self.error = epoch, error

    def on_epoch_end(self, run: TrainingRun) -> None:
        if run.epoch == self.epoch:
            raise self.error


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ArithmeticError("it diverged"), "FAILED", "it diverged"),
        (SystemExit(143), "KILLED", "it was interrupted"),
        (KeyboardInterrupt(), "KILLED", "it was interrupted"),
    ],
)
def test_a_training_that_ends_early_does_not_run_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: str, reason: str
) -> None:
    """Its run has all epochs that there were, and says how it ended; one that goes on with it runs again."""
    monkeypatch.setattr(live, "DELAY", 0.01)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with quiet_warnings():
        with pytest.raises(type(error)), LiveMetrics(_settings(uri), KEY, HERE) as live_metrics:
            _fit([live_metrics, _WaitForStore(uri, 1), _StopAfter(3, error)])
        client, run = connect(_settings(uri), KEY, HERE)
        assert (run.info.status, run.data.tags["glassnet.failure"]) == (status, reason)
        assert known_epochs(client, run) == {1, 2, 3}
        _fit([LiveMetrics(_settings(uri), KEY, HERE), _WaitForStore(uri, 4)])
        assert connect(_settings(uri), KEY, HERE)[1].info.status == "RUNNING"


def test_a_run_that_was_recorded_before_keeps_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same training once more, interrupted, takes nothing from the first."""
    monkeypatch.setattr(live, "DELAY", 0.01)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with quiet_warnings():
        client, run = connect(_settings(uri), KEY, HERE)
        client.set_tag(run.info.run_id, RECORD_TAG, COMPLETE)
        client.set_terminated(run.info.run_id)
        with pytest.raises(KeyboardInterrupt), LiveMetrics(_settings(uri), KEY, HERE) as live_metrics:
            _fit([live_metrics, _WaitForStore(uri, 1), _StopAfter(3, KeyboardInterrupt())])
        assert connect(_settings(uri), KEY, HERE)[1].info.status == "FINISHED"


def test_a_short_training_leaves_it_to_record_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No database, no wait."""
    monkeypatch.setattr(live, "DELAY", LONGEST)  # on a busy machine, four epochs may take longer than the usual one
    _fit([LiveMetrics(_settings(f"sqlite:///{tmp_path / 'mlflow.db'}"), KEY, HERE)])
    assert not list(tmp_path.iterdir())


def test_a_store_that_does_not_answer_costs_one_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The history is complete all the same."""
    monkeypatch.setattr(live, "DELAY", 0.001)
    live_metrics = LiveMetrics(_settings("http://127.0.0.1:9"), KEY, HERE)
    history = _fit([live_metrics], epochs=300)
    assert len(history) == 300
    assert capsys.readouterr().err.count("tracking: warning: epochs are not logged to http://127.0.0.1:9") == 1
