"""How MLflow's pages show the runs: as trainings, in columns of scores that our runs have; and the command for it."""

import json
import os
import socket
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest

from glassnet.config import UserError, flatten
from glassnet.evaluation import classification_scores, grouped, regression_scores
from glassnet.runs import one_line_errors
from glassnet.stages import ui
from glassnet.tracking import show
from glassnet.tracking.client.addresses import own_store
from glassnet.tracking.client.calls import call_store, quiet_warnings
from glassnet.tracking.client.experiment_view import METRICS, PARAMS, VIEW, experiment_tags, runs_page
from glassnet.tracking.client.opening import open_store
from glassnet.tracking.record.run import _metric_name

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that took this process's place, in a project of its own."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    commands: list[list[str]] = []

    class ReplacedError(BaseException):
        pass

    def replace(program: str, command: list[str], environment: dict[str, str]) -> None:
        commands.append([program, *command, environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"]])
        raise ReplacedError

    monkeypatch.setattr(os, "execve", replace)
    monkeypatch.setattr(sys, "argv", ["ui"])
    return commands


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _show(port: int) -> None:
    with quiet_warnings(), pytest.raises(BaseException, match=r"^$"):
        show(port)


def test_the_columns_are_scores_and_settings_of_our_runs() -> None:
    """A column that no run has would be left out without a word."""
    y = np.arange(30) % 3
    numbers = np.random.default_rng(0).standard_normal(30)
    scores = classification_scores(y, np.full((30, 3), 1 / 3)), regression_scores(numbers, 0 * numbers)
    logged = {_metric_name(name) for each in scores for name in flatten(grouped(each))}
    logged |= {f"best_validation_{name}" for name in ("loss", "accuracy", "mae")}
    assert set(METRICS) <= logged
    settings = (ROOT / "reports" / "model_report.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in settings for name in PARAMS)


def test_mlflow_still_calls_them_so() -> None:
    """The installed version's pages: the keys of the address and of the tag, and the words that they take."""
    pages = Path(mlflow.__file__).parent / "server" / "js" / "build" / "static" / "js"
    text = "".join(path.read_text(encoding="utf-8") for path in pages.glob("*.js"))
    names = [*json.loads(experiment_tags()[f"mlflow.sharedViewState.{VIEW}"]), "workflowType", "machine_learning"]
    names += ["viewStateShareKey", "mlflow.sharedViewState.", "mlflow.experimentKind", "custom_model_development"]
    assert [name for name in [*names, "compareRunsMode", "TABLE"] if name not in text] == []
    assert all(len(value) < 5_000 for value in experiment_tags().values())  # what MLflow's table has room for


def test_the_address_is_that_of_the_runs(served: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """Of each experiment; one from before gets its columns then, and nothing else is changed."""
    uri = own_store()
    client, old = call_store(uri, lambda: open_store(uri, "older"))
    _, ours = call_store(uri, lambda: open_store(uri, "glassnet"))
    assert client.get_experiment(ours).tags == experiment_tags()
    client.delete_experiment_tag(old, f"mlflow.sharedViewState.{VIEW}")
    client.set_experiment_tag(old, "mine", "stays")
    port = _free_port()
    _show(port)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        f"ui: the runs of {name}: {runs_page(f'http://127.0.0.1:{port}', number)}"
        for name, number in (("glassnet", ours), ("older", old))
    ]
    assert client.get_experiment(old).tags == {**experiment_tags(), "mine": "stays"}
    ((program, *command, jobs),) = served
    assert (program, jobs) == (sys.executable, "false")
    assert command[1:4] == ["-m", "mlflow", "ui"]
    assert {uri, "127.0.0.1", str(port)} < set(command)


def test_before_the_first_run_the_page_of_trainings_opens(
    served: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """On a database that is made for it."""
    _show(_free_port())
    assert "no run is recorded yet" in capsys.readouterr().out
    assert "workflowType=machine_learning" in runs_page("", "1")
    assert len(served) == 1


@pytest.mark.parametrize("port", ["x", "0", "70000", "5000.5"])
def test_a_port_that_is_none_is_one_line(
    served: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    """And nothing is started."""
    monkeypatch.setattr(sys, "argv", ["ui", f"port={port}"])
    with pytest.raises(SystemExit) as ended, one_line_errors("ui", place=""):
        ui.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("ui: port: expected a ")
    assert served == []


def test_a_port_of_another_program_is_named(served: list[list[str]]) -> None:
    """MLflow would say so in a traceback, after a while."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"expected one that is free, received {port} .*`make ui PORT=5001`"):
            show(port)
    assert served == []
