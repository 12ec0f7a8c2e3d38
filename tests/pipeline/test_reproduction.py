"""The pipeline from a fresh clone: what it writes, that it writes the same again, and what is in MLflow afterwards."""

import csv
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from glassnet.tables import load_model, read_prepared
from glassnet.training import evaluate, read_history
from tests.waiting import LONGEST

Run = Callable[..., subprocess.CompletedProcess[str]]

SERVED = """
import sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(f"runs:/{sys.argv[1]}/model")
frame = pd.read_csv("data/raw/wine.csv").drop(columns="cultivar")
model.predict(frame).to_csv("data/served.csv", index=False)
"""


def test_a_clone_reproduces_what_is_committed(reproduced_as_committed: Path, run: Run) -> None:
    """dvc.lock, params.yaml and every file under reports/ come out as they were, byte for byte."""
    assert run(reproduced_as_committed, "git", "status", "--porcelain").stdout == ""
    assert run(reproduced_as_committed, "git", "ls-files", "reports").stdout.split() == [
        "reports/analysis.json",
        "reports/figures/class_scores.png",
        "reports/figures/confusion_matrix.png",
        "reports/figures/effects.png",
        "reports/figures/importance.png",
        "reports/figures/learning_curves.png",
        "reports/figures/reliability.png",
        "reports/figures/telemetry.png",
        "reports/improvements.json",
        "reports/metrics.json",
        "reports/model_report.html",
        "reports/model_report.md",
        "reports/predictions.csv",
    ]


def test_nothing_runs_again_when_nothing_changed(reproduced: Path, run: Run) -> None:
    """A second `dvc repro` starts no stage."""
    assert "Running stage" not in run(reproduced, "dvc", "repro").stdout


def test_the_best_validation_weights_are_in_the_model_file(reproduced: Path) -> None:
    """The saved model scores, on the validation split, what the history says of its best epoch."""
    from glassnet import nn
    from glassnet.data import DataLoader

    prepared = read_prepared(reproduced / "data" / "prepared")
    saved = load_model(reproduced / "models" / "model.safetensors")
    scores = evaluate(saved.model, nn.SoftmaxCrossEntropy(), DataLoader(prepared.split("validation"), 1024))
    history = read_history(reproduced / "models" / "history.csv")
    assert scores["loss"] == pytest.approx(min(row["validation_loss"] for row in history), rel=1e-6)
    assert saved.class_names == ("class_0", "class_1", "class_2")


def test_training_is_kept_from_the_test_split(reproduced: Path, run: Run) -> None:
    """dvc.yaml declares no dependency on it, and training works where neither it nor the raw data exist.

    Of the raw data an ensemble's members make their folds; a single network never opens them.
    """
    stage = run(reproduced, "dvc", "stage", "list", "--name-only").stdout.split()
    assert stage == ["check", "fetch", "prepare", "train", "evaluate", "improve", "report"]
    import yaml

    stages = yaml.safe_load((reproduced / "dvc.yaml").read_text())["stages"]
    assert "data/prepared/test" not in stages["improve"]["deps"]
    deps = stages["train"]["deps"]
    assert [name for name in deps if name.startswith("data/")] == [
        "data/prepared/train",
        "data/prepared/validation",
        "data/prepared/preprocessing.json",
        "data/raw",
    ]
    names = ("model.safetensors", "history.csv", "run.json")
    before = [(reproduced / "models" / name).read_bytes() for name in names]
    run(reproduced, "rm", "-r", "data/prepared/test", "data/raw", *(f"models/{name}" for name in names))
    run(reproduced, sys.executable, "-m", "glassnet.stages.train")
    assert [(reproduced / "models" / name).read_bytes() for name in names] == before


