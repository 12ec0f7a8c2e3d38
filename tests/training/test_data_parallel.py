"""Several processes train as one does, but for rounding; none is left behind, whatever happens."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.data import ArrayDataset, Augmentation, DataLoader
from glassnet.training import (
    TIMING_COLUMNS,
    Callback,
    GradientClipping,
    LearningRateSchedule,
    Row,
    TrainingDivergedError,
    TrainingRun,
    WeightAveraging,
    fit,
)
from glassnet.training.divided_dense import DividedDense
from glassnet.training.sharing import parts_between
from tests.training import killable
from tests.waiting import LONGEST

ROWS, FEATURES, CLASSES = 66, 16, 4
rng = np.random.default_rng(0)
FEATURE_ROWS = rng.standard_normal((ROWS, FEATURES))
LABELS = rng.integers(0, CLASSES, ROWS)


def _train(
    processes: int,
    *callbacks: Callback,
    loss: nn.Loss | None = None,
    targets: Any = LABELS,
    dtype: Any = np.float64,
    optimizer: Callable[[list[nn.Parameter]], optim.Optimizer] = optim.Adam,
    batch_size: int = 8,
    features: Any = FEATURE_ROWS,
    augmentation: Augmentation | None = None,
    penalty: nn.L2Penalty | None = None,
    **options: Any,
) -> tuple[list[Row], dict[str, Any]]:
    """Train a small network for three epochs; return the history but for the times, and the weights."""
    model = nn.mlp([FEATURES, 12, 8, CLASSES], rng=np.random.default_rng(1), dtype=dtype, **options)
    rows = ArrayDataset(features.astype(dtype), targets)
    loaders = DataLoader(rows, batch_size, shuffle=True, seed=2, augmentation=augmentation), DataLoader(rows, 64)
    history = fit(
        model, loss or nn.SoftmaxCrossEntropy(), optimizer(model.parameters()), *loaders, 3, callbacks, penalty=penalty,
        processes=processes,
    )  # fmt: skip
    rows_without_times = [{name: row[name] for name in row if name not in TIMING_COLUMNS} for row in history]
    return rows_without_times, model.state_dict()


def _children(pid: int) -> list[int]:
    """Return the workers of a process: they are forks of it, and have its command line, which no other child has."""
    command = Path("/proc", str(pid), "cmdline").read_bytes()
    children = [Path("/proc", child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [int(child.name) for child in children if (child / "cmdline").read_bytes() == command]


SOFT = np.random.default_rng(3).dirichlet(np.ones(CLASSES), ROWS)
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "one row in the last batch": {"batch_size": 13},
    "all rows in one batch": {"batch_size": 100},
    "class weights and label smoothing": {"loss": nn.SoftmaxCrossEntropy(0.1, class_weights=[1, 2, 0.5, 3])},
    "soft targets": {"targets": SOFT, "loss": nn.SoftmaxCrossEntropy()},
    "regression": {"targets": SOFT, "loss": nn.MeanSquaredError()},
    "dropout": {"dropout": 0.4},
    "dropout and one row in the last batch": {"dropout": 0.4, "batch_size": 13},
    "layer norm": {"normalization": "layer", "activation": "gelu"},
    "batch norm": {"normalization": "batch", "activation": "gelu", "dropout": 0.2},
    "batch norm and two rows in the last batch": {"normalization": "batch", "batch_size": 16},
    "batch norm and class weights": {
        "normalization": "batch",
        "loss": nn.SoftmaxCrossEntropy(0.1, class_weights=[1, 2, 0.5, 3]),
    },
    "augmentation": {"augmentation": Augmentation((4, 4), shift=1, flip=True, seed=5)},
    "weight decay": {"optimizer": lambda p: optim.AdamW(p, 0.01, weight_decay=0.3, l1_decay=0.1)},
    "Nesterov and L2": {"optimizer": lambda p: optim.SGD(p, 0.1, 0.9, True), "penalty": nn.L2Penalty(0.01)},
    "RMSProp": {"optimizer": lambda p: optim.RMSProp(p, 0.003)},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("divided", [False, True])
def test_the_result_is_that_of_one_process(
    case: str, processes: int, divided: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """History and weights, to the rounding of float64: loss, score, gradient norm, penalty and rate alike."""
    monkeypatch.setattr(DividedDense, "pays", lambda dense, rows: divided)

    def callbacks() -> list[Callback]:
        schedule = optim.with_warmup(optim.cosine(0.02, 30, 0.1), 4)
        return [LearningRateSchedule(schedule), WeightAveraging(0.9), GradientClipping(0.5)]

    alone, weights = _train(1, *callbacks(), **CASES[case])
    together, shared = _train(processes, *callbacks(), **CASES[case])
    assert len(together) == 3
    for row, other in zip(alone, together, strict=True):
        assert other == pytest.approx(row, rel=1e-10)
    # BatchNorm takes a bias in front of it away again: its gradient is rounding, which Adam makes steps of.
    smallest = 1e-9 if case.startswith("batch norm") else 1e-12
    for name, array in weights.items():
        np.testing.assert_allclose(shared[name], array, rtol=1e-9, atol=smallest)


@pytest.mark.parametrize("divided", [False, True])
def test_the_same_bytes_each_time(divided: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In float32, with masks drawn in each process, and statistics of all rows."""
    monkeypatch.setattr(DividedDense, "pays", lambda dense, rows: divided)
    first, again = (_train(2, dtype=np.float32, dropout=0.3, normalization="batch") for _ in range(2))
    assert first[0] == again[0]
    assert all(first[1][name].tobytes() == again[1][name].tobytes() for name in first[1])


