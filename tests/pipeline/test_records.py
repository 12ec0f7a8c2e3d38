"""Each run in MLflow is one training: nothing of another one, all of its own, however often it is started."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest
from filelock import FileLock
from mlflow.entities import Run as Recorded

from tests.settings import PROJECT

Run = Callable[..., subprocess.CompletedProcess[str]]
Train = Callable[..., str]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours


@pytest.fixture
def train(tmp_path: Path, run: Run) -> Train:
    """Starts a stage (train, if none is named) in a folder with conf/ and src/, and returns what it printed."""
    for name in ("conf", "src"):
        (tmp_path / name).symlink_to(PROJECT / name)

    def start(*overrides: str, stage: str = "train", expect: int = 0, **environment: str) -> str:
        command = (sys.executable, "-m", f"glassnet.stages.{stage}")
        done = run(tmp_path, *command, *overrides, expect=expect, **environment)
        return done.stdout + done.stderr

    return start


def _client(folder: Path) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")


def _runs(folder: Path) -> list[Recorded]:
    """Return all runs but those that stand for a whole sweep, the first one first."""
    found = _client(folder).search_runs(["1"], order_by=["attributes.start_time ASC"])
    return [each for each in found if "glassnet.sweep" not in each.data.tags]


def _epochs(folder: Path, run: Recorded) -> list[int]:
    return [metric.step for metric in _client(folder).get_metric_history(run.info.run_id, "validation_loss")]


def test_a_sweep_with_other_settings_in_the_same_folder_has_runs_of_its_own(train: Train, tmp_path: Path) -> None:
    """Those of the first stay what they were, marked as replaced; the same settings again find theirs."""
    sweep = ("-m", "seed=0,1", "hydra.sweep.dir=sweep")
    first, second = (
        ("training.epochs=3", "optimizer.learning_rate=0.5"), ("training.epochs=4", "optimizer.learning_rate=0.01")
    )  # fmt: skip
    train(*sweep, *first)
    train(*sweep, *second)
    train(*sweep, *second)
    runs = _runs(tmp_path)
    assert [(each.data.params["training.epochs"], each.data.params["optimizer.learning_rate"]) for each in runs] == [
        ("3", "0.5"), ("3", "0.5"), ("4", "0.01"), ("4", "0.01"),
    ]  # fmt: skip
    assert [_epochs(tmp_path, each) for each in runs] == [[1, 2, 3]] * 2 + [[1, 2, 3, 4]] * 2
    assert ["glassnet.replaced" in each.data.tags for each in runs] == [True, True, False, False]
    for each in runs[2:]:
        manifest = json.loads((Path(each.data.tags["glassnet.folder"]) / "models" / "run.json").read_text())
        assert each.data.metrics["best_validation_loss"] == manifest["best_validation_loss"]


def test_jobs_follow_their_sweep_whose_run_was_deleted(train: Train, tmp_path: Path) -> None:
    """The sweep gets another run, and its jobs are below that; one that was deleted too is recorded anew."""
    sweep = ("-m", "seed=0,1", "hydra.sweep.dir=sweep", "training.epochs=3")
    train(*sweep)
    client = _client(tmp_path)
    for each in client.search_runs(["1"], "tags.`glassnet.sweep` != 'none'"):
        client.delete_run(each.info.run_id)
    kept, lost = (each.info.run_id for each in _runs(tmp_path))
    client.delete_run(lost)
    train(*sweep)
    (parent,) = client.search_runs(["1"], "tags.`glassnet.sweep` != 'none'")
    jobs = _runs(tmp_path)
    assert [each.info.run_id == kept for each in jobs] == [True, False]
    assert [each.data.tags["mlflow.parentRunId"] for each in jobs] == [parent.info.run_id] * 2
    assert [each.data.params["seed"] for each in jobs] == ["0", "1"]


def test_scores_of_an_earlier_training_stay_with_it(train: Train, tmp_path: Path) -> None:
    """A folder that was evaluated is trained in again: the new run has neither its scores nor its figures."""
    train("training.epochs=3", "seed=1", "hydra.run.dir=out")
    train("training.epochs=3", "seed=1", "hydra.run.dir=out", stage="evaluate")
    train("training.epochs=3", "seed=1", "hydra.run.dir=out", stage="report")
    train("training.epochs=5", "seed=2", "hydra.run.dir=out")
    first, second = _runs(tmp_path)
    assert "test_accuracy" in first.data.metrics
    assert not [name for name in second.data.metrics if name.startswith("test_")]
    manifest = json.loads((tmp_path / "out" / "models" / "run.json").read_text())
    assert second.data.metrics["best_validation_loss"] == manifest["best_validation_loss"]
    kept = {file.path for file in _client(tmp_path).list_artifacts(second.info.run_id, "figures")}
    assert kept == {"figures/learning_curves.png"}

    metrics = tmp_path / "out" / "reports" / "metrics.json"
    metrics.write_text(json.dumps({"accuracy": 0.5, "validation": {"epoch": 1, "loss": 0.5, "accuracy": 0.5}}))
    printed = train("training.epochs=5", "seed=2", "hydra.run.dir=out", "training.resume=true")
    assert "out/reports/metrics.json is of another training than out/models/model.safetensors" in printed
    assert not [name for name in _runs(tmp_path)[1].data.metrics if name.startswith("test_")]


def test_the_page_under_glass_is_kept_with_its_run(train: Train, tmp_path: Path) -> None:
    """And with no other: one that lies in the folder from an earlier training is left where it is."""
    own = ("training.epochs=3", "hydra.run.dir=out")
    train(*own, "seed=1")
    train(*own, "seed=1", stage="look")
    page = tmp_path / "out" / "reports" / "look.html"
    earlier = page.read_bytes()
    train(*own, "seed=2")
    assert not page.exists()
    page.write_bytes(earlier)
    train(*own, "seed=2", "training.resume=true")
    artifacts = [{file.path for file in _client(tmp_path).list_artifacts(each.info.run_id)} for each in _runs(tmp_path)]
    assert ["look.html" in each for each in artifacts] == [True, False]


def test_a_retried_job_keeps_its_run_whatever_its_settings_are_called(train: Train, tmp_path: Path) -> None:
    """Settings with quotes: failed for want of a table, beside jobs that have one; then trained, then found again."""
    lines = [f"{row % 7}.5,{row * row % 11}.25,{'ab'[row % 2]}" for row in range(60)]
    table = "\n".join(["x,y,kind", *lines]) + "\n"
    (tmp_path / "there.csv").write_text(table)
    sweep = ("-m", "hydra.sweep.dir=sweep", "data=csv", "data.path=there.csv,rows.csv", "data.target=kind",
             "training.epochs=2")  # fmt: skip
    swept = """data.missing_values=["it's"],['"NA"']"""
    assert "2 of 4 jobs failed" in train(*sweep, swept, expect=1)
    failed = _runs(tmp_path)
    assert sorted(each.info.status for each in failed) == ["FAILED"] * 2 + ["FINISHED"] * 2
    (tmp_path / "rows.csv").write_text(table)
    for _ in range(2):
        train(*sweep, swept)
        runs = _runs(tmp_path)
        assert {each.info.run_id for each in runs} == {each.info.run_id for each in failed}
        assert [each.info.status for each in runs] == ["FINISHED"] * 4
        assert not [each for each in runs if "glassnet.failure" in each.data.tags]
        assert [each.data.tags["glassnet.record"] for each in runs] == ["complete"] * 4
        assert [_epochs(tmp_path, each) for each in runs] == [[1, 2]] * 4


def test_jobs_side_by_side_are_runs_of_their_own(train: Train, tmp_path: Path) -> None:
    """On a database that is not there yet; a job that is given twice is one training, and one run."""
    parallel = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=3", "hydra.sweep.dir=sweep")
    printed = train("-m", "seed=0,0,1,2", "training.epochs=2", *parallel)
    assert "warning" not in printed
    runs = _runs(tmp_path)
    assert [_epochs(tmp_path, each) for each in runs] == [[1, 2]] * 3
    assert len({each.data.tags["glassnet.training"] for each in runs}) == 3
    assert {each.data.tags["glassnet.record"] for each in runs} == {"complete"}


def test_what_a_store_did_not_take_is_recorded_later(train: Train, tmp_path: Path) -> None:
    """The warning says how; a sweep whose store hangs waits once, and says once how many jobs are missing."""
    impatient = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "1"}
    alone = ("training.epochs=2", "hydra.run.dir=out")
    sweep = ("-m", "seed=0,1,2", "training.epochs=2", "hydra.sweep.dir=sweep")
    with FileLock(tmp_path / ".mlflow.lock"):
        printed = train(*alone, **impatient)
        assert "the same command with hydra.run.dir=out training.resume=true records them" in printed
        printed = train(*sweep, **impatient)
        assert printed.count("warning") == 2
        assert "warning: the sweep was not recorded" in printed
    assert not (tmp_path / "mlflow.db").exists()
    train(*alone, "training.resume=true")
    (single,) = _runs(tmp_path)
    assert single.data.tags["glassnet.record"] == "complete"
    assert _epochs(tmp_path, single) == [1, 2]
    assert train(*sweep).count("finished before, not trained again") == 3
    assert len(_runs(tmp_path)) == 4
