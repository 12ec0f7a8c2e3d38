"""A search trains each settings once; what it is asked wrongly; what it advises when trials fail."""

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from glassnet.runs import one_line_errors, read_jobs
from glassnet.stages import search, trained
from tests.settings import enter_project


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a search of short trainings in a folder of its own, and returns the lines on stdout."""
    enter_project(tmp_path, monkeypatch)

    def start(*arguments: str) -> str:
        short = ("search.folder=s", "tracking=none", "training.epochs=2", "training.telemetry_every=null")
        monkeypatch.setattr(sys, "argv", ["search", *short, *arguments])
        with one_line_errors("search"):
            search.main()
        return capsys.readouterr().out

    return start


@pytest.fixture
def failed(searched: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Starts a search that fails, and returns the lines on stderr."""

    def start(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            searched(*arguments)
        assert ended.value.code == 1
        return capsys.readouterr().err

    return start


def _trained() -> list[str]:
    return [" ".join(job.changes) for job in read_jobs(Path("s"))]


def test_a_search_says_by_its_own_name_where_it_is_recorded(
    searched: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by that of train, whose command ended long before."""
    monkeypatch.setattr(trained, "record_sweep", lambda *_: ("0123", "make ui"))
    printed = searched("seed=0,1", "search.trials=1")
    assert "search: the sweep is MLflow run 0123, its jobs are below it; make ui shows them\n" in printed


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_small_space_is_trained_once_and_ends_the_search(searched: Callable[..., str], sampler: str) -> None:
    """Six settings, however often they would be proposed; said in the output and below the table."""
    space = ("model.hidden_sizes=[4],[8]", "model.dropout=0.0,0.2,0.2,0.4", f"search.sampler={sampler}")
    printed = searched(*space, "search.trials=20")
    sizes, dropouts = ("[4]", "[8]"), ("0.0", "0.2", "0.4")
    assert sorted(_trained()) == [f"model.hidden_sizes={size} model.dropout={p}" for size in sizes for p in dropouts]
    note = "ended after 6 of 20 trainings: there are no other settings to try"
    assert f"search: {note}\n" in printed
    assert f"- {note}\n" in Path("s/experiment.md").read_text(encoding="utf-8")
    before = pd.read_csv("s/experiment.csv")
    again = searched(*space, "search.trials=20")
    assert again.count("finished before, not trained again") == 6
    pd.testing.assert_frame_equal(pd.read_csv("s/experiment.csv"), before)


def test_the_same_settings_in_other_words_are_trained_once(searched: Callable[..., str]) -> None:
    """An ablation makes them so: four values of dropout, and one training without any."""
    printed = searched("ablation=nothing,no_dropout", "model.dropout=range(0.1,0.5,0.1)", "search.trials=20")
    assert len(_trained()) == 5
    assert [changes for changes in _trained() if "no_dropout" in changes] == ["ablation=no_dropout model.dropout=0.0"]
    assert "ended after 5 of 20 trainings" in printed


def test_an_interval_of_one_number_ends_the_search(searched: Callable[..., str]) -> None:
    """Rounded, its numbers are one; the sampler would propose it for ever."""
    printed = searched("model.dropout=interval(0.1,0.10001)", "search.trials=3")
    assert _trained() == ["model.dropout=0.1"]
    assert "ended after 1 of 3 trainings: 100 proposals were none but these" in printed


def test_every_way_to_name_values_is_searched(searched: Callable[..., str]) -> None:
    """Ranges of real numbers, whole numbers, choices of a group by a pattern, fixed keys of a swept group."""
    printed = searched(
        "model=glob(*)", "schedule=step,exponential", "schedule.factor=0.5", "model.dropout=range(0,0.4,0.1)",
        "training.batch_size=int(interval(8,64))", "optimizer.learning_rate=tag(log, interval(1e-3, 1e-1))",
        "search.trials=3",
    )  # fmt: skip
    assert [job.status for job in read_jobs(Path("s"))] == ["finished"] * 3
    assert "search: note: model.dropout=range(0,0.4,0.1) has its end, 0.4, too" in printed


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (
            ("model=glob(x*)",),
            "expected the values to choose from, such as model=mlp,softmax, received 'model=glob(x*)'",
        ),
        (("seed=shuffle(1,2,3)",), "received 'seed=shuffle(1,2,3)'; leave shuffle out"),
        (("seed=shuffle(range(3))",), "leave shuffle out"),
        (("--cfg",), "search.folder, search.prune, received '--cfg'; a search needs no option"),
        (("-m", "seed=0,1"), "received '-m'; a search needs no option"),
        (("seed=0,1", "search.folder=file"), "search.folder: expected a folder, received 'file', where file is a file"),
        (("seed=0,1", "search.folder=."), "search.folder: expected a folder of its own, received '.'"),
        (("model.dropout=interval(0.5,0.1)",), "received 'model.dropout=interval(0.5,0.1)', which has none"),
        (("optimizer.learning_rate=tag(log,interval(0,1))",), "above 0 with log, received 'optimizer.learning_rate="),
        (("seed=range(3,1)",), "received 'seed=range(3,1)', which has none"),
        (("seed=0,1", "search.seed=-1"), "search.seed: expected a whole number from 0 to 4294967295, received '-1'"),
        (("seed=range(0,1,0)",), "received 'seed=range(0,1,0)' (range() arg 3 must not be zero)"),
        (
            ("training.batch_size=interval(8,64)",),
            "expected whole numbers, received 'training.batch_size=interval(8,64)'",
        ),
        (("schedule=step,cosine", "schedule.factor=0.5"), "one that schedule=cosine lacks; schedule=exponential and"),
        (
            ("schedule=step,cosin",),
            "expected one of capstone, constant, cosine, coslog4, exponential, one_cycle, plateau, step",
        ),
        (("modell=a,b",), "Unknown setting `modell`; did you mean `model`?"),
        (("seed=0,[",), "expected overrides such as optimizer.learning_rate=0.01, received 'seed=0,['"),
        (("data=digits",), "expected a setting with several values"),
        (("search.trials=0", "seed=0,1"), "search.trials: expected a number of 1 or more, received '0'"),
        (("search.sampler=magic", "seed=0,1"), "search.sampler: expected one of tpe, random"),
        (("search.speed=9", "seed=0,1"), "received 'search.speed=9'"),
    ],
)
def test_what_cannot_be_searched_is_one_line(failed: Callable[..., str], arguments: tuple[str, ...], part: str) -> None:
    """And no trial has been started."""
    Path("file").touch()
    errors = failed(*arguments)
    assert part in errors
    assert errors.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == ["conf", "file", "src"]


def test_a_search_over_the_experiment_of_a_sweep_is_refused(failed: Callable[..., str]) -> None:
    """Its own values would have been left out without a word."""
    errors = failed("experiment=kfold", "seed=0,1")
    assert "experiment: expected none or final, received a sweep's" in errors
    assert errors.count("\n") == 1
    assert not list(Path("s").glob("*/"))


def test_failed_trials_are_repeated_by_the_searchs_own_argument(failed: Callable[..., str]) -> None:
    """Not by that of a sweep."""
    errors = failed("seed=0,1", "optimizer=sgd", "optimizer.learning_rate=1e30", "search.trials=2")
    assert errors.splitlines()[-1].startswith("search: 2 of 2 jobs failed")
    assert "search.folder=s to run these alone" in errors
    assert Path("s/experiment.md").is_file()
