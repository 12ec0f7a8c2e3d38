"""A training killed at any moment and resumed ends with the same bytes as one that never was interrupted."""

import importlib.util
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from glassnet.training import checkpoint
from tests.killing import KillAt, Killed
from tests.waiting import LONGEST

SCRIPT = Path(__file__).with_name("killable.py")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("killable", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


killable = _load()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that nobody disturbed."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    killable.train(folder)
    return folder


@pytest.mark.parametrize(
    ("hook", "step"),
    [
        ("on_batch_begin", 1), ("on_gradients_ready", 40), ("on_batch_end", 77), ("on_validation_begin", 60),
        ("on_epoch_end", 60), ("on_epoch_begin", 90), ("on_safe_point", 100), ("on_train_end", 0),
    ],
)  # fmt: skip
def test_killed_at_each_turning_point(uninterrupted: Path, tmp_path: Path, hook: str, step: int) -> None:
    """In the middle of a batch, before the validation, between epochs, after the last one."""
    with pytest.raises(Killed):
        killable.train(tmp_path, 6, KillAt(hook, step))
    killable.train(tmp_path, 6, KillAt(hook, 10**9))  # the same list of callbacks
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)


@pytest.mark.parametrize("moment", ["half written", "before the first name", "between the names", "after the names"])
def test_killed_while_a_checkpoint_is_written(
    uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """At every instant of writing one whole checkpoint is there."""
    calls = {"write": 0, "replace": 0}
    write, replace = Path.write_bytes, os.replace

    def write_half(path: Path, content: Any) -> int:
        calls["write"] += 1
        if calls["write"] == 3 and moment == "half written":
            write(path, bytes(content)[: len(content) // 2])
            raise Killed
        return write(path, content)

    def replace_then(source: Any, target: Any) -> None:
        calls["replace"] += 1  # the first checkpoint takes one name, each later one two
        if calls["replace"] == 4 and moment == "before the first name":
            raise Killed
        replace(source, target)
        if calls["replace"] == 4 and moment == "between the names":
            raise Killed
        if calls["replace"] == 5 and moment == "after the names":
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", write_half)
        patched.setattr("glassnet.training.checkpoint.os.replace", replace_then)
        with pytest.raises(Killed):
            killable.train(tmp_path)
    killable.train(tmp_path)
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)


def _start(folder: Path) -> subprocess.Popen[str]:
    with (folder / "log").open("a") as log:
        return subprocess.Popen([sys.executable, str(SCRIPT), str(folder), "6", "2"], stdout=log, stderr=log, text=True)


def _kill_until_done(folder: Path, seed: int, most: int) -> int:
    """Start a training again and again, killing it after a random while; return how often it was killed."""
    rng = random.Random(seed)
    (folder / "once").mkdir()
    started = time.monotonic()
    assert _start(folder / "once").wait() == 0
    longest = time.monotonic() - started
    kills = 0
    for _ in range(most):
        started = time.monotonic()
        process = _start(folder)
        try:
            process.wait(timeout=rng.uniform(0.4, 0.9) * longest)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            if kills:
                return kills
            longest = time.monotonic() - started  # the machine was busier before: begin again
            shutil.rmtree(folder / "checkpoints")
    assert _start(folder).wait() == 0, (folder / "log").read_text()
    return kills


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments(uninterrupted: Path, tmp_path: Path, seed: int) -> None:
    """By SIGKILL, up to seven times in a row, at moments that only the seed and the machine's speed decide."""
    assert _kill_until_done(tmp_path, seed, most=7) >= 1
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_killed_hundreds_of_times(uninterrupted: Path, tmp_path: Path, seed: int) -> None:
    """The same, at greater length; not part of the usual run."""
    assert _kill_until_done(tmp_path, seed, most=15) >= 1
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_finishes_the_step_saves_and_can_go_on(
    uninterrupted: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The status is the conventional 128 + signal; the checkpoint is of that very step, in the middle of an epoch."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(tmp_path), "10000", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not (tmp_path / "checkpoints" / checkpoint.CURRENT).is_file():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    output, _ = process.communicate(timeout=LONGEST)
    assert process.returncode == 128 + number, output
    assert number.name in output
    (_, values), _ = checkpoint.read_checkpoint(tmp_path / "checkpoints" / checkpoint.CURRENT)
    assert f"step {values['step']}" in output
    killable.train(tmp_path, 6, killable.Pause(0))  # the usual number of epochs, which a checkpoint does not hold
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)


@pytest.mark.parametrize("damage", ["truncated", "bit flipped", "foreign", "empty"])
def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_used(
    uninterrupted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    """One line that names the file; with no whole one left, nothing is trained and the line says what to do."""
    with pytest.raises(Killed):
        killable.train(tmp_path, 6, KillAt("on_batch_begin", 100))
    capsys.readouterr()
    path = tmp_path / "checkpoints" / checkpoint.CURRENT
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) * 2 // 3] ^= 4
    damaged = {"truncated": content[:-100], "bit flipped": bytes(flipped), "foreign": b"GIF89a" * 100, "empty": b""}
    path.write_bytes(damaged[damage])
    killable.train(tmp_path, 6, KillAt("on_batch_begin", 10**9))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "checkpoint.safetensors: expected" in lines[0]
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)
    for name in (checkpoint.CURRENT, checkpoint.PREVIOUS):
        (tmp_path / "checkpoints" / name).write_bytes(damaged[damage])
    with pytest.raises(ValueError, match=r"received only damaged ones; delete the folder, or start without resume"):
        killable.train(tmp_path)


def test_any_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """In header, metadata and tensors alike."""
    with pytest.raises(Killed):
        killable.train(tmp_path, 6, KillAt("on_epoch_begin", 1))
    path = tmp_path / "checkpoints" / checkpoint.CURRENT
    content = path.read_bytes()
    rng = random.Random(0)
    for place in [*range(0, 400, 7), *(rng.randrange(len(content)) for _ in range(150))]:
        flipped = bytearray(content)
        flipped[place] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(flipped))
        with pytest.raises(checkpoint.DamagedCheckpointError):
            checkpoint.read_checkpoint(path)


def test_a_disk_that_takes_no_more_costs_a_warning_and_loses_nothing(
    uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the third checkpoint on the disk is full: the second stays, the training goes on, and could be resumed."""
    write = Path.write_bytes
    written = []

    def full(path: Path, content: Any) -> int:
        written.append(path)
        if len(written) > 2:
            write(path, bytes(content)[:100])
            raise OSError(28, "No space left on device")
        return write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        killable.train(tmp_path)
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)
    assert "No space left on device" in capsys.readouterr().err
    assert sorted(file.name for file in (tmp_path / "checkpoints").iterdir()) == [
        checkpoint.CURRENT,
        checkpoint.PREVIOUS,
    ]
    (_, values), _ = checkpoint.read_checkpoint(tmp_path / "checkpoints" / checkpoint.CURRENT)
    assert values["epoch"] == 2
    killable.train(tmp_path)
    assert killable.outcome(tmp_path) == killable.outcome(uninterrupted)