@pytest.mark.parametrize("divided", [False, True])
def test_only_some_parameters_are_trained(divided: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others stay as they are, as with one process."""
    monkeypatch.setattr(DividedDense, "pays", lambda dense, rows: divided)
    results = []
    for processes in (1, 2):
        model = nn.mlp([FEATURES, 12, CLASSES], rng=np.random.default_rng(1), dtype=np.float64)
        rows = DataLoader(ArrayDataset(FEATURE_ROWS, LABELS), 8)
        optimizer = optim.Adam(model.parameters()[2:], 0.01)
        fit(model, nn.SoftmaxCrossEntropy(), optimizer, rows, rows, 2, processes=processes)
        results.append(model.state_dict())
    for name in results[0]:
        np.testing.assert_allclose(results[1][name], results[0][name], rtol=1e-10)


def test_afterwards_everything_is_where_it_was() -> None:
    """Arrays that a user holds are still the model's, and the training can go on in this process alone."""
    model = nn.mlp([FEATURES, 12, CLASSES], dropout=0.5, rng=np.random.default_rng(1), dtype=np.float64)
    optimizer = optim.Adam(model.parameters(), 0.01)
    held = [parameter.data for parameter in model.parameters()]
    rows, loss = ArrayDataset(FEATURE_ROWS, LABELS), nn.SoftmaxCrossEntropy()
    fit(model, loss, optimizer, DataLoader(rows, 8), DataLoader(rows, 8), 1, processes=2)
    assert optimizer.steps == 9
    assert not _children(os.getpid())
    for array, parameter in zip(held, model.parameters(), strict=True):
        assert np.shares_memory(parameter.data, array)
    before = [array.copy() for array in held]
    loss.forward(model.train().forward(FEATURE_ROWS), LABELS)
    optimizer.zero_grad()
    model.backward(loss.backward())
    optimizer.step()
    assert all((array != was).any() for array, was in zip(held, before, strict=True))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_batch_without_a_variance_is_refused(processes: int) -> None:
    """A last one of one row, however many processes there are to share it."""
    with pytest.raises(ValueError, match=r"BatchNorm\(12\): expected at least 2 examples .*, received 1; where"):
        _train(processes, normalization="batch", batch_size=13)


def test_inputs_whose_squares_overflow_end_the_training() -> None:
    """One process scales them; several say that it cannot go on, and never train on zeros in their place."""
    with np.errstate(over="ignore"), pytest.raises(TrainingDivergedError, match="expected a finite loss, received nan"):
        _train(2, normalization="batch", dtype=np.float32, features=FEATURE_ROWS * 1e25)


def test_large_layers_are_divided_where_less_travels_then() -> None:
    """Those with fewer rows in a batch than `D·H/(D + H)`; small ones are not."""
    layers = [nn.Dense(*sizes, init="zeros") for sizes in ((784, 128), (1024, 1024), (128, 64))]
    assert [DividedDense.pays(layer, 64) for layer in layers] == [True, True, False]
    assert [DividedDense.pays(layer, 256) for layer in layers] == [False, True, False]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_every_element_belongs_to_one_process(processes: int) -> None:
    """But for those that are taken."""
    for taken in ([], [slice(0, 7)], [slice(100, 200), slice(5, 50)], [slice(3, 300)]):
        count = np.zeros(300, int)
        for rank in range(processes):
            for part in parts_between(300, taken, rank, processes):
                count[part] += 1
        expected = np.ones(300, int)
        for part in taken:
            expected[part] = 0
        assert np.array_equal(count, expected)


def test_a_second_training_drops_units_in_every_process() -> None:
    """`fit` leaves a model in evaluation mode, where nothing is dropped; its processes start from there."""

    def trainings(processes: int) -> dict[str, Any]:
        model = nn.mlp([FEATURES, 12, CLASSES], dropout=0.5, rng=np.random.default_rng(1), dtype=np.float64)
        rows = DataLoader(ArrayDataset(FEATURE_ROWS, LABELS), 8)
        for _ in range(2):
            fit(model, nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters()), rows, rows, 1, processes=processes)
        return model.state_dict()

    alone, together = trainings(1), trainings(2)
    for name, array in alone.items():
        np.testing.assert_allclose(together[name], array, rtol=1e-9, atol=1e-12)


