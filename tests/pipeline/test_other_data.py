"""Data of one's own and other choices of data, from the command line to the report; interruption and resumption."""

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from glassnet.tables import load_model
from tests.waiting import LONGEST

Run = Callable[..., subprocess.CompletedProcess[str]]
PLAIN = ("tracking=none", "training.epochs=3", "training.baseline.epochs=2")


def _write_people(path: Path) -> None:
    """A table with strings, missing values, an id, and a target that can be learnt from it."""
    rng = random.Random(0)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["id", "city", "income", "owns a car", "churned"])
        for row in range(90):
            income = rng.gauss(3, 1)
            city = rng.choice(["Århus", "Bonn", "Cork"])
            writer.writerow(
                [row, city, f"{income:.3f}" if row % 9 else "NA", row % 2 == 0, "yes" if income > 3 else "no"]
            )


def _stages(run: Run, folder: Path, *arguments: str, stages: tuple[str, ...] = ("train", "evaluate", "report")) -> str:
    printed = ""
    for stage in stages:
        printed += run(folder, sys.executable, "-m", f"glassnet.stages.{stage}", *arguments).stdout
    return printed


def test_a_table_of_ones_own_goes_all_the_way(fresh: Path, run: Run) -> None:
    """Standalone and through DVC with the same result; the model takes raw rows, with missing values and new cities."""
    _write_people(fresh / "people.csv")
    chosen = ("data=csv", "data.path=people.csv", "data.target=churned", "data.drop=[id]")
    printed = _stages(run, fresh, *chosen, *PLAIN, "hydra.run.dir=byhand")
    assert "evaluate: test accuracy" in printed
    report = (fresh / "byhand/reports/model_report.md").read_text(encoding="utf-8")
    assert "Model report: people" in report
    assert "a string becomes a column of ones and zeros" in report
    assert re.search(r"what fills them there and elsewhere: income \d+ \(median \d\.\d+\)\.", report)
    overrides = [part for override in (*chosen, *PLAIN) for part in ("-S", override)]
    run(fresh, "dvc", "exp", "run", *overrides)
    commands = (fresh / "reports/model_report.md").read_text(encoding="utf-8").split("```")[3::2]
    assert len([command for command in commands if "data=csv" in command and "data.target=churned" in command]) == 4
    for file in ("models/model.safetensors", "models/baseline.safetensors", "reports/predictions.csv"):
        assert (fresh / file).read_bytes() == (fresh / "byhand" / file).read_bytes()

    import pandas as pd

    saved = load_model(fresh / "models/model.safetensors")
    assert saved.class_names == ("no", "yes")
    rows = pd.DataFrame({"city": ["Cork", "Oslo"], "income": [5.0, None], "owns a car": [True, False], "more": [1, 2]})
    assert np.isfinite(saved.predict_frame(rows)).all()
    assert saved.preprocessing.unseen_categories(rows) == {"city": ["Oslo"]}

    written = "city;owns a car;income;note\nCork;True;5.0;x\nOslo;False;;y\n"
    (fresh / "new.csv").write_text(written, encoding="utf-8")
    done = run(fresh, sys.executable, "-m", "glassnet.stages.predict", "input=new.csv", "output=out/predicted.csv")
    assert "city has values that the training rows did not have: 'Oslo'" in done.stderr
    predicted = pd.read_csv(fresh / "out" / "predicted.csv")
    np.testing.assert_array_equal(predicted["probability_yes"], saved.predict_frame(rows)[:, 1].astype(float))
    (fresh / "new.csv").write_text("city,income\nCork,5\n", encoding="utf-8")
    (fresh / "strings.csv").write_text("city,owns a car,income\nCork,True,rich\n", encoding="utf-8")
    for arguments, part in (
        (("input=new.csv", "output=out.csv"), "owns a car"),
        (("input=strings.csv", "output=out.csv"), "expected numbers in income, received 'rich' in row 1"),
        (
            ("input=none.csv", "output=out.csv"),
            "input: expected a CSV file with the rows to predict for, found none at none.csv",
        ),
        (("input=new.csv",), "received no output"),
        (("input=new.csv", "output=out.csv", "model=none"), "expected a trained model"),
    ):
        done = run(fresh, sys.executable, "-m", "glassnet.stages.predict", *arguments, expect=1)
        assert done.stderr.startswith("predict: ")
        assert part in done.stderr
        assert done.stderr.count("\n") == 1
        assert not (fresh / "out.csv").exists()

    lines = (fresh / "people.csv").read_text(encoding="utf-8-sig").splitlines()
    (fresh / "people.csv").write_text("\n".join(lines[:-10]) + "\n", encoding="utf-8")
    run(fresh, "dvc", "repro", "prepare")  # DVC watches the table
    assert len((fresh / "data/prepared/assignment.csv").read_text().splitlines()) == 81


