"""What is wrong with every training of a sweep or a search is one line before the first; what some have, is theirs."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from glassnet.runs import one_line_errors, read_jobs, run_stage
from glassnet.stages import search, train
from glassnet.stages.beforehand import require_trainable
from tests.settings import enter_project

SHORT = ("tracking=none", "training.epochs=2", "training.telemetry_every=null", "hydra/job_logging=disabled")
Start = Callable[[Sequence[str]], tuple[str, list[str]]]
SWEEP = ("-m", "hydra.sweep.dir=s", "seed=0,1")
SEARCH = ("search.folder=s", "search.trials=3", "seed=0,1")
WIDE = ("search.folder=s", "search.trials=3", "model.dropout=interval(0.0,0.5)")


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Start:
    """Starts a sweep or a search that fails; returns its lines on stderr, and the status of each job in order."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which run_stage sets: to have it as it was after the test

    def begin(arguments: Sequence[str]) -> tuple[str, list[str]]:
        is_sweep = "-m" in arguments
        settings = SHORT if is_sweep else SHORT[:-1]
        monkeypatch.setattr(sys, "argv", ["stage", *settings, *arguments])
        with pytest.raises(SystemExit) as ended:
            _sweep() if is_sweep else _search()
        assert ended.value.code == 1
        return capsys.readouterr().err, [job.status for job in read_jobs(Path("s"))]

    return begin


def _sweep() -> None:
    run_stage("train", train.main, check=require_trainable)


def _search() -> None:
    with one_line_errors("search"):
        search.main()


@pytest.mark.parametrize("several", [SWEEP, SEARCH, WIDE])
@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ("training.class_weights={maybe: 3}", "training.class_weights: expected a weight for each class, class_0, cl"),
        ("training.monitor=rmse", "training.monitor: expected a score of a classification, one of loss, accuracy, ba"),
        ("evaluation.threshold=0.3", "evaluation.threshold: expected null or cost, a row of costs for each of the 3 "),
        ("training.shift=1", "training.shift, training.flip: expected them unset for a table such as wine, received 1"),
        ("training.ensemble=60", "too few for folds=60 and test_fraction=0.2"),
        ("optimizer.learning_rate=-1", "settings: optimizer.learning_rate: expected a number greater than 0, recei"),
    ],
)
def test_what_no_training_can_begin_with_is_one_line(
    start: Start, several: tuple[str, ...], wrong: str, part: str
) -> None:
    """No training begins, and the folder of the sweep is not even made."""
    errors, jobs = start([*several, wrong])
    assert part in errors
    assert errors.count("\n") == 1
    assert not jobs
    assert not Path("s").exists()


@pytest.mark.parametrize("several", [SWEEP, SEARCH])
def test_what_is_wrong_with_some_trainings_fails_those(start: Start, several: tuple[str, ...]) -> None:
    """Also where the first one is among them."""
    errors, jobs = start([*several, "training.monitor=loss", "model.dropout=2,0.1"])
    assert "settings: model.dropout: expected a number less than 1, received 2" in errors
    assert len(jobs) == (4 if several == SWEEP else 3)
    assert set(jobs) == {"finished", "failed"}


def test_trainings_that_are_wrong_each_in_its_way_are_one_line_too(start: Start) -> None:
    """It names what is wrong with the first."""
    errors, jobs = start(["-m", "hydra.sweep.dir=s", "model.dropout=2,3"])
    assert errors == (
        "train: settings: model.dropout: expected a number less than 1, received 2; none of the 2 jobs can be trained\n"
    )
    assert not jobs
