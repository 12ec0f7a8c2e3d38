"""What several people or a cluster share: a tracking server for the runs, a DVC remote for data and models."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from tests.waiting import LONGEST

Run = Callable[..., subprocess.CompletedProcess[str]]

PREDICT = """
import json, sys
import mlflow, pandas as pd
table, target, *runs = sys.argv[1:]
rows = pd.read_csv(table).drop(columns=target)
models = [mlflow.pyfunc.load_model(f"runs:/{run}/model") for run in runs]
print(json.dumps([list(model.predict(rows)["class"]) for model in models]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a tracking server with a store of its own, which hands artifacts on too."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [str(Path(sys.executable).parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--serve-artifacts", "--artifacts-destination", str(folder / "artifacts")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | quiet | {"PATH": path}, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address, process)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=LONGEST)


def _wait_until_healthy(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310  # a loopback address
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the server did not answer in time")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_parallel_jobs_report_to_a_server(fresh: Path, reproduced: Path, run: Run, server: str, tmp_path: Path) -> None:
    """Two processes train; parent, children, epochs, artifacts and models are all on the server, nothing beside it."""
    sweep = ("-m", "model=mlp,softmax", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweep.dir=sweep")
    to_server = ("tracking.experiment=swept", f"tracking.uri={server}", "tracking.sweep_models=true")
    printed = run(fresh, sys.executable, "-m", "glassnet.stages.train", *sweep, "training.epochs=4", *to_server)
    assert "warning" not in printed.stdout + printed.stderr
    assert printed.stdout.endswith(f"its jobs are below it; {server} shows them\n")
    assert not (fresh / "mlflow.db").exists()
    assert not (fresh / "mlartifacts").exists()

    client = mlflow.MlflowClient(server)
    experiment = client.get_experiment_by_name("swept")
    runs = client.search_runs([experiment.experiment_id])
    parent = next(each for each in runs if "mlflow.parentRunId" not in each.data.tags)
    children = sorted((each for each in runs if each is not parent), key=lambda each: str(each.info.run_name))
    assert [each.info.run_name for each in children] == ["model=mlp", "model=softmax"]
    assert {each.data.tags["mlflow.parentRunId"] for each in children} == {parent.info.run_id}
    assert {each.info.status for each in runs} == {"FINISHED"}
    assert {"experiment.csv", "experiment.md", "figures"} <= _artifacts(client, parent.info.run_id)
    for job, child in enumerate(children):
        assert child.data.params["model.name"] == ("mlp", "softmax")[job]
        steps = [metric.step for metric in client.get_metric_history(child.info.run_id, "validation_loss")]
        assert steps == [1, 2, 3, 4]
        assert {"history.csv", "telemetry.csv", "run.json"} <= _artifacts(client, child.info.run_id)

    table = reproduced / "data" / "raw" / "wine.csv"
    ids = [each.info.run_id for each in children]
    environment = {"MLFLOW_TRACKING_URI": server, "OPENBLAS_CORETYPE": "Haswell"}
    there = run(tmp_path, sys.executable, "-c", PREDICT, str(table), "cultivar", *ids, **environment).stdout
    for job, classes in enumerate(json.loads(there.splitlines()[-1])):
        here = ("-m", "glassnet.stages.predict", f"input={table}", f"output={tmp_path}/{job}.csv")
        run(fresh, sys.executable, *here, f"model=sweep/{job}/models/model.safetensors")
        written = (tmp_path / f"{job}.csv").read_text().splitlines()[1:]
        assert [line.split(",")[1] for line in written] == classes  # after the number of the row


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_a_second_machine_finds_the_run_of_the_first(reproduced: Path, run: Run, server: str, tmp_path: Path) -> None:
    """The same settings, data and code are one run on the server, wherever the pipeline runs."""
    run(tmp_path, "git", "clone", "-q", str(reproduced), "second")
    run(reproduced, "dvc", "repro", "-sf", "report", MLFLOW_TRACKING_URI=server)
    client = mlflow.MlflowClient(server)
    experiment = client.get_experiment_by_name("glassnet")
    (before,) = client.search_runs([experiment.experiment_id])
    again = run(tmp_path / "second", "dvc", "repro", MLFLOW_TRACKING_URI=server)
    assert "Running stage 'train'" in again.stdout
    assert f"report: recorded as MLflow run {before.info.run_id}; {server} shows it\n" in again.stdout
    (after,) = client.search_runs([experiment.experiment_id])
    assert (after.data.params, after.data.metrics) == (before.data.params, before.data.metrics)
    assert len(client.search_logged_models([experiment.experiment_id])) == 1
    assert not (tmp_path / "second" / "mlflow.db").exists()


def test_a_second_machine_pulls_what_the_first_pushed(reproduced: Path, run: Run, tmp_path: Path) -> None:
    """Data and models come from the remote, byte for byte, and nothing is left to run.

    An experiment that the first one trained is not trained again by the second.
    """
    first, second = reproduced, tmp_path / "second"
    run(first, "dvc", "remote", "add", "-d", "shared", str(tmp_path / "store"))
    run(first, "git", "commit", "-qam", "Share data and models")
    run(first, "dvc", "push")
    somebody = ("-c", "user.name=Somebody Else", "-c", "user.email=else@example.org")
    run(tmp_path, "git", "clone", "-q", *somebody, str(first), "second")
    assert not (second / "models").exists()
    run(second, "dvc", "pull")
    for name in ("models/model.safetensors", "models/history.csv", "data/raw/wine.csv", "data/prepared/train/rows.npy"):
        assert (second / name).read_bytes() == (first / name).read_bytes(), name
    assert "up to date" in run(second, "dvc", "status").stdout
    assert "Running stage" not in run(second, "dvc", "repro").stdout
    assert run(second, "git", "status", "--porcelain").stdout == ""

    shorter = ("train", "-S", "training.epochs=3")
    run(first, "dvc", "exp", "run", *shorter)
    run(first, "dvc", "push", "--run-cache")
    run(second, "dvc", "pull", "--run-cache")
    assert "Stage 'train' is cached" in run(second, "dvc", "exp", "run", "--pull", *shorter).stdout
    here, there = (folder / "models" / "model.safetensors" for folder in (first, second))
    assert there.read_bytes() == here.read_bytes()


def _artifacts(client: mlflow.MlflowClient, run_id: str) -> set[str]:
    return {each.path for each in client.list_artifacts(run_id)}
