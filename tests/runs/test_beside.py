"""Work beside a process: what comes back from it, and that it ends with the process that began it."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from glassnet.config import UserError
from glassnet.files import whole_file, whole_files
from glassnet.runs.beside import beside
from tests.waiting import LONGEST, wait_until

KILLED = """
import os, time
from glassnet.config import UserError
from glassnet.runs.beside import beside
with beside(2) as executor:
    print(executor.submit(os.getpid).result(), flush=True)
    executor.submit(time.sleep, 3600)
    executor.submit(time.sleep, 3600)
"""

# Signals come to all processes of a terminal at once, also while one is being forked.
SIGNALLED = """
import os, signal, sys
from glassnet.runs.beside import beside
from glassnet.runs.ending import one_line_errors
signum = getattr(signal, sys.argv[1])
os.sched_getaffinity = lambda process: {0, 1}
os.register_at_fork(**{sys.argv[2]: lambda: os.kill(os.getpid(), signum)})
with one_line_errors("report"), beside(2) as executor:
    executor.submit(os.getpid).result()
"""


def _refuse(what: str) -> None:
    raise ValueError(f"expected a figure, received {what}")


@pytest.fixture(autouse=True)
def _no_thread_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread()])


def _write_slowly(path: Path) -> None:
    with whole_file(path) as part:
        part.touch()
        time.sleep(2 * LONGEST)


@pytest.fixture(params=[1, 2])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    number: int = request.param
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(number)))
    return number


def test_results_are_the_same_with_one_core_and_with_two(cores: int) -> None:
    with beside(4) as executor:
        done = [executor.submit(np.linspace, 0.0, 1.0, number) for number in range(2, 30)]
        elsewhere = executor.submit(os.getpid).result()
        results = [each.result() for each in done]
    assert (elsewhere != os.getpid()) == (cores > 1)
    for number, result in zip(range(2, 30), results, strict=True):
        np.testing.assert_array_equal(result, np.linspace(0.0, 1.0, number))


def test_an_error_arrives_as_it_was_raised(cores: int) -> None:
    with beside(2) as executor, pytest.raises(ValueError, match=r"^expected a figure, received a table$"):
        executor.submit(_refuse, "a table").result()


def test_beside_another_thread_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It might hold a lock, which would stay locked in the fork."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread(), threading.Thread(name="MLflow")])
    with beside(1) as executor:
        assert executor.submit(os.getpid).result() == os.getpid()


def test_ctrl_c_is_for_the_process_that_began_the_work() -> None:
    with beside(1) as executor:
        other = executor.submit(os.getpid).result()
        if other != os.getpid():
            os.kill(other, signal.SIGINT)
        assert executor.submit(sum, (1, 2)).result() == 3


def test_a_process_that_was_killed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})

    def lose_a_worker() -> None:
        with beside(1) as executor:
            os.kill(executor.submit(os.getpid).result(), signal.SIGKILL)
            executor.submit(os.getpid).result()

    with pytest.raises(UserError, match="killed"):
        lose_a_worker()


@pytest.mark.parametrize("possible", [0, 1])
def test_without_processes_to_have_the_work_is_done_here(possible: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `ulimit -u`, or where memory is short; one that was begun before the others failed ends."""
    forks: list[int] = []
    fork = os.fork

    def fork_at_first() -> int:
        if len(forks) == possible:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if number := fork():
            forks.append(number)
        return number

    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(os, "fork", fork_at_first)
    with beside(2) as executor:
        assert executor.submit(os.getpid).result() == os.getpid()
    wait_until(lambda: not any(map(_is_running, forks)))


def test_of_a_file_that_a_killed_process_was_writing_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would remove it in that process has no say any more; so with Ctrl-C, which kills those beside."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})

    def be_interrupted() -> None:
        with whole_files(tmp_path), beside(1) as executor:
            executor.submit(_write_slowly, tmp_path / "figure.png")
            wait_until(lambda: any(tmp_path.iterdir()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_error_here_does_not_wait_for_work_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    workers = []

    def be_interrupted() -> None:
        with beside(1) as executor:
            workers.append(executor.submit(os.getpid).result())
            executor.submit(time.sleep, 2 * LONGEST)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert not _is_running(workers[0])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the work is done in the process itself")
@pytest.mark.parametrize(
    ("name", "where", "said"),
    [
        ("SIGINT", "after_in_parent", "report: interrupted\n"),
        ("SIGTERM", "after_in_parent", "report: terminated\n"),
        ("SIGINT", "after_in_child", ""),
    ],
)
def test_a_signal_while_processes_are_forked_is_neither_lost_nor_a_traceback(name: str, where: str, said: str) -> None:
    command, environment = [sys.executable, "-c", SIGNALLED, name, where], {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == said
    assert done.returncode == (128 + getattr(signal, name) if said else 0)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the work is done in the process itself")
def test_processes_end_with_one_that_is_killed() -> None:
    if len(os.sched_getaffinity(0)) == 1:
        pytest.skip("with one core the work is done in the process itself")
    environment = {**os.environ, "PYTHONPATH": "src"}
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
        wait_until(lambda: not _is_running(worker))


def _is_running(number: int) -> bool:
    """Whether the process still runs; one that has ended stays as a zombie until someone asks for its status."""
    try:
        with open(f"/proc/{number}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
