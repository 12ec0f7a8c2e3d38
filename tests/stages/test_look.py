"""The stage that puts a trained run under glass: it trains again, comes to the same, and writes the page."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from glassnet.files import file_digest
from tests.fork_server import folder_for_path
from tests.settings import enter_project
from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
SHORT = ("tracking=none", "training.epochs=4", "training.baseline.epochs=2", "hydra.run.dir=out")
PAGE = Path("out", "reports", "look.html")

Stage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Starts a stage with overrides in a folder of its own."""
    enter_project(tmp_path, monkeypatch)

    def start(name: str, *overrides: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(folder_for_path() / "python"), "-m", f"glassnet.stages.{name}", *overrides],
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    return start


def content(page: Path) -> dict[str, Any]:
    """Return what a page holds."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    return dict(json.loads(found[1]))


@pytest.mark.parametrize(
    "overrides",
    [
        ("data=spirals", "model.dropout=0.2", "model.normalization=batch", "training.average_decay=0.9"),
        ("data=diabetes", "optimizer=sgd", "training.l2=0.01", "training.max_gradient_norm=1"),
        ("data=digits", "training.processes=2"),
        ("training.final=true", "optimizer=adamw"),
        ("data.folds=5", "data.fold=1", "training.label_smoothing=0.1", "optimizer=rmsprop"),
    ],
    ids=lambda overrides: overrides[0],
)
def test_a_run_comes_to_the_same_again(stage: Stage, tmp_path: Path, overrides: tuple[str, ...]) -> None:
    """Whatever it was trained with; the page is of it, twice the same, and the run is left as it was."""
    stage("train", *SHORT, *overrides)
    models = tmp_path / "out" / "models"
    before = {path.name: file_digest(path) for path in models.iterdir() if path.is_file()}
    said = stage("look", *SHORT, *overrides)
    assert re.search(
        r"^look: trains again as the run did, 4 epochs of \d+ rows in .+ s, to see each step$", said.stdout, re.M
    )
    assert re.search(r"^look: out/reports/look.html, \d\.\d MB; epochs 0, 1, 2, 3, 4$", said.stdout, re.MULTILINE)
    page = tmp_path / PAGE
    shown = content(page)
    key = json.loads((models / "run.json").read_text())["key"]
    assert shown["note"] == f"Run {key}"
    assert [frame["epoch"] for frame in shown["frames"]] == [0, 1, 2, 3, 4]
    assert len(shown["history"]["validation_loss"]) == 4
    first = file_digest(page)
    stage("look", *SHORT, *overrides)
    assert file_digest(page) == first
    assert {path.name: file_digest(path) for path in models.iterdir() if path.is_file()} == before


def test_another_training_is_not_passed_off_as_the_run(stage: Stage, tmp_path: Path) -> None:
    """Other weights, other curves, other settings, no run: one line each, and no page."""
    missing = stage("look", *SHORT, expect=1)
    assert "expected the manifest of a trained run here, found no file; run train first" in missing.stderr
    stage("train", *SHORT)
    other = stage("look", *SHORT, "seed=5", expect=1)
    assert "expected the settings that its run was trained with" in other.stderr
    model = tmp_path / "out" / "models" / "model.safetensors"
    whole = model.read_bytes()
    changed = load_file(model)
    changed["0.W"][0, 0] += 1
    from safetensors import safe_open

    with safe_open(model, "np") as file:
        metadata = file.metadata()
    save_file(changed, model, metadata)
    failed = stage("look", *SHORT, expect=1)
    assert "out/models/model.safetensors: expected 0.W as the run has it, received other values" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    model.write_bytes(whole)
    history = tmp_path / "out" / "models" / "history.csv"
    lines = history.read_text().splitlines(keepends=True)
    history.write_text("".join([*lines[:2], lines[2].replace("2,", "2,9", 1), *lines[3:]]))
    failed = stage("look", *SHORT, expect=1)
    assert "out/models/history.csv: expected train_loss" in failed.stderr
    assert not (tmp_path / PAGE).exists()


def test_the_next_training_in_a_folder_takes_the_page_away(stage: Stage, tmp_path: Path) -> None:
    """It is of the one before."""
    stage("train", *SHORT)
    stage("look", *SHORT)
    assert (tmp_path / PAGE).is_file()
    stage("train", *SHORT, "seed=3")
    assert not (tmp_path / PAGE).exists()