class _RowShift(nn.Module):
    """Adds noise of its own."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def forward(self, X: nn.FloatArray) -> nn.FloatArray:
        return X + self.rng.random(X.shape)


class _OwnStep(optim.SGD):
    """Updates in a way of its own."""

    def step(self) -> None:
        self.flat.data -= 0.1


def test_an_optimizer_with_a_step_of_its_own_is_refused() -> None:
    """The processes would pass it by."""
    with pytest.raises(ValueError, match=r"the usual step for processes=2.*received DataLoader and _OwnStep; use 1"):
        _train(2, optimizer=lambda parameters: _OwnStep(parameters, 0.1))


def test_more_processes_than_rows_are_refused() -> None:
    """Before there are thousands of them."""
    with pytest.raises(ValueError, match=r"received processes=100000 and batches of 8; use fewer processes"):
        _train(100_000)


class _NoisyLoss(nn.MeanSquaredError):
    """Adds noise to the targets."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)


def test_a_loss_with_random_numbers_of_its_own_is_refused() -> None:
    """The processes would all draw the same ones."""
    with pytest.raises(ValueError, match=r"received _NoisyLoss.*random numbers of its own; use 1 process"):
        _train(2, loss=_NoisyLoss())


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (nn.Residual(nn.BatchNorm(FEATURES)), r"BatchNorm\(16\), whose statistics"),
        (_RowShift(), "_RowShift.*random numbers"),
    ],
)
def test_a_module_that_looks_at_the_whole_batch_is_refused(module: nn.Module, reason: str) -> None:
    """Before anything has begun, in one line that says what to do."""
    model = nn.Sequential(module, nn.Dense(FEATURES, CLASSES, rng=np.random.default_rng(0)))
    rows = DataLoader(ArrayDataset(FEATURE_ROWS, LABELS), 8)
    with pytest.raises(ValueError, match=f"processes=2, received {reason}.*; use 1 process"):
        fit(model, nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters()), rows, rows, 1, processes=2)


class _At(Callback):
    """Does something after the update of a step."""

    def __init__(self, step: int, do: Callable[[], None]) -> None:
        self.step, self.do = step, do

    def on_batch_end(self, run: TrainingRun) -> None:
        if run.step == self.step:
            self.do()


