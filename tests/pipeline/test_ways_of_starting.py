"""The same settings give the same result whichever way they were started, and every mistake is one line."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest

from glassnet.config import flatten
from glassnet.files import JsonValue
from glassnet.runs import run_stage
from glassnet.stages import train
from glassnet.training import read_history
from tests.settings import enter_project
from tests.waiting import wait_until

Run = Callable[..., subprocess.CompletedProcess[str]]


def _losses(history: Path) -> list[float]:
    return [row["validation_loss"] for row in read_history(history)]


def _swept_by_hydra(run: Run, folder: Path) -> dict[tuple[str, str], list[float]]:
    """Return the losses of a 2x2 grid by model and learning rate; nothing is left of it."""
    grid = ("-m", "model=mlp,softmax", "optimizer.learning_rate=0.1,0.01", "tracking=none", "hydra.sweep.dir=sweep")
    run(folder, sys.executable, "-m", "glassnet.stages.train", *grid)
    losses = {
        (model, rate): _losses(folder / "sweep" / str(job) / "models" / "history.csv")
        for job, (model, rate) in enumerate((m, r) for m in ("mlp", "softmax") for r in ("0.1", "0.01"))
    }
    assert len({tuple(each) for each in losses.values()}) == 4
    run(folder, "rm", "-r", "sweep")
    return losses


def test_dvc_experiments_and_hydra_agree(fresh: Path, run: Run) -> None:
    """`dvc repro`, `dvc exp run -S` and a Hydra sweep: the same losses to the bit."""
    by_hydra = _swept_by_hydra(run, fresh)
    assert run(fresh, "git", "status", "--porcelain").stdout == ""  # a standalone run leaves DVC's outputs alone

    one = ("-S", "model=softmax", "-S", "optimizer.learning_rate=0.1", "-S", "tracking=none")
    run(fresh, "dvc", "exp", "run", "train", *one)
    assert _losses(fresh / "models" / "history.csv") == by_hydra["softmax", "0.1"]
    run(fresh, "git", "checkout", "-q", ".")
    run(fresh, "dvc", "repro", "train")
    assert _losses(fresh / "models" / "history.csv") == by_hydra["mlp", "0.01"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_the_queue_and_hydra_agree(fresh: Path, run: Run) -> None:
    """A queued 2x2 grid on two workers and a Hydra sweep: the same losses to the bit.

    The grid's jobs are in MLflow too, one run each, with every metric that `dvc exp show` has.
    """
    by_hydra = _swept_by_hydra(run, fresh)
    run(fresh, "dvc", "repro", "prepare")  # once, for all jobs
    grid = ("-S", "model=mlp,softmax", "-S", "optimizer.learning_rate=0.1,0.01")
    run(fresh, "dvc", "exp", "run", "--queue", *grid)
    run(fresh, "sh", "-c", "dvc queue start -j 2 >queue.log 2>&1")  # the workers hold on to its output for long
    wait_until(lambda: len(_experiments(run, fresh)) == 4)
    wait_until(lambda: run(fresh, "dvc", "queue", "status").stdout.count("Success") == 4)
    run(fresh, "dvc", "queue", "stop", "--kill", expect=None)
    queued = _queued_experiments(json.loads(run(fresh, "dvc", "exp", "show", "--json").stdout))
    losses = {grid_point: metrics["validation.loss"] for grid_point, metrics in queued.items()}
    assert losses == {grid_point: min(losses) for grid_point, losses in by_hydra.items()}

    runs = mlflow.MlflowClient(f"sqlite:///{fresh}/mlflow.db").search_runs(["1"])
    assert len(runs) == 4
    for each in runs:
        shown = queued[each.data.params["model.name"], each.data.params["optimizer.learning_rate"]]
        kept = {
            name: value for name, value in each.data.metrics.items() if name.startswith(("test_", "best_validation_"))
        }
        assert kept == {_name_in_mlflow(name): value for name, value in shown.items()}


def _experiments(run: Run, folder: Path) -> list[str]:
    """Return the experiments that DVC has kept, by their names in Git: to ask `dvc queue` takes a second each time."""
    time.sleep(0.3)
    names = run(folder, "git", "for-each-ref", "--format=%(refname)", "refs/exps").stdout.splitlines()
    assert "refs/exps/celery/failed" not in names, run(folder, "dvc", "queue", "status").stdout
    return [name for name in names if re.fullmatch(r"refs/exps/\w\w/\w{38}/[^/]+", name)]


def _queued_experiments(shown: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, JsonValue]]:
    """Return the metrics of the queue's experiments, by model and learning rate."""
    found = {}
    for experiment in (each for baseline in shown for each in baseline["experiments"] or []):
        data = experiment["revs"][0]["data"]
        params = data["params"]["params.yaml"]["data"]
        point = params["model"]["name"], str(params["optimizer"]["learning_rate"])
        found[point] = flatten(data["metrics"]["reports/metrics.json"]["data"])
    return found


def _name_in_mlflow(name: str) -> str:
    if name.startswith("validation."):
        return name.replace("validation.", "best_validation_")
    return "test_" + name.removeprefix("baselines.")


