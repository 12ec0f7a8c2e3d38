"""Sweeps: a table and an MLflow run for the whole, a child for each job, failures reported, restarts that go on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.waiting import wait_until

Run = Callable[..., subprocess.CompletedProcess[str]]
TRAIN = ("-m", "glassnet.stages.train", "-m")


def _sweep(run: Run, folder: Path, *arguments: str, expect: int = 0) -> tuple[pd.DataFrame, str]:
    done = run(folder, sys.executable, *TRAIN, "hydra.sweep.dir=sweep", "training.epochs=4", *arguments, expect=expect)
    return pd.read_csv(folder / "sweep" / "experiment.csv"), done.stdout + done.stderr


def _weights(folder: Path) -> dict[str, bytes]:
    return {path.parents[1].name: path.read_bytes() for path in folder.glob("*/models/model.safetensors")}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_a_sweep_is_a_run_with_a_child_for_each_job(fresh: Path, run: Run) -> None:
    """Four jobs, two of which fail: they are in the table, with the reason, and failed children in MLflow.

    Started again, with the mistake mended, the sweep trains those two alone, and ends well.
    """
    swept = ("optimizer.learning_rate=0.01,0.1", "model.dropout=0.0,1.5")
    table, printed = _sweep(run, fresh, *swept, expect=1)
    assert list(table["status"]) == ["finished", "finished", "failed", "failed"]
    assert list(table["validation_loss"][:2]) == sorted(table["validation_loss"][:2])
    assert table["notes"][2].startswith("settings: model.dropout: expected a number less than 1, received 1.5")
    assert table["run"][:2].str.len().eq(32).all()
    assert "train: 2 of 4 jobs failed" in printed
    text = (fresh / "sweep" / "experiment.md").read_text(encoding="utf-8")
    assert text in printed
    assert (fresh / "sweep" / "by_optimizer_learning_rate.png").stat().st_size > 5_000
    assert not (fresh / "sweep" / "by_model_dropout.png").exists()  # of one value only there are results

    client = mlflow.MlflowClient(f"sqlite:///{fresh}/mlflow.db")
    runs = client.search_runs(["1"])
    parent = next(each for each in runs if "mlflow.parentRunId" not in each.data.tags)
    children = {each.info.run_name: each for each in runs if each is not parent}
    assert {each.data.tags["mlflow.parentRunId"] for each in children.values()} == {parent.info.run_id}
    assert sorted(children) == [
        f"{rate}, {dropout}: optimizer.learning_rate={rate}, model.dropout={dropout}"
        for rate in (0.01, 0.1)
        for dropout in (0.0, 1.5)
    ]
    assert parent.info.run_name == "sweep of optimizer.learning_rate, model.dropout"
    assert parent.data.tags["mlflow.note.content"] == "The sweep in `sweep`."
    good, bad = (
        children[f"0.1, {dropout}: optimizer.learning_rate=0.1, model.dropout={dropout}"] for dropout in (0.0, 1.5)
    )
    assert (good.info.status, bad.info.status, parent.info.status) == ("FINISHED", "FAILED", "FAILED")
    assert bad.data.tags["glassnet.failure"] == table["notes"][2]
    assert good.data.params["optimizer.learning_rate"] == "0.1"
    assert len(client.get_metric_history(good.info.run_id, "validation_loss")) == 4
    kept = {each.path for each in client.list_artifacts(parent.info.run_id)}
    assert {"experiment.csv", "experiment.md", "figures"} <= kept

    before = _weights(fresh / "sweep")
    table, printed = _sweep(run, fresh, swept[0], "model.dropout=0.0,0.5")
    assert printed.count("finished before, not trained again") == 2
    assert list(table["status"]) == ["finished"] * 4
    assert {job: _weights(fresh / "sweep")[job] for job in before} == before
    assert client.get_run(parent.info.run_id).info.status == "FINISHED"

    # A smaller one, in the same folder.
    table, _ = _sweep(run, fresh, "optimizer.learning_rate=0.01,0.1", "tracking=none")
    assert list(table["job"]) in ([0, 1], [1, 0])
    assert (fresh / "sweep/3/models/model.safetensors").is_file()  # nothing is lost


def test_the_launcher_changes_no_result(fresh: Path, run: Run) -> None:
    """One after another, in two processes that make the database together, and through submitit: the same bytes.

    A fixed key of a swept group reaches the jobs in every way.
    """
    swept = ("seed=range(2)", "model=mlp,softmax", "model.activation=tanh")
    one, _ = _sweep(run, fresh, *swept, "tracking=none")
    weights = _weights(fresh / "sweep")
    assert len(set(weights.values())) >= 3
    for launcher in ("joblib", "submitit_local"):
        run(fresh, "rm", "-r", "sweep")
        other, printed = _sweep(run, fresh, *swept, f"hydra/launcher={launcher}")
        assert _weights(fresh / "sweep") == weights
        pd.testing.assert_frame_equal(one.drop(columns=["seconds", "run"]), other.drop(columns=["seconds", "run"]))
        assert other["run"].nunique() == 4, printed
        assert "warning" not in printed
    text = (fresh / "sweep" / "experiment.md").read_text(encoding="utf-8")
    means = one.groupby("model")["validation_loss"].agg(["mean", "std"])
    for model in ("mlp", "softmax"):
        assert f"{means['mean'][model]:.5g} ± {means['std'][model]:.2g}" in text


def test_an_ablation_wins_over_overrides(fresh: Path, run: Run) -> None:
    """It is worth as much as if the settings stood in conf/; as nothing, if the command line won."""
    given = ("data=digits", "preset=small", "model.dropout=0.5", "schedule=cosine", "schedule.final_fraction=0.5")
    table, printed = _sweep(
        run, fresh, "experiment=ablation", "ablation=nothing,no_dropout,no_schedule", "seed=range(2)", *given,
        "tracking=none",
    )  # fmt: skip
    by_ablation = table.groupby("ablation")["validation_loss"].mean()
    assert by_ablation["no_dropout"] < by_ablation["nothing"] - 0.1
    assert by_ablation["no_schedule"] != by_ablation["nothing"]
    assert "off already" not in printed
    alone = run(
        fresh, sys.executable, "-m", "glassnet.stages.train", "data=digits", "preset=small", "training.epochs=4",
        "schedule=constant", "model.dropout=0.5", "tracking=none", "hydra.run.dir=alone",
    )  # fmt: skip
    no_schedule = table[(table["ablation"] == "no_schedule") & (table["seed"] == 0)]["validation_loss"].item()
    assert f"train: best validation loss {no_schedule!r} at epoch" in alone.stdout


def test_a_killed_sweep_goes_on(fresh: Path, run: Run) -> None:
    """Killed once three of six jobs are done; started again, it ends as one that never was."""
    swept = ("seed=range(6)", "tracking=none")
    whole, _ = _sweep(run, fresh, *swept)
    weights = _weights(fresh / "sweep")
    run(fresh, "rm", "-r", "sweep")
    process = subprocess.Popen(
        [sys.executable, *TRAIN, "hydra.sweep.dir=sweep", "training.epochs=4", *swept],
        cwd=fresh, env=os.environ | {"PYTHONPATH": "src"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until((fresh / "sweep" / "2" / "models" / "recorded.json").is_file, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again, printed = _sweep(run, fresh, *swept)
    assert printed.count("finished before") >= 3
    assert _weights(fresh / "sweep") == weights
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), whole.drop(columns="seconds"))


def test_folders_may_have_any_name(fresh: Path, run: Run) -> None:
    """The project's and the sweep's, with the signs that Hydra's grammar of overrides gives a meaning."""
    folder = fresh.rename(fresh.with_name("it's a (project), isn't it"))
    arguments = ("hydra.sweep.dir='my sweep'", "training.epochs=1", "seed=0,1", "tracking=none")
    run(folder, sys.executable, *TRAIN, *arguments)
    assert list(pd.read_csv(folder / "my sweep" / "experiment.csv")["status"]) == ["finished"] * 2


