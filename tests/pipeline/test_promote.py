"""Promoting a run: its settings in conf/, its model the champion; and the way back."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours

Run = Callable[..., subprocess.CompletedProcess[str]]
OTHER = ("model=softmax", "optimizer=sgd", "optimizer.learning_rate=0.3", "seed=3", "training.baseline.epochs=41",
         "training.max_gradient_norm=1.5", "training.epochs=7")  # fmt: skip


def _runs(folder: Path) -> dict[str, str]:
    """Return the ids of the runs by the kind of model."""
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return {run.data.params["model.name"]: run.info.run_id for run in client.search_runs(["1"])}


def _champion(folder: Path) -> str:
    """Return the id of the run whose model is the champion."""
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return str(client.get_model_version_by_alias("glassnet-wine", "champion").run_id)


def _promote(
    run: Run, folder: Path, what: str, expect: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "glassnet.stages.promote", f"run={what}")
    return run(folder, *command, expect=expect, **environment)


def test_a_run_is_promoted_and_taken_back(reproduced: Path, run: Run) -> None:
    """conf/ composes to what the run was trained with, comments kept; the pipeline then makes the very same run."""
    run(reproduced, sys.executable, "-m", "glassnet.stages.train", *OTHER, "hydra.run.dir=outputs/other")
    runs = _runs(reproduced)
    _promote(run, reproduced, runs["mlp"])
    assert run(reproduced, "git", "status", "--porcelain").stdout == ""
    _promote(run, reproduced, runs["softmax"][:12])
    assert _champion(reproduced) == runs["softmax"]
    params = yaml.safe_load((reproduced / "params.yaml").read_text())
    assert (params["model"]["name"], params["optimizer"]["learning_rate"], params["seed"]) == ("softmax", 0.3, 3)
    assert (params["training"]["max_gradient_norm"], params["training"]["baseline"]["epochs"]) == (1.5, 41)
    changed = run(reproduced, "git", "diff", "--numstat", "conf", ":!conf/tuning.json").stdout.split()
    assert changed[0::3] == changed[1::3]  # as many lines added as removed: values alone
    (step,) = json.loads((reproduced / "conf" / "tuning.json").read_text())
    assert step["changed"]["optimizer.learning_rate"] == [0.01, 0.3]
    assert step["changed"]["optimizer.beta1"] == [0.9, None]
    assert (step["before"]["trainings"], step["after"]["trainings"]) == (1, 1)
    run(reproduced, "dvc", "repro", "train")
    assert (reproduced / "models" / "model.safetensors").read_bytes() == (
        reproduced / "outputs" / "other" / "models" / "model.safetensors"
    ).read_bytes()
    run(reproduced, "git", "checkout", "-q", "dvc.lock")

    _promote(run, reproduced, "previous")
    assert run(reproduced, "git", "status", "--porcelain").stdout == ""
    assert _champion(reproduced) == runs["mlp"]


SWEEP = ("-m", "optimizer.learning_rate=0.01,0.03", "seed=0,1", "training.epochs=4", "hydra.sweep.dir=multirun/sweep")


def test_the_winner_of_a_sweep_is_promoted_and_the_final_report_says_why(fresh: Path, run: Run) -> None:
    """Its model is taken from the sweep's folder; the report has each change, and what spoke for it.

    A job whose model is gone, an unknown run, no way back: one line, and conf/ as it was.
    """
    run(fresh, sys.executable, "-m", "glassnet.stages.train", *SWEEP)
    table = pd.read_csv(fresh / "multirun/sweep/experiment.csv")
    winner, loser = table["run"].iloc[0], table["run"].iloc[-1]
    (fresh / "multirun/sweep" / str(table["job"].iloc[-1]) / "models/model.safetensors").unlink()
    for what, part in (
        ("zzz", "received 'zzz', which 0 have"),
        (loser, "or sweep with tracking.sweep_models=true"),
        ("previous", "found none; nothing was promoted on this data set"),
        ("", "received no run"),
    ):
        errors = _promote(run, fresh, what, expect=1).stderr
        assert errors.startswith("promote: ")
        assert part in errors
        assert errors.count("\n") == 1
    assert run(fresh, "git", "status", "--porcelain").stdout == ""

    _promote(run, fresh, winner)
    assert _champion(fresh) == winner
    assert "is the champion already" in _promote(run, fresh, winner).stdout
    final = ("experiment=final", "hydra.run.dir=outputs/final", "training.telemetry_every=null")
    printed = run(fresh, sys.executable, "-m", "glassnet.stages.train", *final).stdout
    assert "evaluate: test accuracy" in printed
    report = (fresh / "outputs/final/reports/model_report.md").read_text(encoding="utf-8")
    what, why = report.split("## What changed, and why")[1].split("## Results")[0].split("Validation scores with")
    rate = table["optimizer.learning_rate"].iloc[0]
    assert f"`optimizer.learning_rate` | `0.01` | `{rate}`" in " ".join(what.split())
    assert "`training.epochs` | `60` | `4`" in " ".join(what.split())
    chosen = table[table["optimizer.learning_rate"] == rate]["validation_loss"]
    assert f"| not on record | {chosen.mean():.4g} ± {chosen.std():.2g} (2) |" in " ".join(why.split())
    assert "beside conf/: `experiment=final" in why


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_steps_are_taken_back_one_by_one(fresh: Path, run: Run) -> None:
    """The first champion too; edits made since stay, and one that is in the way is named, nothing changed."""
    train = (sys.executable, "-m", "glassnet.stages.train", "training.baseline.epochs=1")
    for epochs in ("2", "3"):
        run(fresh, *train, f"training.epochs={epochs}", f"seed={epochs}", f"hydra.run.dir=outputs/{epochs}")
    client = mlflow.MlflowClient(f"sqlite:///{fresh}/mlflow.db")
    ids = {each.data.params["training.epochs"]: each.info.run_id for each in client.search_runs(["1"])}
    conf = fresh / "conf" / "preset" / "wine.yaml"
    for epochs in "2", "3", "2":
        _promote(run, fresh, ids[epochs])
    text = conf.read_text()
    conf.write_text(text.replace("batch_size: 16", "batch_size: 8  # mine"))
    run(fresh, sys.executable, "-m", "glassnet.config")
    for epochs in "3", "2":
        _promote(run, fresh, "previous")
        assert conf.read_text() == text.replace("batch_size: 16", "batch_size: 8  # mine").replace(
            "epochs: 2", f"epochs: {epochs}"
        )
        assert _champion(fresh) == ids[epochs]
    assert len(json.loads((fresh / "conf" / "tuning.json").read_text())) == 1
    assert "glassnet-wine has no champion any more" in _promote(run, fresh, "previous").stdout
    changed = run(fresh, "git", "diff", "--unified=0", "conf").stdout
    edits = [line for line in changed.splitlines() if line.startswith(("-", "+")) and line[:3] not in {"---", "+++"}]
    assert edits == ["-  batch_size: 16", "+  batch_size: 8  # mine"]
    assert "found none" in _promote(run, fresh, "previous", expect=1).stderr
    assert run(fresh, "git", "diff", "--unified=0", "conf").stdout == changed

    for epochs in "2", "3":
        _promote(run, fresh, ids[epochs])
    conf.write_text(conf.read_text().replace("epochs: 3", "epochs: 5"))
    run(fresh, sys.executable, "-m", "glassnet.config")
    before = run(fresh, "git", "diff").stdout
    errors = _promote(run, fresh, "previous", expect=1).stderr
    assert "conf/preset/wine.yaml: training.epochs: 5 (promoted 3, before 2)" in errors
    assert errors.count("\n") == 1
    assert run(fresh, "git", "diff").stdout == before
    assert _champion(fresh) == ids["3"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_settings_are_promoted_as_they_were(fresh: Path, run: Run) -> None:
    """A text like a number, and a list longer than MLflow keeps of a parameter; a store that fails is one line."""
    names = [f"a column with the number {column}" for column in range(400)]
    lines = [f"{row * row % 11}.25,{'ab'[row % 2]},{','.join('1' for _ in names)}" for row in range(60)]
    (fresh / "rows.csv").write_text("\n".join([f"x,2019,{','.join(names)}", *lines]) + "\n")
    csv = ("data=csv", "data.path=rows.csv", "data.target='2019'", f"data.drop=[{','.join(names)}]")
    run(fresh, sys.executable, "-m", "glassnet.stages.train", *csv, "training.epochs=2", "hydra.run.dir=outputs/mine")
    client = mlflow.MlflowClient(f"sqlite:///{fresh}/mlflow.db")
    (found,) = client.search_runs(["1"])
    assert "cut" in found.data.params["data.drop"]
    _promote(run, fresh, found.info.run_id)
    params = yaml.safe_load((fresh / "params.yaml").read_text())["data"]
    assert (params["name"], params["target"], params["drop"]) == ("csv", "2019", names)

    (fresh / "damaged.db").write_bytes(b"not a database, but long enough to look like one" * 100)
    for uri, what in (("http://127.0.0.1:9", "previous"), ("sqlite:///damaged.db", found.info.run_id)):
        errors = _promote(run, fresh, what, expect=1, MLFLOW_TRACKING_URI=uri).stderr
        assert errors.startswith(f"promote: expected a registry that works at {uri}, received: ")
        assert errors.count("\n") == 1
