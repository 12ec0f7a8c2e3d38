"""A target whose logarithm is learnt: where losses are shown it is said that they are the logarithm's."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassnet.config import CONF, register_resolvers, to_settings
from glassnet.config.compose import composed
from glassnet.reporting import Launch, sweep_figures
from glassnet.reporting.tried import tried_on
from glassnet.runs import Layout, run_stage
from glassnet.runs.improvements import compared_in, read_improvements
from glassnet.stages import evaluate, improve, range_test, report, search, train
from glassnet.tracking.client.runs import NOTE_TAG, note_of_losses
from tests.settings import enter_project

TABLE = ("data=diabetes", "tracking=none", "training.batch_size=64")
SHORT = ("training.epochs=3", "training.baseline.epochs=2", "training.telemetry_every=null")
LOG = "data.target_transform=log"
OF_LOGARITHM = "of the standardized logarithm of the target"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target of diabetes is 25 to 346: its errors are above 20 in its units, and below 1 in logarithms."""
    enter_project(tmp_path, monkeypatch)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a stage with arguments of its own beside those of the table, and returns what it printed."""

    def run(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments, *TABLE, *SHORT])
        if name in {"search", "improve"}:
            {"search": search, "improve": improve}[name].main()
        else:
            main: Any = {"train": train, "evaluate": evaluate, "report": report, "range_test": range_test}[name]
            run_stage(name, main.main, getattr(main, "finish_sweep", None))
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("transform", [LOG, "data.target_transform=none"])
def test_the_console_says_what_losses_and_errors_are_of(stage: Callable[..., str], transform: str) -> None:
    """Of the logarithm or of the target, standardized; scores of the test rows are in its own units."""
    learnt = OF_LOGARITHM if transform == LOG else "of the standardized target"
    printed = stage("train", transform, "hydra.run.dir=run")
    assert f"train: losses and errors are {learnt}\n" in printed
    assert printed.index(learnt) < printed.index("validation mae")
    assert "in units of the target" in stage("evaluate", transform, "hydra.run.dir=run")
    assert f"range_test: losses are {learnt}\n" in stage("range_test", transform, "hydra.run.dir=test")


def test_a_sweep_says_so_below_its_table_and_in_its_figures(
    stage: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one reads them: on the console, in experiment.md, and at the axis."""
    labels: list[str] = []

    def keep(figure: Any, path: Path) -> None:
        labels.append(figure.axes[0].get_ylabel())
        path.touch()

    monkeypatch.setattr(sweep_figures, "save", keep)
    printed = stage("train", "-m", "experiment=kfold", "data.folds=2", "data.fold=0,1", LOG, "hydra.sweep.dir=s")
    note = f"- The scores are {OF_LOGARITHM}, whose standard deviation is 1.\n"
    assert note in printed
    assert note in Path("s/experiment.md").read_text(encoding="utf-8")
    assert labels == ["best validation loss of the logarithm"]
    assert note in stage("search", "search.folder=t", "search.trials=2", "seed=0,1", LOG)


def test_an_improvement_is_one_of_the_loss_of_the_logarithm(stage: Callable[..., str]) -> None:
    """On the console, in the record and in the report."""
    run = (LOG, "optimizer.learning_rate=0.0001", "hydra.run.dir=run")
    stage("train", *run)
    assert "validation loss of the logarithm against theirs:" in stage("improve", "improve.trainings=4", *run)
    known = read_improvements(Layout(Path("run")))
    assert known["of_logarithm"]
    assert compared_in(known) == "validation loss of the logarithm"
    tried = tried_on(Layout(Path("run")), str(known["key"]), Launch(run, standalone=True, is_final=False))
    assert tried is not None
    assert ": validation loss of the logarithm -" in tried.best[0][0]


def test_a_run_in_mlflow_has_it_for_a_description() -> None:
    """Its metrics by epoch stand beside those of the test rows."""
    register_resolvers(CONF)
    learnt, plain = (to_settings(composed(["data=diabetes", *each]), "test") for each in ([LOG], []))
    said = f"Losses and errors by epoch are {OF_LOGARITHM}, those of test rows in its own units."
    assert note_of_losses(learnt) == {NOTE_TAG: said}
    assert note_of_losses(plain) == {}


def test_an_ensemble_says_what_its_members_losses_are_of(stage: Callable[..., str]) -> None:
    """And gives its own errors in the target's units."""
    run = (LOG, "experiment=ensemble", "training.ensemble=2", "hydra.run.dir=run")
    for name in ("train", "evaluate", "report"):
        stage(name, *run)
    section = Path("run/reports/model_report.md").read_text(encoding="utf-8").partition("## Ensemble")[2]
    assert (
        f"Their losses and errors are {OF_LOGARITHM}; averaged are their predictions in the target's units" in section
    )
    assert float(section.partition(", MAE ")[2].split()[0]) > 20