def test_predictions_and_metrics_agree(reproduced: Path) -> None:
    """The accuracy in metrics.json is the one that predictions.csv gives."""
    metrics = json.loads((reproduced / "reports" / "metrics.json").read_text())
    with (reproduced / "reports" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    right = sum(row["actual"] == row["predicted"] for row in rows)
    assert metrics["accuracy"] == pytest.approx(right / len(rows), abs=1e-6)
    assert len(rows) == metrics["examples"] == 36
    assert metrics["baselines"]["majority_class"]["accuracy"] < metrics["accuracy"]


def test_dvc_commands_say_something_useful(reproduced: Path, run: Run) -> None:
    """Metrics, parameters, artifacts and plots are filled in, and the plots page needs no network."""
    assert "log_loss" in run(reproduced, "dvc", "metrics", "show").stdout
    assert "optimizer.learning_rate" in run(reproduced, "dvc", "params", "diff", "--all").stdout
    table = run(reproduced, "dvc", "exp", "show", "--csv").stdout
    assert "accuracy" in table
    assert "optimizer.learning_rate" in table
    run(reproduced, "dvc", "plots", "show", "--out", "dvc_plots")
    page = (reproduced / "dvc_plots" / "index.html").read_text()
    assert not re.search(r"<(script|link)[^>]+(src|href)=.https?:", page)
    assert page.count("vegaEmbed('#") == 3
    assert "window.vegaEmbed" in page


def _recorded(store: str) -> tuple[Any, ...]:
    """Return what MLflow has of the one run in it, the run's id first."""
    client = mlflow.MlflowClient(store)
    (run,) = client.search_runs(["1"])
    history = [[metric.step, metric.value] for metric in client.get_metric_history(run.info.run_id, "validation_loss")]
    artifacts = {each.path for each in client.list_artifacts(run.info.run_id)}
    data = run.data
    return run.info.run_id, data.params, data.metrics, data.tags, len(run.inputs.dataset_inputs), history, artifacts


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_mlflow_holds_one_complete_run(reproduced: Path, run: Run) -> None:
    """Parameters, epochs, test metrics, data set, report, figures and a model that takes raw rows, in one run."""
    store = f"sqlite:///{reproduced}/mlflow.db"
    recorded = _recorded(store)
    run(reproduced, sys.executable, "-m", "glassnet.stages.report")
    assert _recorded(store) == recorded  # recording again changes nothing
    run_id, params, metrics, tags, data_sets, history, artifacts = recorded
    assert params["optimizer.learning_rate"] == "0.01"
    assert params["rows.train"] == "106"
    written = read_history(reproduced / "models" / "history.csv")
    assert history == [[int(row["epoch"]), row["validation_loss"]] for row in written]
    expected = json.loads((reproduced / "reports" / "metrics.json").read_text())
    assert metrics["test_accuracy"] == expected["accuracy"]
    assert metrics["test_softmax_regression.log_loss"] == expected["baselines"]["softmax_regression"]["log_loss"]
    assert "seconds" in metrics
    assert len(tags["mlflow.source.git.commit"]) == 40
    assert "glassnet.conf_digest" in tags
    assert data_sets == 1
    assert {"figures", "model_report.md", "model_report.html", "metrics.json"} <= artifacts

    run(reproduced, sys.executable, "-c", SERVED, run_id, OPENBLAS_CORETYPE="Haswell", MLFLOW_TRACKING_URI=store)
    served = pd.read_csv(reproduced / "data" / "served.csv")
    with (reproduced / "reports" / "predictions.csv").open() as file:
        for row in csv.DictReader(file):
            assert served["class"][int(row["row"])] == row["predicted"]
            assert served["probability_class_1"][int(row["row"])] == pytest.approx(
                float(row["probability_class_1"]), abs=2e-6
            )
    raw, output = reproduced / "data" / "raw" / "wine.csv", reproduced / "data" / "predicted.csv"
    run(reproduced, sys.executable, "-m", "glassnet.stages.predict", f"input={raw}", f"output={output}")
    rows, numbers = zip(*(line.split(",", 1) for line in output.read_text().splitlines(keepends=True)), strict=True)
    assert "".join(numbers) == (reproduced / "data" / "served.csv").read_text()
    assert rows == ("row", *map(str, range(178)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_the_recorded_model_can_be_served(reproduced: Path, tmp_path: Path) -> None:
    """`mlflow models serve` answers a POST of raw rows with classes and probabilities."""
    run_id = _recorded(f"sqlite:///{reproduced}/mlflow.db")[0]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(sys.executable).parent
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{reproduced}/mlflow.db",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = ["mlflow", "models", "serve", "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [str(folder / command[0]), *command[1:], "--model-uri", f"runs:/{run_id}/model"],
            env=environment, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        frame = pd.read_csv(reproduced / "data" / "raw" / "wine.csv").drop(columns="cultivar").head(2)
        body = json.dumps({"dataframe_split": frame.to_dict(orient="split")}).encode()
        answer = _post(f"http://127.0.0.1:{port}/invocations", body, server)
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=LONGEST)
    assert [row["class"] for row in answer["predictions"]] == ["class_0", "class_0"]
    first = answer["predictions"][0]
    assert np.isclose(sum(value for name, value in first.items() if name.startswith("probability_")), 1)


def _post(url: str, body: bytes, server: "subprocess.Popen[bytes]") -> dict[str, list[dict[str, Any]]]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(request, timeout=LONGEST) as response:  # noqa: S310  # a loopback address
                answer: dict[str, list[dict[str, Any]]] = json.load(response)
                return answer
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the server did not answer")
