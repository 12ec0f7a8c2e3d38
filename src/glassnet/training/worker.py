"""A worker: a process forked from rank 0, and how the two wake each other and learn of each other's end."""

import multiprocessing
import os
import pickle
import signal
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore

SPINS = 5_000  # how often to look for a message, yielding the core in between, before going to sleep: some 3 ms
PATIENCE = 0.2  # seconds asleep after which to see whether the other process is still there
LAST_STEP = 5.0  # seconds that a worker has to come to its end by itself


class Worker:
    """A process forked from rank 0, and how the two reach each other.

    Attributes:
        rank: its number, from 1.
        go: rank 0's messages to it.
        done: its messages to rank 0.
    """

    def __init__(self, rank: int, work: Callable[["Worker"], None]) -> None:
        """Fork it; it does its work, and ends."""
        context = multiprocessing.get_context("fork")
        self.rank, self.go, self.done = rank, context.Semaphore(0), context.Semaphore(0)
        self._errors, errors = context.Pipe(duplex=False)
        self._parent, self._status = os.getpid(), 0
        with warnings.catch_warnings():
            # Python warns of forks beside threads, whose locks would stay locked. A worker takes none of them: it runs
            # NumPy and this package, and OpenBLAS ends its own threads for the fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                status = self._work(work, errors)
            finally:  # what rank 0 would do at its end, such as flushing its files, is not for a worker to do
                os._exit(status)
        self._is_there = True
        errors.close()

    def _work(self, work: Callable[["Worker"], None], errors: Connection) -> int:
        """Do the work, in the worker, and return its exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):  # rank 0 decides: it may have a state to save
            signal.signal(number, signal.SIG_IGN)
        try:
            work(self)
        except ChildProcessError:  # rank 0 is gone: nobody is left to be told
            return 1
        except Exception as error:
            errors.send(_portable(error))
            return 1
        return 0

    def has_rank_0(self) -> bool:
        """Return, in the worker, whether rank 0 is still there."""
        return os.getppid() == self._parent

    def is_alive(self) -> bool:
        """Return, in rank 0, whether the worker is still there."""
        if self._is_there:
            try:
                pid, self._status = os.waitpid(self._pid, os.WNOHANG)
                self._is_there = pid == 0
            except ChildProcessError:  # another part of this program has waited for it, and knows how it ended
                self._is_there = False
        return self._is_there

    @property
    def cause_of_end(self) -> str:
        """The signal that ended it, or its exit status."""
        code = os.waitstatus_to_exitcode(self._status)
        return signal.Signals(-code).name if code < 0 else f"status {code}"

    def last_words(self) -> Exception | None:
        """Return the error that ended it, or None if it was ended without being able to say anything."""
        try:
            error: Exception | None = self._errors.recv() if self._errors.poll() else None
        except EOFError:
            return None
        return error

    def end(self) -> None:
        """Wait until it has ended, as it was asked to; make it if it does not."""
        deadline = time.monotonic() + LAST_STEP
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        if self.is_alive():
            os.kill(self._pid, signal.SIGKILL)
            while self.is_alive():
                time.sleep(0.001)
        self._errors.close()


def wait_for(message: Semaphore, sender_is_there: Callable[[], bool]) -> None:
    """Wait for a message.

    Raises:
        ChildProcessError: if there will be none.
    """
    for _ in range(SPINS):
        if message.acquire(block=False):
            return
        os.sched_yield()
    while not message.acquire(timeout=PATIENCE):
        if not sender_is_there() and not message.acquire(block=False):
            raise ChildProcessError


def _portable(error: Exception) -> Exception:
    """Return `error` as another process can receive it; some errors cannot be made again from what they hold."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # made right here
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
