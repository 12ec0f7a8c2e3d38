"""A run that is refused leaves nothing behind, and an earlier one in its folder as it was."""

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glassnet.config import Settings
from glassnet.runs import Layout, run_stage
from tests.settings import PROJECT

Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Start:
    """Starts a stage in a folder with conf/ alone, and returns what it said on stderr.

    It takes a lock, refuses seed 13 after that, leaves a model and a manifest for any other, and then refuses seed 14.
    """
    (tmp_path / "conf").symlink_to(PROJECT / "conf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which run_stage sets: to have it as it was after the test

    def main(settings: Settings, layout: Layout) -> None:
        layout.checkpoints.mkdir(parents=True, exist_ok=True)
        (layout.checkpoints / "train.lock").touch()
        if settings.seed == 13:
            raise ValueError("expected luck, received 13")
        layout.model.parent.mkdir(parents=True, exist_ok=True)
        layout.manifest.write_text(str(settings.seed))
        if settings.seed == 14:
            raise ValueError("expected to end well")

    def start_stage(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["stage", *arguments])
        try:
            run_stage("stage", main)
        except SystemExit:
            return capsys.readouterr().err
        return ""

    return start_stage


def _files() -> list[str]:
    return sorted(path.as_posix() for path in Path().rglob("*") if path.parts[0] != "conf")


@pytest.mark.parametrize("where", [(), ("hydra.run.dir=a/b/c",)])
@pytest.mark.parametrize("wrong", ["seed=-1", "seed=13", "optimizer.learning_rate=0"])
def test_a_refused_run_leaves_no_folder(start: Start, where: tuple[str, ...], wrong: str) -> None:
    """Whether the settings are wrong in themselves or the stage finds them so; nor the folders that it is in."""
    assert start(wrong, *where).count("\n") == 1
    assert _files() == []


def test_a_folder_that_was_there_stays_there(start: Start) -> None:
    """Empty, or with something of the user's."""
    Path("a/b").mkdir(parents=True)
    Path("notes").mkdir()
    Path("notes/mine.txt").write_text("of mine")
    start("seed=-1", "hydra.run.dir=a/b/c")
    start("seed=13", "hydra.run.dir=a/b")
    start("seed=13", "hydra.run.dir=notes")
    assert _files() == ["a", "a/b", "notes", "notes/mine.txt"]


def test_an_earlier_run_keeps_its_configuration(start: Start) -> None:
    """Hydra has overwritten it before anybody could look at the settings."""
    start("seed=1", "hydra.run.dir=out")
    before, files = Path("out/.hydra/overrides.yaml").read_text(), _files()
    for wrong in ("seed=-1", "seed=13"):
        start(wrong, "hydra.run.dir=out")
        assert Path("out/.hydra/overrides.yaml").read_text() == before == "- seed=1\n"
    assert _files() == files


@pytest.mark.parametrize("first", [(), ("seed=1",)])
def test_a_run_that_left_results_is_kept(start: Start, first: tuple[str, ...]) -> None:
    """It was not refused but failed, and its configuration belongs to what it left."""
    if first:
        start(*first, "hydra.run.dir=out")
    start("seed=14", "hydra.run.dir=out")
    assert Path("out/models/run.json").read_text() == "14"
    assert Path("out/.hydra/overrides.yaml").read_text() == "- seed=14\n"


@pytest.mark.parametrize("function", ["configure_log", "_save_config"])
def test_a_folder_that_hydra_cannot_write_is_named(
    start: Start, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """It says that a handler cannot be configured, or nothing but that the disk is full."""

    def fail(*_: object) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            if function == "configure_log":
                raise ValueError("Unable to configure handler 'file'") from error
            raise

    monkeypatch.setattr(f"hydra.core.utils.{function}", fail)
    line = "out: expected to read or write here, received 'No space left on device'; free some space on that disk\n"
    assert start("seed=1", "hydra.run.dir=out") == f"stage: {line}"
    assert _files() == []
    assert start("seed=1").startswith("stage: outputs or multirun: expected to read or write here")
