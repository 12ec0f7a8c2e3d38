"""What goes wrong in a standalone stage ends in one line and leaves no half-written file."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from glassnet.training import read_history
from tests.fork_server import folder_for_path
from tests.settings import enter_project
from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
SHORT = ("tracking=none", "training.epochs=3", "training.baseline.epochs=2")

Stage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Starts a stage with overrides in a folder of its own, behind a shell command if one is given."""
    enter_project(tmp_path, monkeypatch)

    def start(
        name: str, *overrides: str, expect: int = 0, lines: int | None = 1, before: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command = [str(folder_for_path() / "python"), "-m", f"glassnet.stages.{name}", *overrides]
        if before:  # its limits hold for the processes that it starts, not for forks of the server
            command = ["bash", "-c", f'{before}; exec "$@"', "bash", sys.executable, *command[1:]]
        done = subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        if expect and lines is not None:
            assert len(done.stderr.splitlines()) == lines, done.stderr
        return done

    return start


def test_a_disk_that_takes_no_more_is_one_line(stage: Stage, tmp_path: Path) -> None:
    """While images are prepared or a figure is drawn, and where a file stands in the way of the run's folder."""
    failed = stage("train", "data=digits", *SHORT, "hydra.run.dir=out", expect=1, before="ulimit -f 100")
    assert "features.npy: expected to read or write here, received 'File too large'" in failed.stderr
    assert [path.suffix for path in (tmp_path / "data" / "cache").iterdir()] == [".lock"]
    failed = stage(
        "train", *SHORT, "training.checkpoint_every=null", "hydra.run.dir=figure", expect=1, before="ulimit -f 20"
    )
    assert failed.stderr.startswith("train: figure/reports/figures/learning_curves.png: expected to read or write here")
    assert not list((tmp_path / "figure").rglob("*.p*g*"))
    (tmp_path / "file").write_text("")
    failed = stage("train", *SHORT, "hydra.run.dir=file/out", expect=1)
    assert "file/out" in failed.stderr


def test_a_training_that_diverges_leaves_the_record_of_its_epochs(stage: Stage, tmp_path: Path) -> None:
    """History, curves, and a manifest that says why it stopped; in the first epoch there is no history yet."""
    late = ("data=diabetes", "model=softmax", "optimizer=sgd", "optimizer.momentum=0.0", "optimizer.learning_rate=0.5")
    failed = stage("train", "tracking=none", *late, "hydra.run.dir=late", expect=1)
    history = read_history(tmp_path / "late/models/history.csv")
    manifest = json.loads((tmp_path / "late/models/run.json").read_text())
    assert 1 <= len(history) == manifest["epochs"] < 60
    assert failed.stderr == f"train: {manifest['stopped']}\n"
    assert (tmp_path / "late/reports/figures/learning_curves.png").is_file()
    assert not (tmp_path / "late/models/model.safetensors").exists()
    stage("train", *SHORT, "optimizer.learning_rate=1e30", "hydra.run.dir=first", expect=1)
    assert json.loads((tmp_path / "first/models/run.json").read_text())["epochs"] == 0


def test_a_baseline_that_diverges_is_named_and_costs_no_result_of_the_network(stage: Stage, tmp_path: Path) -> None:
    """Its own settings are what the line is about."""
    failed = stage("train", *SHORT, "training.baseline.learning_rate=1e38", "hydra.run.dir=out", expect=1)
    assert failed.stderr.startswith("train: the linear baseline, not the network: training stopped at epoch 1")
    assert "training.baseline.learning_rate=1e+38" in failed.stderr
    for file in ("models/model.safetensors", "models/history.csv", "models/run.json", "reports/figures"):
        assert (tmp_path / "out" / file).exists()


def test_a_job_that_diverged_is_tried_again(stage: Stage, tmp_path: Path) -> None:
    """Its record is no result of the sweep."""
    sweep = ("-m", *SHORT, "optimizer.learning_rate=0.01,1e30", "hydra.sweep.dir=sweep")
    for _ in range(2):
        done = stage("train", *sweep, expect=1, lines=None)
        assert "1e+30: failed: training stopped at epoch 1" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("train: 1 of 2 jobs failed")
    assert done.stdout.count("finished before, not trained again") == 1


def test_ctrl_c_is_one_line_outside_the_training_too(stage: Stage, tmp_path: Path) -> None:
    """While the baseline is trained, and while modules are still imported; what the network learnt is there."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "glassnet.stages.train",
            *SHORT,
            "training.baseline.epochs=1000000",
            "hydra.run.dir=out",
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while not process.stdout.readline().startswith("baseline: epoch 1/"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=LONGEST)[1] == "train: interrupted\n"
    assert process.returncode == 130
    assert (tmp_path / "out/models/history.csv").is_file()
    program = "from glassnet.stages import begin_program; begin_program(); raise KeyboardInterrupt"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "glassnet: interrupted\n")  # for a shell, 130


def test_a_terminal_that_lacks_characters_costs_no_run(stage: Stage) -> None:
    """They are printed as their numbers: the score of a regression, the means of a sweep."""
    before = "export PYTHONIOENCODING=ascii"
    final = ("data=diabetes", "experiment=final", "hydra.run.dir=out")
    assert "evaluate: test R\\xb2 " in stage("train", *SHORT, *final, before=before).stdout
    sweep = ("-m", "seed=0,1", "hydra.sweep.dir=sweep")
    assert " \\xb1 " in stage("train", *SHORT, *sweep, before=before).stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("arguments", "redirection"),
    [
        (("predict", "--help"), "| true"),
        (("train", "--help"), "2>&1 | true"),
        (("search", "--help"), ">&-"),
        (("train", *SHORT, "hydra.run.dir=out"), "| head -1"),
        (("train", *SHORT, "-m", "seed=0,1", "hydra.sweep.dir=out"), "2>&1 | head -1"),
    ],
)
def test_a_reader_that_leaves_ends_no_command(
    stage: Stage, tmp_path: Path, arguments: tuple[str, ...], redirection: str, unbuffered: str
) -> None:
    """What it no longer reads is written nowhere; the command says nothing of it, and does what it was asked to."""
    pipeline = f'"$@" {redirection}; exit ${{PIPESTATUS[0]}}'
    before = f"export PYTHONUNBUFFERED={unbuffered}; set -- {sys.executable} -m glassnet.stages.{' '.join(arguments)}"
    assert stage("", before=f"{before}; {pipeline}").stderr == ""
    models = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("**/model.safetensors"))
    folders = {"hydra.run.dir=out": ["out"], "hydra.sweep.dir=out": ["out/0", "out/1"]}.get(arguments[-1], [])
    assert models == [f"{folder}/models/model.safetensors" for folder in folders]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"key": '])
def test_a_damaged_manifest_of_an_earlier_run_costs_no_training(stage: Stage, tmp_path: Path, content: str) -> None:
    """It is no manifest of this one: what lies in the folder makes way."""
    manifest, report = tmp_path / "out/models/run.json", tmp_path / "out/reports/model_report.md"
    for path in (manifest, report):
        path.parent.mkdir(parents=True)
        path.write_text(content)
    stage("train", *SHORT, "hydra.run.dir=out")
    assert json.loads(manifest.read_text())["epochs"] == 3
    assert not report.exists()


SIGNALLED = """
import os, signal, sys
from pathlib import Path
from glassnet.runs import one_line_errors
from glassnet.files import whole_file

with one_line_errors("prepare"), whole_file(Path("features.npy")) as part:
    part.write_text("half of it")
    try:
        os.kill(os.getpid(), int(sys.argv[1]))
    finally:
        if sys.argv[2:]:
            raise RuntimeError("cannot release un-acquired lock")
"""


@pytest.mark.parametrize(("signum", "word"), [(signal.SIGTERM, "terminated"), (signal.SIGINT, "interrupted")])
@pytest.mark.parametrize("in_a_library", [(), ("that raises an error of its own",)])
def test_a_stage_that_a_signal_ends_leaves_nothing_half(
    tmp_path: Path, signum: signal.Signals, word: str, in_a_library: tuple[str, ...]
) -> None:
    """It puts its things in order, and says so in a line."""
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(int(signum)), *in_a_library],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (128 + signum, f"prepare: {word}\n")
    assert not list(tmp_path.iterdir())


def test_two_trainings_at_once_in_a_folder_are_refused(stage: Stage, tmp_path: Path) -> None:
    """They would write the same files; the first is not disturbed, and its folder is free again afterwards."""
    overrides = (*SHORT, "training.patience=null", "hydra.run.dir=out")
    first = subprocess.Popen(
        [sys.executable, "-m", "glassnet.stages.train", *overrides, "training.epochs=1000000"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "out/checkpoints/previous.safetensors").exists():
        assert first.poll() is None
        time.sleep(0.02)
    refused = stage("train", *overrides, expect=1)
    assert "out/checkpoints: expected a folder in which no training is at work" in refused.stderr
    first.send_signal(signal.SIGTERM)
    assert "SIGTERM at epoch" in first.communicate(timeout=LONGEST)[1]
    stage("train", *overrides)


def test_standalone_prepare_takes_what_fetch_left_in_the_same_folder(stage: Stage, tmp_path: Path) -> None:
    """Without it, or with other data than those of the settings, a line says what to do."""
    stage("fetch", "data=breast_cancer", "hydra.run.dir=out")
    failed = stage("prepare", "data=breast_cancer", "hydra.run.dir=other", expect=1)
    assert "run fetch before prepare, which started by hand looks in the folder of hydra.run.dir" in failed.stderr
    failed = stage("prepare", "data=wine", "hydra.run.dir=out", expect=1)
    assert "data.name was 'breast_cancer' and is 'wine'" in failed.stderr
    assert not (tmp_path / "out/data/prepared").exists()
    stage("prepare", "data=breast_cancer", "data.split_seed=3", "hydra.run.dir=out")
    assert (tmp_path / "out/data/prepared/assignment.csv").is_file()
    (tmp_path / "out/data/raw/dataset.json").write_text("{}")
    failed = stage("prepare", "data=breast_cancer", "hydra.run.dir=out", expect=1)
    assert (
        "dataset.json: expected what fetch writes, received a damaged or foreign file; run fetch again" in failed.stderr
    )


def test_a_table_smaller_than_a_batch_needs_no_other_setting(stage: Stage, tmp_path: Path) -> None:
    """A batch is then all training rows, which a note says; with BatchNorm too."""
    lines = "".join(f"{i},{'pq'[i % 2]}\n" for i in range(20))
    (tmp_path / "small.csv").write_text("x,y\n" + lines)
    small = ("data=csv", "data.path=small.csv", "data.target=y", *SHORT)
    done = stage("train", *small, "model.normalization=batch", "hydra.run.dir=out")
    assert (
        "train: note: training.batch_size=16 is more than the 12 training rows; a batch is all of them" in done.stdout
    )
    stage("train", *small, "training.batch_size=12", "model.normalization=batch", "hydra.run.dir=same")
    models = [(tmp_path / folder / "models/history.csv").read_text().splitlines()[-1] for folder in ("out", "same")]
    assert models[0].split(",")[:8] == models[1].split(",")[:8]
    (tmp_path / "small.csv").write_text("x,y\n" + "".join(lines.splitlines(keepends=True)[:6]))
    stage("train", *small, "hydra.run.dir=smallest")
