"""Finishing and using a standalone run: settings of another run, and folders that are read-only, are refused."""

import errno
import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_wine

from glassnet.config import Settings, UserError
from glassnet.runs import Job, Layout, Sweep
from glassnet.stages import evaluate, predict, report, train
from glassnet.training import TrainingDivergedError
from tests.settings import enter_project, settings_with

SHORT = ("tracking=none", "training.epochs=2", "training.baseline.epochs=1")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A standalone run on wine, in a folder of its own."""
    enter_project(tmp_path, monkeypatch)
    layout = Layout(Path("run"))
    train.main(_settings(*SHORT), layout)
    return layout


def _refuse(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _settings(*overrides: str) -> Settings:
    return settings_with(*overrides)


def test_a_run_is_finished_with_its_own_settings(run: Layout) -> None:
    """Those of another are named, before anything is written; what changes no result may differ."""
    for stage in (evaluate, report):
        with pytest.raises(UserError, match=r"run: expected the settings .*received data\.name='digits', not 'wine'"):
            stage.main(_settings(*SHORT, "data=digits"), run)
        with pytest.raises(UserError, match=r"received training\.epochs=60, not 2; give the same overrides"):
            stage.main(_settings(SHORT[0], SHORT[2]), run)
    assert not run.metrics.exists()
    evaluate.main(_settings(*SHORT, "training.telemetry_every=7"), run)
    assert run.metrics.is_file()


def test_a_run_from_before_a_setting_existed_can_be_finished(run: Layout) -> None:
    """Its manifest does not have it, and so cannot differ."""
    manifest = json.loads(run.manifest.read_text())
    del manifest["settings"]["training"]["flip"]
    run.manifest.write_text(json.dumps(manifest))
    evaluate.main(_settings(*SHORT), run)


def test_a_folder_without_a_run_cannot_be_finished(run: Layout) -> None:
    """It says what is missing, or damaged."""
    with pytest.raises(FileNotFoundError, match="manifest of a trained run here, found no file; run train first"):
        evaluate.main(_settings(*SHORT), Layout(Path("other")))
    run.manifest.write_text("[]")
    with pytest.raises(ValueError, match=r"received a damaged one \(a list\); train again"):
        evaluate.main(_settings(*SHORT), run)


def _job(*overrides: str) -> Layout:
    """Train a job of a sweep in its folder, as the sweep does, and return the layout of a standalone run there."""
    folder = Path("sweep/1")
    Job(folder, list(overrides), list(overrides), "a start", "running", attempts=1).write()
    train.main(_settings(*SHORT, *overrides), Layout(folder, Sweep(folder.parent, overrides)))
    return Layout(folder)


def test_a_job_of_a_sweep_is_finished_too(
    run: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The baseline that it lacks is trained: the same as a single run has. What the sweep notes of it stays."""
    job = _job("seed=3")
    assert not job.baseline.exists()
    before = job.recorded.read_text()
    monkeypatch.setattr(report, "given_overrides", lambda: ("seed=3",))
    for stage in (evaluate, report):
        stage.main(_settings(*SHORT, "seed=3"), job)
    assert "sweep/1 has no linear baseline, like every job of a sweep: it is trained first" in capsys.readouterr().out
    assert "softmax_regression" in json.loads(job.metrics.read_text())["comparisons"]
    assert (job.figures / "learning_curves.png").is_file()
    assert job.recorded.read_text() == before
    train.main(_settings(*SHORT, "seed=3"), Layout(Path("single")))
    assert job.baseline.read_bytes() == Layout(Path("single")).baseline.read_bytes()


def test_a_refused_evaluation_says_which_overrides_fit(run: Layout) -> None:
    """All of them, since the folder's run is what is to be finished."""
    _job("model.dropout=0.1", "seed=3")
    fitting = r"to train: model\.dropout=0\.1 training\.epochs=2 training\.baseline\.epochs=1 seed=3$"
    with pytest.raises(UserError, match=fitting):
        evaluate.main(_settings(*SHORT), Layout(Path("sweep/1")))


def test_a_training_that_was_stopped_has_nothing_to_evaluate(run: Layout) -> None:
    """It diverged, or a search ended it: the line says which, instead of missing a file."""
    rate = ("optimizer=sgd", "optimizer.learning_rate=1e30")
    with pytest.raises(TrainingDivergedError):
        train.main(_settings(*SHORT, *rate), Layout(Path("diverged")))
    with pytest.raises(
        UserError, match=r"diverged: expected a training that came to its end, .* \(.*finite.*\); there"
    ):
        evaluate.main(_settings(*SHORT, *rate), Layout(Path("diverged")))


def test_predictions_are_written_to_a_file(run: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, or a place below a file, is refused before anything is read, and left as it was."""
    Path("in.csv").write_text("a\n1\n")
    before = sorted(Path().iterdir())
    for output in ("run", "in.csv/x", "."):
        monkeypatch.setattr(sys, "argv", ["predict", "input=in.csv", f"output={output}", f"model={run.model}"])
        with pytest.raises(UserError, match="output: expected a file to write, received"):
            predict.main()
    assert sorted(Path().iterdir()) == before


def test_a_full_disk_names_the_predictions(run: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the part of them that is written first; and no setting that predict does not have."""
    load_wine(as_frame=True).data.head(3).to_csv("in.csv", index=False)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    monkeypatch.setattr(sys, "argv", ["predict", "input=in.csv", "output=new/p.csv", f"model={run.model}"])
    with pytest.raises(
        UserError, match=r"^output: new/p\.csv: expected to read or write .*; free some space on that disk$"
    ):
        predict.main()
    assert list(Path("new").iterdir()) == []


def test_a_network_beyond_all_memory_is_named(run: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    """As any other value that cannot be."""
    from glassnet.runs import one_line_errors

    with pytest.raises(SystemExit), one_line_errors("train"):
        train.main(_settings(*SHORT, "model.hidden_sizes=[2147483647,2147483647]"), run)
    errors = capsys.readouterr().err
    assert errors.startswith("train: expected the arrays to fit in memory, received 'Unable to allocate")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(("patience", "noted"), [(3, True), (4, False)])
def test_a_patience_that_a_plateau_never_outlasts_is_noted(
    run: Layout, capsys: pytest.CaptureFixture[str], patience: int, noted: bool
) -> None:
    """At 3 epochs without a fall both act, and the rate is lowered for nothing."""
    plateau = ("schedule=plateau", "schedule.patience=3", f"training.patience={patience}")
    train.main(_settings(*SHORT, *plateau), Layout(Path("other")))
    assert ("training.patience=3 ends the training before schedule.patience=3" in capsys.readouterr().out) is noted


def test_a_report_whose_figures_cannot_be_drawn_is_not_written(run: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text would show figures that are not there."""
    evaluate.main(_settings(*SHORT), run)

    monkeypatch.setattr("glassnet.reporting.result_figures.draw_reliability", _refuse)
    monkeypatch.setattr(report, "given_overrides", lambda: SHORT)
    with pytest.raises(OSError, match="No space left"):
        report.main(_settings(*SHORT), run)
    assert not run.report.exists()
    assert not run.report_page.exists()