@pytest.mark.parametrize(
    ("choice", "line"),
    [("diabetes", "evaluate: test R²"), ("digits", "evaluate: test accuracy"), ("spirals", "evaluate: test accuracy")],
)
def test_other_choices_go_all_the_way(fresh: Path, run: Run, choice: str, line: str) -> None:
    """A regression, images with augmentation, generated points: scores, baselines, report and figures."""
    extra = ("training.shift=1",) if choice == "digits" else ()
    printed = _stages(run, fresh, f"data={choice}", *extra, *PLAIN, "hydra.run.dir=byhand")
    assert line in printed
    metrics = json.loads((fresh / "byhand/reports/metrics.json").read_text())
    assert len(metrics["baselines"]) == (2 if choice == "digits" else 3)  # images take gradient boosting minutes
    report = (fresh / "byhand/reports/model_report.md").read_text(encoding="utf-8")
    figures = [part.split(")")[0] for part in report.split("](figures/")[1:]]
    assert len(figures) == {"diabetes": 6, "digits": 8, "spirals": 7}[choice]
    for title in ("## Failure cases", "## Diagnosis", "## The next three improvements", "## How to reproduce"):
        assert title in report
    assert report.count("\n   python -m glassnet.stages.train ") == 3
    assert sorted(figures) == sorted(path.name for path in (fresh / "byhand/reports/figures").iterdir())


def test_mistakes_about_data_are_one_line(fresh: Path, run: Run) -> None:
    """Missing file, missing target, augmentation of a table, a fold that is not there: one line each, status 1."""
    _write_people(fresh / "people.csv")
    for arguments, part in (
        (("data=csv",), "data.path: expected a file, received 'path/to/your/table.csv'; name the table to learn from"),
        (("data=csv", "data.path=none.csv"), "data.path: expected a file, received 'none.csv'"),
        (("data=csv", "data.path=people.csv"), "expected data.target to name one of the columns"),
        (("data=csv", "data.path=people.csv", "data.target=id", "data.task=classification"), "at least 3 rows"),
        (("training.shift=1",), "only images are augmented"),
        (("model.init=local",), "model.init: expected another rule than local for a table such as wine"),
        (("data.fold=1",), "fold below folds"),
        (("data=fashion_mnist", "data.mirrors=[/nowhere]"), "from one of 1 mirrors"),
    ):
        done = run(fresh, sys.executable, "-m", "glassnet.stages.train", *arguments, *PLAIN[:1], expect=1)
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert part in done.stderr


def test_a_table_without_a_name_is_one_clear_line_through_dvc_too(fresh: Path, run: Run) -> None:
    """The same that a standalone run gives, whether data.path is left out or wrong."""
    for path, received in (((), "path/to/your/table.csv"), (("-S", "data.path=none.csv"), "none.csv")):
        failed = run(fresh, "dvc", "exp", "run", "-S", "data=csv", "-S", "data.target=y", *path, expect=None)
        assert failed.returncode != 0
        assert (
            f"check: data.path: expected a file, received '{received}'; name the table to learn from" in failed.stderr
        )
        assert "unexpected" not in failed.stderr


