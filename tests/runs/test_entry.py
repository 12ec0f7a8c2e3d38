"""How a standalone stage reads its command line, and what it refuses before anything is written."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glassnet.config import Settings, UserError, write_params
from glassnet.runs import Layout, read_jobs, run_stage
from tests.settings import PROJECT, enter_project

Start = Callable[..., list[tuple[int, Path]]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a stage with these arguments in a folder of its own; returns the seed and the folder of each run."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which run_stage sets: to have it as it was after the test

    def start_stage(*arguments: str) -> list[tuple[int, Path]]:
        runs: list[tuple[int, Path]] = []

        def main(settings: Settings, layout: Layout) -> float:
            if settings.seed == 13:
                raise ValueError("expected luck,\nreceived 13")
            runs.append((settings.seed, layout.root))
            return 0.0

        monkeypatch.setattr(sys, "argv", ["stage", *arguments])
        run_stage("stage", main)
        return runs

    return start_stage


@pytest.mark.parametrize(
    "arguments",
    [
        ("seed=1,2", "-m", "hydra.sweep.dir=s"),
        ("hydra.sweep.dir=s", "seed=1,2", "--multirun"),
        ("-m", "seed=1,2", "hydra.sweep.dir=s"),
        ("hydra.sweep.dir=s", "-cn", "config", "-m", "~ablation", "seed=1,2"),
    ],
)
def test_options_may_stand_anywhere(start: Start, arguments: tuple[str, ...]) -> None:
    """Before, between and behind the overrides."""
    assert start(*arguments) == [(1, Path("s/0")), (2, Path("s/1"))]


@pytest.mark.parametrize("arguments", [("--cfg", "job", "seed=7"), ("seed=7", "--cfg", "job")])
def test_the_settings_are_shown(start: Start, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """By Hydra, and nothing runs; a sweep whose folder is named is left as it is."""
    start("-m", "seed=1,2", "hydra.sweep.dir=s")
    capsys.readouterr()
    assert start(*arguments, "hydra.sweep.dir=s") == []
    assert "\nseed: 7\n" in capsys.readouterr().out
    assert len(read_jobs(Path("s"))) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hydra.run.dir=.",), "hydra.run.dir: expected a folder of its own, received '.'"),
        (("hydra.run.dir=",), "hydra.run.dir: expected a folder of its own"),
        (("hydra.run.dir='..'",), "hydra.run.dir: expected a folder of its own"),
        (("hydra.run.dir=file/run",), "hydra.run.dir: expected a folder, received 'file/run', where file is a file"),
        (("hydra.sweep.dir=.", "seed=1,2", "-m"), "hydra.sweep.dir: expected a folder of its own, received '.'"),
        (("hydra.sweep.dir=", "seed=1,2", "-m"), "hydra.sweep.dir: expected a folder of its own"),
        (("hydra.sweep.dir=file", "seed=1,2", "-m"), "hydra.sweep.dir: expected a folder, received 'file'"),
        (
            ("-m", "hydra.sweep.subdir=runs/${hydra.job.num}", "seed=1,2"),
            "hydra.sweep.subdir: expected to stay as it is, the job's number, received 'runs/${hydra.job.num}'",
        ),
        (
            ("-m", "hydra.sweep.subdir=${hydra.job.override_dirname}", "seed=1,2"),
            "hydra.sweep.subdir: expected to stay as it is",
        ),
        (("seed=1", "--fast"), "unrecognized arguments: --fast"),
        (("=3",), "expected overrides such as optimizer.learning_rate=0.01, received '=3'"),
        (("seed=[1",), "received 'seed=[1'"),
        (("data.path=größe.csv",), "want quotes: \"data.path='größe.csv'\""),
        (("data.drop=[Größe, a]",), "want quotes: \"data.drop=['Größe','a']\""),
        (("optimizer.lr=0.1",), "stage: Unknown setting `optimizer.lr`; did you mean `optimizer.learning_rate`?"),
        (("lr=0.1",), "did you mean `optimizer.learning_rate`?"),
        (("training.epoch=3",), "did you mean `training.epochs`?"),
        (("optimiser.beta1=0.1",), "did you mean `optimizer.beta1`?"),
        (
            ("optimizer.weight_decay=0.1",),
            "Unknown setting `optimizer.weight_decay`; optimizer=adamw and optimizer=capstone",
        ),
        (("model.width=3",), "Unknown setting `model.width`; model has name, hidden_sizes, activation"),
        (("model=3",), "model: expected one of mlp, softmax, received 3"),
        (("--config-name", "foo"), "--config-name: expected config, the one there is, received 'foo'"),
        (("model=tree",), "model: expected one of mlp, softmax, received 'tree'"),
        (("optimizer.learning_rate=0",), "optimizer.learning_rate: expected a number greater than 0, received 0"),
        (("-m", "seed=range(0)"), "expected values to sweep over, received 'seed=range(0)', which has none"),
        (("-m", "model=glob(x*)"), "received 'model=glob(x*)', which has none"),
        (("-m", "seed=choice()"), "received 'seed=choice()' (ValueError while evaluating 'choice()': empty choice"),
        (("-m", "seed=range(2)", "experiment=kfold", "data.fold=range(2,2)"), "received 'data.fold=range(2,2)', which"),
        (
            ("-m", "schedule=step,cosine,constant", "schedule.factor=0.5"),
            "schedule.factor: expected a key that each choice of schedule in the sweep has, received one that "
            "schedule=cosine and schedule=constant lack; schedule=exponential and schedule=plateau and schedule=step",
        ),
        (("-m", "optimizer=adam,sgd", "optimizer.nesterov=true"), "optimizer=adam lacks; optimizer=sgd has it"),
        (
            ("-m", "schedule=step,exponential", "schedule.factr=0.5"),
            "lack; did you mean `schedule.factor`?",
        ),
        (("-m", "schedule=step,cosine", "schedule.factor=0.5,0.1"), "one that schedule=cosine lacks"),
        (("-m", "ablation=no_l2,no_dropout"), "expected a part that is on, received no_l2, no_dropout, off already"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    start: Start, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """What was expected, and what came; no run has been started."""
    Path("file").touch()
    with pytest.raises(SystemExit) as ended:
        start(*arguments)
    printed = capfd.readouterr()
    assert ended.value.code == 1
    assert printed.err.startswith("stage: ")
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir() if path.name != "outputs") == ["conf", "file", "src"]


def test_fixed_keys_of_a_swept_group_reach_each_job(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    """Hydra alone composes the sweep with the choice of conf/, which lacks the key."""
    arguments = ("-m", "hydra.sweep.dir=s", "schedule=step,exponential", "schedule.factor=0.5", "optimizer=sgd,adam")
    assert start(*arguments, "optimizer.learning_rate=0.3", "seed=7") == [(7, Path(f"s/{job}")) for job in range(4)]
    assert capsys.readouterr().out.startswith(
        "stage: 4 jobs, in s\n  schedule   2 values: step, exponential\n  optimizer  2 values: sgd, adam\n"
    )
    for job in read_jobs(Path("s")):
        assert job.overrides[1] == "schedule.factor=0.5"
        assert len(job.changes) == 2
    assert start("hydra.run.dir=r", "ablation=no_schedule", "schedule=step", "schedule.factor=0.3") == [(0, Path("r"))]
    assert capsys.readouterr().err == (
        "stage: note: schedule=step schedule.factor=0.3 has no effect: the ablation decides that\n"
    )


def test_all_batches_are_planned_before_the_first_job(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """A mistake in a later batch is found before anything is trained."""
    batches = ("-m", "hydra.sweep.dir=s", "hydra.sweeper.max_batch_size=1")
    assert start(*batches, "seed=1,2,1") == [(1, Path("s/0")), (2, Path("s/1"))]
    with pytest.raises(SystemExit):
        start(*batches, "hydra.sweep.dir=t", "schedule=step,cosine", "schedule.factor=0.5")
    assert "schedule=cosine lacks" in capfd.readouterr().err
    assert not Path("t").exists()


@pytest.mark.parametrize(
    "slip", [b"epochs: [60\n", b"epochs: 60\n\tbatch_size: 3\n", b"a: 1\na: 2\n", b"a: \xff\n", b"60\n"]
)
def test_a_slip_in_a_file_of_conf_is_one_line(start: Start, capfd: pytest.CaptureFixture[str], slip: bytes) -> None:
    """That names the file, in a standalone run and where params.yaml is made."""
    shutil.copytree(PROJECT / "conf", "mended")
    Path("conf").unlink()
    Path("mended").rename("conf")
    Path("conf/training/default.yaml").write_bytes(slip)
    with pytest.raises(SystemExit) as ended:
        start("seed=1")
    assert ended.value.code == 1
    said = capfd.readouterr().err
    assert said.startswith("stage: conf/training/default.yaml: expected settings as YAML, received something else (")
    assert said.count("\n") == 1
    with pytest.raises(UserError, match=r"conf/training/default\.yaml: expected settings as YAML"):
        write_params()


def test_failed_jobs_are_counted_and_named(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """Also if all of them fail, and if they do before the stage is called."""
    with pytest.raises(SystemExit) as ended:
        start("-m", "hydra.sweep.dir=s", "seed=13,1,-1")
    assert ended.value.code == 1
    errors = capfd.readouterr().err.splitlines()
    assert errors[0] == "seed=13: failed: expected luck, received 13"
    assert errors[1].startswith("seed=-1: failed: settings: seed: expected a number greater than or equal to 0")
    assert errors[2].startswith(
        "stage: 2 of 3 jobs failed, as said above; start the sweep again with hydra.sweep.dir=s"
    )
    assert [job.status for job in read_jobs(Path("s"))] == ["failed", "finished", "failed"]
    with pytest.raises(SystemExit) as ended:
        start("-m", "hydra.sweep.dir=t", "seed=0,1", "optimizer.learning_rate=-1")
    assert ended.value.code == 1
    assert "2 of 2 jobs failed" in capfd.readouterr().err


def test_a_sweep_started_again_has_its_own_jobs_alone(start: Start) -> None:
    """Whatever an earlier, longer one left in the folder, damaged records too."""
    start("-m", "hydra.sweep.dir=s", "seed=1,2,3")
    Path("s/0/job.json").write_text("")
    Path("s/2/job.json").write_text("[")
    assert start("-m", "hydra.sweep.dir=s", "seed=5,6") == [(5, Path("s/0")), (6, Path("s/1"))]
    assert [job.changes for job in read_jobs(Path("s"))] == [["seed=5"], ["seed=6"]]
