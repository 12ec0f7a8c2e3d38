"""What a search is asked wrongly, and what it advises when trials fail."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glassnet.config import one_line_errors
from glassnet.stages import search

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Starts a search that fails, in a folder of its own, and returns the lines on stderr."""
    for name in ("conf", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)

    def start(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["search", *arguments])
        with pytest.raises(SystemExit) as ended, one_line_errors("search"):
            search.main()
        assert ended.value.code == 1
        return capsys.readouterr().err

    return start


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("model=glob(*)",), "expected the values to choose from, such as model=mlp,softmax, received 'model=glob(*)'"),
        (("seed=shuffle(1,2,3)",), "received 'seed=shuffle(1,2,3)'; leave shuffle out"),
        (("seed=shuffle(range(3))",), "leave shuffle out"),
        (("--help",), "search.folder, search.prune, received '--help'; a search needs no option"),
        (("-m", "seed=0,1"), "received '-m'; a search needs no option"),
        (("seed=0,1", "search.folder=file"), "search.folder: expected a folder, received 'file', where file is a file"),
        (("seed=0,1", "search.folder=."), "search.folder: expected a folder of its own, received '.'"),
        (("model.dropout=interval(0.5,0.1)",), "received 'model.dropout=interval(0.5,0.1)', which has none"),
        (("optimizer.learning_rate=tag(log,interval(0,1))",), "above 0 with log, received 'optimizer.learning_rate="),
        (("seed=range(3,1)",), "received 'seed=range(3,1)', which has none"),
        (("seed=0,1", "search.seed=-1"), "search.seed: expected a whole number from 0 to 4294967295, received '-1'"),
        (("seed=0,[",), "expected overrides such as optimizer.learning_rate=0.01, received 'seed=0,['"),
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
    errors = failed("experiment=kfold", "seed=0,1", "search.folder=s", "tracking=none")
    assert "experiment: expected none or final, received a sweep's" in errors
    assert errors.count("\n") == 1
    assert not list(Path("s").glob("*/"))


def test_failed_trials_are_repeated_by_the_searchs_own_argument(failed: Callable[..., str]) -> None:
    """Not by that of a sweep."""
    errors = failed("seed=0,1", "optimizer.learning_rate=-1", "tracking=none", "search.trials=2", "search.folder=s")
    assert errors.splitlines()[-1].startswith("search: 2 of 2 jobs failed")
    assert "search.folder=s to run these alone" in errors
    assert Path("s/experiment.md").is_file()
