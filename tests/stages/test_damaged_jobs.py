"""Damaged files of a run: a sweep trains again what is damaged, and nothing else; a report names it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hydra import compose, initialize_config_dir

from glassnet.config import CONF, Settings, register_resolvers, to_settings
from glassnet.reporting import write_report
from glassnet.runs import FINISHED, Layout, Sweep
from glassnet.runs.jobs import Job
from glassnet.stages import evaluate, train, trained
from glassnet.tables import open_prepared
from tests.settings import enter_project


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a short training in a folder of its own."""
    enter_project(tmp_path, monkeypatch)
    return _settings()


def _settings() -> Settings:
    register_resolvers(CONF)
    with initialize_config_dir(str(CONF.absolute()), version_base=None):
        return to_settings(
            compose("config", ["training.epochs=3", "training.baseline.epochs=1", "tracking=none"]), "test"
        )


@pytest.fixture
def job(settings: Settings) -> Callable[[], None]:
    """Runs the one job of the sweep in `s`, and makes its table."""

    def run() -> None:
        train.main(settings, Layout(Path("s/0"), Sweep(Path("s"), ("seed=0",))))
        record = Job(Path("s/0"), ["seed=0"], ["seed=0"], "a start", FINISHED)
        record.write()
        trained.finish_sweep(Path("s"))

    return run


def _empty(path: Path) -> None:
    path.write_text("")


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("file", ["run.json", "history.csv", "model.safetensors"])
@pytest.mark.parametrize("damage", [_empty, _truncate, os.unlink])
def test_a_damaged_job_is_trained_again(
    job: Callable[[], None], capsys: pytest.CaptureFixture[str], file: str, damage: Callable[[Path], None]
) -> None:
    """Whatever is the matter with one of its files; the sweep ends as it would have."""
    job()
    weights = Path("s/0/models/model.safetensors").read_bytes()
    damage(Path("s/0/models", file))
    capsys.readouterr()
    job()
    printed = capsys.readouterr().out
    assert "finished before, not trained again" not in printed
    assert "train: best validation loss" in printed
    assert Path("s/0/models/model.safetensors").read_bytes() == weights
    assert list(pd.read_csv("s/experiment.csv")["status"]) == ["finished"]
    job()
    assert "finished before, not trained again" in capsys.readouterr().out


def test_a_job_that_is_trained_again_is_not_finished_meanwhile(
    job: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest goes first and comes last, so that one that is killed in between is no finished one."""
    job()
    Path("s/0/models/model.safetensors").unlink()
    monkeypatch.setattr(trained, "write_telemetry", _fail)
    with pytest.raises(OSError, match="full"):
        job()
    assert not Path("s/0/models/run.json").exists()


def _fail(path: Path, rows: object) -> None:
    path.write_text("step,lay")
    raise OSError("the disk is full")


def _cut_after_lines(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))


def _garble(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a run in `r` that has a report; each test takes a copy."""
    folder, run = tmp_path_factory.mktemp("reported"), Layout(Path("r"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter_project(folder, monkeypatch)
        settings = _settings()
        train.main(settings, run)
        evaluate.main(settings, run)
        write_report(run, open_prepared(settings.data.choice(), run.prepared, by_dvc=False))
    return folder


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("damage", [_empty, _truncate, _cut_after_lines, _garble, os.unlink])
def test_a_report_of_damaged_files_names_them(
    reported: Path, settings: Settings, damage: Callable[[Path], None]
) -> None:
    """Instead of telling of half a training, or of half of the test rows; what was reported before stays."""
    run = Layout(Path("r"))
    for name in ("data", "r"):
        shutil.copytree(reported / name, name)
    before = {path: path.read_bytes() for path in (run.report, *run.figures.iterdir())}
    for path in (run.history, run.telemetry, run.metrics, run.analysis, run.predictions):
        if path == run.telemetry and damage in {_cut_after_lines, _truncate}:  # it may be whole, for all that is known
            continue
        whole = path.read_bytes()
        damage(path)
        with pytest.raises((ValueError, FileNotFoundError), match=f"{path}: expected"):
            write_report(run, open_prepared(settings.data.choice(), run.prepared, by_dvc=False))
        path.write_bytes(whole)
    assert {path: path.read_bytes() for path in (run.report, *run.figures.iterdir())} == before


def test_results_are_written_whole_or_not_at_all(
    settings: Settings, job: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails in between leaves the earlier files as they were, and nothing half."""
    job()
    run = Layout(Path("r"))
    train.main(settings, run)
    evaluate.main(settings, run)
    files = [Path("s/experiment.csv"), Path("s/experiment.md"), Path("s/0/models/recorded.json")]
    files += [run.metrics, run.analysis, run.predictions]
    before = [path.read_text() for path in files]
    original = Path.write_text

    def write_half(path: Path, text: str, encoding: str | None = None) -> int:
        original(path, text[: len(text) // 2], encoding)
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_text", write_half)
    with pytest.raises(OSError, match="full"):
        job()
    with pytest.raises(OSError, match="full"):
        trained.finish_sweep(Path("s"))
    with pytest.raises(OSError, match="full"):
        evaluate.main(settings, run)
    assert [path.read_text() for path in files] == before
    assert not list(Path().rglob("*.part"))