def _kill_a_worker() -> None:
    os.kill(_children(os.getpid())[0], signal.SIGKILL)


def test_a_killed_helper_ends_the_training_with_one_line() -> None:
    """Nobody waits for it for ever, and the other worker goes too."""
    with pytest.raises(ChildProcessError, match=r"one ended by SIGKILL at epoch 1, after [0-9]+ steps; start again"):
        _train(3, _At(4, _kill_a_worker))
    assert not _children(os.getpid())


class _Interrupted(BaseException):
    """Not an error that anybody handles."""


def test_whatever_ends_the_training_ends_the_workers() -> None:
    """An exception in the middle of an epoch, say."""

    def interrupt() -> None:
        raise _Interrupted

    with pytest.raises(_Interrupted):
        _train(3, _At(4, interrupt))
    assert not _children(os.getpid())


class _TwoPartsError(Exception):
    """Cannot be made again from its message alone."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(f"{name}, line {line}")


class _Broken(ArrayDataset):
    """Fails in any process but the first."""

    error: Exception
    lead = os.getpid()

    def __getitem__(self, index: Any) -> Any:
        if os.getpid() != self.lead:
            raise self.error
        return super().__getitem__(index)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ValueError("rows.npy: expected 100 bytes, received 7"), ValueError),
        (_TwoPartsError("rows.npy: expected 100 bytes, received 7", 3), RuntimeError),
    ],
)
def test_an_error_in_a_helper_is_raised_in_rank_0(error: Exception, raised: type[Exception]) -> None:
    """The same error as if rank 0 had come upon it, or its name and message where it does not travel."""
    model = nn.mlp([FEATURES, CLASSES], rng=np.random.default_rng(1), dtype=np.float64)
    dataset = _Broken(FEATURE_ROWS, LABELS)
    dataset.error = error
    rows = DataLoader(dataset, 8)
    with pytest.raises(raised, match=r"rows\.npy: expected 100 bytes, received 7"):
        fit(model, nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters()), rows, rows, 1, processes=2)


def test_a_worker_s_rows_that_are_not_finite_are_named() -> None:
    """The batch is looked at as a whole, not only rank 0's part of it."""
    features = FEATURE_ROWS.copy()
    features[30:34] = np.nan
    with pytest.raises(TrainingDivergedError, match="4 of the batch's 66 examples have features that are not finite"):
        _train(2, features=features, batch_size=100)


def _start(folder: Path, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, killable.__file__, str(folder), "10000", str(pause), "2"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def _wait_for_a_checkpoint(folder: Path, process: subprocess.Popen[str]) -> None:
    while not (folder / "checkpoints" / "checkpoint.safetensors").is_file():
        assert process.poll() is None
        time.sleep(0.01)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training on two processes that nobody disturbed."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    killable.train(folder, processes=2)
    assert json.loads((folder / "outcome.json").read_text())["history"]
    return folder


def test_killed_and_resumed_it_ends_with_the_same_bytes(uninterrupted: Path, tmp_path: Path) -> None:
    """Rank 0 by SIGKILL: its worker sees that, and goes."""
    process = _start(tmp_path, 1)
    _wait_for_a_checkpoint(tmp_path, process)
    workers = _children(process.pid)
    process.kill()
    process.communicate()
    assert len(workers) == 1
    deadline = time.monotonic() + LONGEST
    while Path(f"/proc/{workers[0]}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    killable.train(tmp_path, processes=2)
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_ends_after_a_whole_step(
    uninterrupted: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """As Ctrl-C in a terminal sends it: the worker keeps on until rank 0 has saved the state."""
    process = _start(tmp_path, 1)
    _wait_for_a_checkpoint(tmp_path, process)
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=LONGEST)
    assert process.returncode == 128 + number, output
    assert output.count("\n") == 2, output  # that there was no checkpoint, and where it was stopped
    killable.train(tmp_path, processes=2)
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)
