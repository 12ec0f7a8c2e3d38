"""What joblib's workers make of a sweep's jobs: the same as one process, as forks and as new interpreters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.settings import enter_project

pytestmark = pytest.mark.slow  # whole sweeps

ROOT = Path(__file__).resolve().parents[2]
SWEEP = ("hydra.sweep.dir=s", "seed=0,1,2", "model=mlp,softmax", "training.epochs=2", "tracking=none")
TRAIN = """
import runpy, sys
from glassnet.stages import begin_program
begin_program()
from glassnet.runs import forked_workers
if {are_new}:
    forked_workers.is_single_threaded = lambda: False
sys.argv[0] = "train"
runpy.run_module("glassnet.stages.train", run_name="__main__", alter_sys=True)
"""


def _sweep(*overrides: str, are_new: bool = False) -> tuple[dict[str, bytes], dict[str, object]]:
    """Run a sweep and return the weights of its jobs, and what Hydra wrote of their settings; nothing is left of it."""
    command = [sys.executable, "-c", TRAIN.replace("{are_new}", str(are_new)), "-m", *SWEEP, *overrides]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    weights = {path.parents[1].name: path.read_bytes() for path in Path("s").glob("*/models/model.safetensors")}
    composed = Path("s").glob("*/.hydra/config.yaml")
    settings = {path.parents[1].name: yaml.safe_load(path.read_bytes()) for path in composed}
    Path("s").rename(f"done {len(list(Path().glob('done *')))}")
    return weights, settings


def test_workers_of_any_kind_train_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New ones read once what the jobs have in common; forks are there for later batches, too."""
    enter_project(tmp_path, monkeypatch)
    joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    weights, settings = _sweep()
    assert len(weights) == 6
    assert len(settings) == 6
    for kind in ((), ("hydra.sweeper.max_batch_size=4",), ("hydra.launcher.batch_size=2",)):
        assert _sweep(*joblib, *kind) == (weights, settings), kind
    assert _sweep(*joblib, are_new=True) == (weights, settings)
    assert _sweep("hydra/launcher=joblib", "hydra.launcher.n_jobs=1") == (weights, settings)
