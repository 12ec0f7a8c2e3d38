"""Sweeps whose workers are killed, or that a signal ends: what goes on, what is said, and that nothing is left."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from glassnet.runs import read_jobs
from tests.settings import enter_project
from tests.waiting import LONGEST, wait_until

pytestmark = pytest.mark.slow  # whole sweeps, killed and gone on with

ROOT = Path(__file__).resolve().parents[2]
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
LONG, SHORT = "training.epochs=1000000", "training.epochs=1000"

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a sweep of four jobs in a process group of its own, and waits until so many of them train."""
    enter_project(tmp_path, monkeypatch)
    started: list[subprocess.Popen[str]] = []

    def start_sweep(*overrides: str, training: int) -> subprocess.Popen[str]:
        settings = ("hydra.sweep.dir=s", "seed=0,1,2,3", "tracking=none", "training.patience=null")
        process = subprocess.Popen(
            [sys.executable, "-m", "glassnet.stages.train", "-m", *settings, *overrides],
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        _wait_for_training(training, process)
        return process

    yield start_sweep
    for process in started:
        with contextlib.suppress(ProcessLookupError):  # as it should be
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _wait_for_training(jobs: int, process: subprocess.Popen[str], attempt: int = 1) -> None:
    """Wait until so many jobs have begun to train, in this attempt."""

    def trains() -> bool:
        running = [job for job in read_jobs(Path("s")) if job.status == "running" and job.attempts >= attempt]
        return len(running) >= jobs and all(job.tracking is not None for job in running)

    wait_until(trains, process)
    time.sleep(0.1)  # from the record to the first step


def _workers(process: subprocess.Popen[str]) -> list[int]:
    children = [path.read_text().split() for path in Path(f"/proc/{process.pid}/task").glob("*/children")]
    pids = [int(pid) for listed in children for pid in listed]
    return [pid for pid in pids if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()]


def _wait_for_the_end_of(pids: list[int]) -> None:
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def _table() -> pd.DataFrame:
    return pd.read_csv("s/experiment.csv").sort_values("job", ignore_index=True)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells how many threads there are")
def test_workers_are_forks(start: Start) -> None:
    """As long as joblib starts them the way that this asks for: new interpreters would import everything anew."""
    process = start(LONG, *JOBLIB, training=2)
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in [process.pid, *_workers(process)]]
    assert len(commands) == 3
    assert len(set(commands)) == 1


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_the_job_of_a_killed_worker_runs_again(start: Start, signum: signal.Signals) -> None:
    """And the jobs that were to come after it run too."""
    process = start(SHORT, *JOBLIB, training=2)
    os.kill(_workers(process)[0], signum)
    _, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, errors
    assert "train: a worker was killed; what it had not finished runs once more" in errors
    assert list(_table()["status"]) == ["finished"] * 4
    assert max(job.attempts for job in read_jobs(Path("s"))) == 2


def test_a_job_that_kills_its_worker_twice_is_lost_and_the_others_go_on(start: Start) -> None:
    """It is in the table, with the reason; so is one that runs beside it both times."""
    process = start(SHORT, *JOBLIB, training=2)
    for attempt in (1, 2):
        _wait_for_training(2, process, attempt)
        for pid in _workers(process):
            os.kill(pid, signal.SIGKILL)
    _, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 1
    assert "2 of 4 jobs failed" in errors
    table = _table()
    assert sorted(table["status"]) == ["finished", "finished", "lost", "lost"]
    assert table["notes"][table["status"] == "lost"].str.contains("SIGKILL").all()


@pytest.mark.parametrize(
    ("launcher", "signum"), [(JOBLIB, signal.SIGTERM), (JOBLIB, signal.SIGINT), ((), signal.SIGINT)]
)
def test_a_signal_ends_a_sweep_with_its_workers(
    start: Start, launcher: tuple[str, ...], signum: signal.Signals
) -> None:
    """SIGTERM to the command, or Ctrl-C to all: the table, a line that says how to go on, and nothing runs any more."""
    process = start(LONG, *launcher, training=2 if launcher else 1)
    workers = _workers(process)
    assert len(workers) == (2 if launcher else 0)
    if signum == signal.SIGINT:
        os.killpg(process.pid, signum)
    else:
        process.send_signal(signum)
    _, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 128 + signum
    assert "Traceback" not in errors
    expected = (
        f"train: {signum.name}: 4 of 4 jobs are not finished; to go on, start the sweep again with hydra.sweep.dir=s"
    )
    assert errors.splitlines()[-1].endswith(expected)
    _wait_for_the_end_of(workers)
    table = _table()
    assert list(table["status"]) == ["lost"] * 4
    assert table["notes"][3] == f"was not started: {signum.name} ended the sweep"


INTERRUPTED_IMPORT = """
import sys
from pathlib import Path
from glassnet.runs import one_line_errors
from glassnet.runs import Job, run_sweep
from glassnet.stages import trained

class CtrlC:
    def find_spec(self, name, path, target=None):
        if name == "pandas._libs.tslibs":
            sys.meta_path.remove(self)
            raise KeyboardInterrupt

def launch(begin):
    Job(Path("s/0"), ["seed=0"], ["seed=0"], "now", status="running").write()
    sys.meta_path.insert(0, CtrlC())
    import pandas
    raise KeyboardInterrupt

with one_line_errors("train"):
    run_sweep(launch, Path("s"), "now", trained.finish_sweep, "hydra.sweep.dir=s")
"""


def test_a_signal_that_comes_while_a_job_imports_leaves_a_table_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of pandas cannot be imported again, and the table needs it."""
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", INTERRUPTED_IMPORT]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 128 + signal.SIGINT, ended.stderr
    assert "train: SIGINT: 1 of 1 jobs are not finished" in ended.stderr
    assert list(_table()["status"]) == ["lost"]


def test_workers_end_with_a_command_that_is_killed(start: Start) -> None:
    """They would go on writing where a restarted sweep writes."""
    process = start(LONG, *JOBLIB, training=2)
    workers = _workers(process)
    process.kill()
    process.communicate(timeout=LONGEST)
    _wait_for_the_end_of(workers)


def test_a_second_command_leaves_the_folder_of_a_sweep_at_work_alone(start: Start) -> None:
    """Each would put the jobs of the other aside, and both end with an empty table."""
    first = start(LONG, training=1)
    second = start(LONG, training=0)
    _, errors = second.communicate(timeout=LONGEST)
    assert second.returncode == 1
    assert errors == (
        "train: s: expected a folder in which no sweep is at work, received one that another command holds for its "
        "own; wait for its end, or choose another folder\n"
    )
    assert first.poll() is None
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=LONGEST)
    assert list(_table()["status"]) == ["lost"] * 4
    again = start("training.epochs=2", training=0)
    _, errors = again.communicate(timeout=LONGEST)
    assert again.returncode == 0, errors
    assert list(_table()["status"]) == ["finished"] * 4