@pytest.mark.parametrize(
    ("experiment", "jobs"), [("kfold", 5), ("ablation", 15), ("learning_rate", 15), ("benchmarks", 45)]
)
def test_experiments_are_sweeps_of_one_word(fresh: Path, run: Run, experiment: str, jobs: int) -> None:
    """Each finishes all its jobs, and its table has means with their spread."""
    table, printed = _sweep_of(run, fresh, experiment)
    assert list(table["status"]) == ["finished"] * jobs
    assert "## Mean ± standard deviation over" in printed
    if experiment == "ablation":
        off = "no_dropout, no_normalization, no_l2, no_label_smoothing, no_averaging, no_augmentation"
        note = f"ablation: {off}: off already, so that there is nothing to turn off; 30 jobs are not trained"
        assert printed.index(f"train: note: {note}") < printed.index("train: epoch 1/4")
        assert f"\n- {note}\n" in printed
        assert "| no_hidden_layers | +" in printed


def _sweep_of(run: Run, folder: Path, experiment: str) -> tuple[pd.DataFrame, str]:
    arguments = (f"experiment={experiment}", "hydra.sweep.dir=sweep", "training.epochs=4", "tracking=none")
    done = run(folder, sys.executable, "-m", "glassnet.stages.train", *arguments)
    return pd.read_csv(folder / "sweep" / "experiment.csv"), done.stdout


SEARCH = ("-m", "glassnet.stages.search", "search.trials=10", "search.folder=sweep")
FIXED = ("data=digits", "preset=small", "training.epochs=8", "tracking=none")
SPACE = (*FIXED, "optimizer.learning_rate=tag(log, interval(1e-5, 1))", "model.hidden_sizes=[4],[16]")


def test_a_search_learns_prunes_and_goes_on(fresh: Path, run: Run) -> None:
    """The best of ten is good, hopeless ones are ended early; a search cut short goes on to the same table."""
    run(fresh, sys.executable, *SEARCH, *SPACE)
    table = pd.read_csv(fresh / "sweep" / "experiment.csv")
    assert len(table) == 10
    assert table["validation_accuracy"][0] > 0.9
    assert set(table["status"]) == {"finished", "pruned"}
    assert table["notes"].dropna().str.startswith("after epoch ").all()
    weights = _weights(fresh / "sweep")
    for number in range(6, 10):
        run(fresh, "rm", "-r", f"sweep/{number}")
    again = run(fresh, sys.executable, *SEARCH, *SPACE).stdout
    assert again.count("finished before") >= 3
    assert _weights(fresh / "sweep") == weights
    pd.testing.assert_frame_equal(
        pd.read_csv(fresh / "sweep" / "experiment.csv").drop(columns="seconds"), table.drop(columns="seconds")
    )