def test_a_standalone_run_leaves_a_folder_that_stands_alone(fresh: Path, run: Run) -> None:
    """Resolved configuration, split sizes, history with seconds, model and curves, and a run in MLflow."""
    run(fresh, sys.executable, "-m", "glassnet.stages.train", "training.epochs=3", "hydra.run.dir=outputs/mine")
    folder = fresh / "outputs" / "mine"
    for name in (
        ".hydra/config.yaml",
        "models/model.safetensors",
        "models/run.json",
        "reports/figures/learning_curves.png",
    ):
        assert (folder / name).is_file(), name
    history = read_history(folder / "models" / "history.csv")
    assert len(history) == 3
    assert all(row["seconds"] > 0 for row in history)
    assert (fresh / "mlflow.db").is_file()
    same = ("training.epochs=3", "tracking=none", "hydra.run.dir=outputs/mine")
    for stage in ("evaluate", "report"):
        run(fresh, sys.executable, "-m", f"glassnet.stages.{stage}", *same)
    assert "3 epochs were run" in (folder / "reports" / "model_report.md").read_text()
    assert run(fresh, "git", "status", "--porcelain").stdout == ""
    failed = run(fresh, sys.executable, "-m", "glassnet.stages.train", "hydra.run.dir=.", expect=1)
    assert "a folder of its own" in failed.stderr


def test_an_edited_conf_stops_the_pipeline_until_params_are_generated(fresh: Path, run: Run) -> None:
    """`dvc repro` never composes, so a stale params.yaml has to be an error that says what to run."""
    conf = fresh / "conf" / "optimizer" / "adam.yaml"
    conf.write_text(conf.read_text().replace("learning_rate: 0.01", "learning_rate: 0.02"))
    failed = run(fresh, "dvc", "repro", expect=None)
    assert failed.returncode != 0
    line = next(line for line in failed.stderr.splitlines() if line.startswith("check: params.yaml"))
    assert "make params" in line
    assert not (fresh / "data").exists() or not (fresh / "data" / "raw").exists()
    run(fresh, sys.executable, "-m", "glassnet.config")
    assert "learning_rate: 0.02" in (fresh / "params.yaml").read_text()
    run(fresh, "dvc", "repro", "check")


def test_dvc_neither_trains_an_edited_params_yaml_nor_forgets_an_applied_experiment(reproduced: Path, run: Run) -> None:
    """Both would be a training with other settings than the user believes; DVC says nothing of either."""
    run(reproduced, "git", "commit", "-qam", "what the pipeline made, if that is not committed", expect=None)
    params = reproduced / "params.yaml"
    params.write_text(params.read_text().replace("learning_rate: 0.01\n", "learning_rate: 0.5\n"))
    failed = run(reproduced, "dvc", "repro", "check", expect=None)
    assert "check: params.yaml: expected it as it was generated, received an edited one" in failed.stderr
    run(reproduced, "git", "checkout", "-q", ".")
    run(reproduced, "dvc", "exp", "run", "check", "-n", "mine", "-S", "model=softmax")
    run(reproduced, "git", "checkout", "-q", ".")
    run(reproduced, "dvc", "exp", "apply", "mine")
    failed = run(reproduced, "dvc", "exp", "run", "check", "-S", "seed=1", expect=None)
    assert failed.returncode != 0
    assert "check: params.yaml: expected model=softmax" in failed.stderr


def test_params_yaml_is_what_conf_composes_to(fresh: Path, run: Run) -> None:
    """The committed file is up to date, and DVC's own composition leaves it as it is."""
    run(fresh, sys.executable, "-m", "glassnet.config")
    run(fresh, "dvc", "exp", "run", "check")
    assert run(fresh, "git", "status", "--porcelain", "params.yaml").stdout == ""


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("optimizer.learning_rate=-1", ("optimizer.learning_rate", "greater than 0", "-1")),
        ("training.batch_size=0", ("training.batch_size", "greater than or equal to 1", "0")),
        ("data.test_fraction=1.5", ("data.test_fraction", "less than 1", "1.5")),
        ("optimizer.lerning_rate=1", ("Unknown setting `optimizer.lerning_rate`", "`optimizer.learning_rate`")),
        ("model=transformer", ("model", "mlp, softmax", "transformer")),
        ("optimizer.learning_rate=1e30", ("learning_rate 9.9", "after 1 steps", "finite", "too high")),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    override: str,
    parts: tuple[str, ...],
) -> None:
    """The key, what was expected and what came; no traceback."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which run_stage sets: to have it as it was after the test
    monkeypatch.setattr(sys, "argv", ["train", override, "tracking=none"])
    with pytest.raises(SystemExit) as ended:
        run_stage("train", train.main)
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert all(part in line for part in parts), line


def test_a_dead_tracking_store_costs_a_warning_only(reproduced: Path, run: Run) -> None:
    """Neither a server that does not answer nor a damaged database fails the stage."""
    (reproduced / "mlflow.db").write_bytes(b"not a database, but long enough to look like one" * 100)
    for environment in ({"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}, {}):
        done = run(reproduced, sys.executable, "-m", "glassnet.stages.report", **environment)
        assert "warning: the run was not recorded" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert run(reproduced, "git", "status", "--porcelain").stdout == ""


def test_a_history_from_the_run_cache_is_recorded(reproduced: Path, run: Run) -> None:
    """After a shorter experiment, DVC brings the longer history back; the other's seconds stay out of it."""
    run(reproduced, "dvc", "exp", "run", "train", "-S", "training.epochs=3", "-S", "tracking=none")
    run(reproduced, "git", "checkout", "-q", ".")
    run(reproduced, "dvc", "repro")
    assert len(read_history(reproduced / "models" / "history.csv")) > 3
    done = run(reproduced, sys.executable, "-m", "glassnet.stages.report")
    assert "recorded as MLflow run" in done.stdout
    assert done.stderr == ""