def test_a_training_can_be_stopped_and_resumed_from_the_command_line(fresh: Path, run: Run) -> None:
    """SIGTERM: status 143, nothing half-written; resumed, the bytes of a whole training; another setting is refused."""
    common = (
        "data=digits", "model.dropout=0.1", "model.normalization=batch", "training.patience=null", "tracking=none",
        "training.epochs=40", "training.baseline.epochs=2", "training.average_decay=0.9", "training.shift=1",
    )  # fmt: skip
    train = (sys.executable, "-m", "glassnet.stages.train", *common)
    run(fresh, *train, "hydra.run.dir=whole")
    process = subprocess.Popen(
        [*train, "hydra.run.dir=parts"], cwd=fresh, env={**os.environ, "PYTHONPATH": "src"}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (fresh / "parts/checkpoints/checkpoint.safetensors").is_file():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 143, errors
    assert len(errors.splitlines()) == 1
    assert "train: SIGTERM at epoch" in errors
    assert not (fresh / "parts/models").exists()
    resume = (*train, "hydra.run.dir=parts", "training.resume=true")
    refused = run(fresh, *resume, "optimizer.learning_rate=0.5", expect=1)
    assert len(refused.stderr.splitlines()) == 1
    assert "optimizer.learning_rate was 0.01 and is 0.5" in refused.stderr
    assert "checkpoint: goes on after epoch" in run(fresh, *resume).stdout
    for file in ("models/model.safetensors", "models/baseline.safetensors", "models/telemetry.csv"):
        assert (fresh / "parts" / file).read_bytes() == (fresh / "whole" / file).read_bytes()


def test_the_range_test_and_the_checks_run_from_the_command_line(fresh: Path, run: Run) -> None:
    """Curve and trials as CSV, a figure, and the best of the trials, the same bytes twice; models/ stays as it was."""
    written = []
    for folder in ("out", "again"):
        stage = (sys.executable, "-m", "glassnet.stages.range_test", "data=spirals", "training.epochs=6")
        printed = run(fresh, *stage, f"hydra.run.dir={folder}").stdout
        assert "no start saw a row twice" in printed
        assert "steepest descent" in printed
        written.append({path.name: path.read_bytes() for path in (fresh / folder / "range_test").iterdir()})
    assert sorted(written[0]) == ["range_test.csv", "range_test.png", "trials.csv"]
    assert written[0] == written[1]
    with (fresh / "out/range_test/trials.csv").open(newline="") as file:
        best = min(csv.DictReader(file), key=lambda row: float(row["mean_validation_loss"] or "inf"))
    assert f"suggested: optimizer.learning_rate={best['learning_rate']};" in printed
    assert not (fresh / "models").exists()
    printed = _stages(run, fresh, *PLAIN, "training.sanity=true", "hydra.run.dir=sane", stages=("train",))
    assert printed.count("train: sanity: ") == 2


def test_the_final_model_has_learnt_from_the_validation_rows(fresh: Path, run: Run) -> None:
    """The epochs are those that validation chose; the report says so, and fits no temperature on rows it has seen."""
    arguments = ("data=spirals", "experiment=final", *PLAIN, "hydra.run.dir=byhand")
    printed = _stages(run, fresh, *arguments, stages=("train",))  # evaluated and reported with it
    manifest = json.loads((fresh / "byhand/models/run.json").read_text())
    assert f"final: trained anew on 720 rows for {manifest['best_epoch']} epochs" in printed
    report = (fresh / "byhand/reports/model_report.md").read_text(encoding="utf-8")
    assert "trained anew on the 720 training and validation rows together" in report
    assert "No run was promoted on this data set" in report
    metrics = (fresh / "byhand/reports/metrics.json").read_text()
    assert "temperature" not in json.loads(metrics)["calibration"]
    assert "null" not in metrics  # which DVC would call a failure
    # How it went on is no part of the report.
    _stages(run, fresh, *arguments, "training.resume=true", stages=("train",))
    assert (fresh / "byhand/reports/model_report.md").read_text(encoding="utf-8") == report
    plain = ("data=spirals", *PLAIN, "hydra.run.dir=plain")
    _stages(run, fresh, *plain, stages=("train",))
    for name in ("model", "baseline"):  # the yardstick learns from the same rows
        path = f"models/{name}.safetensors"
        assert (fresh / "plain" / path).read_bytes() != (fresh / "byhand" / path).read_bytes()
