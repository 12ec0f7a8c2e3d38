"""Promoting a run: its settings in conf/, its model the champion; and the way back."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

Run = Callable[..., subprocess.CompletedProcess[str]]
LIST = """
import mlflow
client = mlflow.MlflowClient("sqlite:///mlflow.db")
for run in client.search_runs(["1"]):
    print("RUN", run.data.params.get("model.name"), run.info.run_id)
for model in client.search_registered_models():
    print("CHAMPION", model.name, client.get_model_version_by_alias(model.name, "champion").run_id)
"""
OTHER = ("model=softmax", "optimizer=sgd", "optimizer.learning_rate=0.3", "seed=3", "training.baseline.epochs=41",
         "training.max_gradient_norm=1.5", "training.epochs=7")  # fmt: skip


def _listed(run: Run, folder: Path) -> dict[str, str]:
    lines = [line.split() for line in run(folder, sys.executable, "-c", LIST).stdout.splitlines()]
    return {words[1]: words[2] for words in lines if words and words[0] in {"RUN", "CHAMPION"}}


def _promote(run: Run, folder: Path, what: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "-m", "glassnet.stages.promote", f"run={what}", expect=expect)


def test_a_run_is_promoted_and_taken_back(fresh: Path, run: Run) -> None:
    """conf/ composes to what the run was trained with, comments kept; the pipeline then makes the very same run."""
    run(fresh, "dvc", "repro")
    run(fresh, sys.executable, "-m", "glassnet.stages.train", *OTHER, "hydra.run.dir=outputs/other")
    runs = _listed(run, fresh)
    _promote(run, fresh, runs["mlp"])
    assert run(fresh, "git", "status", "--porcelain").stdout == ""
    _promote(run, fresh, runs["softmax"][:12])
    assert _listed(run, fresh)["glassnet-wine"] == runs["softmax"]
    params = yaml.safe_load((fresh / "params.yaml").read_text())
    assert (params["model"]["name"], params["optimizer"]["learning_rate"], params["seed"]) == ("softmax", 0.3, 3)
    assert (params["training"]["max_gradient_norm"], params["training"]["baseline"]["epochs"]) == (1.5, 41)
    changed = run(fresh, "git", "diff", "--numstat", "conf").stdout.split()
    assert changed[0::3] == changed[1::3]  # as many lines added as removed: values alone
    run(fresh, "dvc", "repro", "train")
    assert (fresh / "models" / "model.safetensors").read_bytes() == (
        fresh / "outputs" / "other" / "models" / "model.safetensors"
    ).read_bytes()
    run(fresh, "git", "checkout", "-q", "dvc.lock")

    _promote(run, fresh, "previous")
    assert run(fresh, "git", "status", "--porcelain").stdout == ""
    assert _listed(run, fresh)["glassnet-wine"] == runs["mlp"]


def test_what_cannot_be_promoted_changes_nothing(fresh: Path, run: Run) -> None:
    """An unknown run, a job without a model in MLflow, no way back: one line, and conf/ as it was."""
    swept = ("-m", "seed=0,1", "training.epochs=2", "hydra.sweep.dir=multirun/sweep")
    run(fresh, sys.executable, "-m", "glassnet.stages.train", *swept)
    job = next(line.split(",") for line in (fresh / "multirun/sweep/experiment.csv").read_text().splitlines()[1:])
    run_id = next(cell for cell in job if len(cell) == 32)
    for what, part in (
        ("zzz", "received 'zzz', which 0 have"),
        (run_id, "tracking.sweep_models=true"),
        ("previous", "found none; git checkout conf params.yaml"),
        ("", "received no run"),
    ):
        errors = _promote(run, fresh, what, expect=1).stderr
        assert errors.startswith("promote: ")
        assert part in errors
        assert errors.count("\n") == 1
    assert run(fresh, "git", "status", "--porcelain").stdout == ""
