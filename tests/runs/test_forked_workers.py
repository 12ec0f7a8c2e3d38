"""joblib's workers as forks of the process: where that is safe alone, and with nothing of what it was to do."""

import subprocess
import sys

import pytest

SCRIPT = """
import gc, os, signal, sys, threading, time
from joblib import Parallel, delayed
from glassnet.runs.forked_workers import forked_workers, is_single_threaded

def look(number):
    inherited = getattr(sys, "told", "nothing")
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    have_usual = all(signal.getsignal(number) == handler for number, handler in usual.items())
    return inherited, have_usual, gc.get_freeze_count() > 0, os.environ.get("OMP_NUM_THREADS")

def handle(*_):
    raise SystemExit

signal.signal(signal.SIGTERM, handle)
sys.told = "something"
if {beside}:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print(is_single_threaded())
with forked_workers():
    print(*set(map(str, Parallel(n_jobs=2)(delayed(look)(number) for number in range(4)))))
print(*set(map(str, Parallel(n_jobs=3)(delayed(look)(number) for number in range(4)))))
"""


def _run(*, beside: bool) -> list[str]:
    """Return what the script prints, with another thread beside the first or without."""
    command = [sys.executable, "-W", "error", "-c", SCRIPT.replace("{beside}", str(beside))]
    environment = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells how many threads there are")
def test_workers_are_forks_with_signals_as_they_are_by_default() -> None:
    """They know what the process does, and have the limits of threads that joblib gives its workers."""
    alone, forked, _ = _run(beside=False)
    assert alone == "True"
    assert forked.startswith("('something', True, True, '")


def test_beside_another_thread_they_start_anew() -> None:
    """A lock that it held would stay locked in them; so would those of joblib's own threads, at a later start."""
    alone, fresh, later = _run(beside=True)
    assert alone == "False"
    assert fresh.startswith("('nothing', ")
    assert later.startswith("('nothing', ")


SIGNALLED = """
import os, signal, sys
from joblib import Parallel, delayed
from glassnet.runs.ending import one_line_errors
from glassnet.runs.forked_workers import forked_workers
os.register_at_fork(**{sys.argv[1]: lambda: os.kill(os.getpid(), signal.SIGINT)})
with one_line_errors("train"), forked_workers():
    Parallel(n_jobs=2)(delayed(os.getpid)() for number in range(4))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells how many threads there are")
def test_ctrl_c_while_a_worker_is_forked_is_not_lost() -> None:
    command = [sys.executable, "-c", SIGNALLED, "after_in_parent"]
    environment = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)}
    shorter_than_workers_wait = 200  # seconds: a worker of loky's that nobody ends waits for 300
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=shorter_than_workers_wait
    )
    assert (done.returncode, done.stderr) == (130, "train: interrupted\n")
