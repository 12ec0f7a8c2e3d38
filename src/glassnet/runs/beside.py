"""Work done beside this process, by others that are forked from it and know what it has loaded."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from glassnet.config.errors import UserError
from glassnet.runs.ending import listen_as, signals_wait
from glassnet.runs.entry import WATCH, end_with_parent

P = ParamSpec("P")
T = TypeVar("T")


class Here(Executor):
    """Does at once, in this process, what it is given: for one core, and for tests."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return a future that is done, with the result or the error."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # whoever asks for the result gets it
            done.set_exception(error)
        return done


@contextmanager
def beside(most: int) -> Iterator[Executor]:
    """Yield an executor for work beside this process; at the end it waits for what was begun.

    A forked process need not load anything anew, which would take longer than most figures take to draw. It ends with
    this one, however that ends, and leaves Ctrl-C to it. With one core, or where forking is not safe or fails, the work
    is done here. What is computed is the same in either case.

    Args:
        most: the most processes; there are no more than cores.

    Raises:
        UserError: if one of the processes was killed.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores == 1 or {thread.name for thread in threading.enumerate()} - {threading.main_thread().name, WATCH}:
        yield Here()  # another thread may hold a lock, which would stay locked in a fork
        return
    others = active_children()
    pool = ProcessPoolExecutor(min(most, cores), get_context("fork"), _begin, (os.getpid(),))
    try:
        with warnings.catch_warnings(), signals_wait():
            # Python warns of the thread that watches for DVC's end, which holds no lock, and of those of libraries,
            # which see to their locks before a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                executor: Executor = pool
                pool.submit(os.getpid)  # forks them all
            except OSError:  # no process is left to have, or no memory for one
                _kill(set(active_children()).difference(others))
                executor = Here()
        yield executor
    except BaseException as error:
        # Else this process would wait at its end for what nobody needs.
        _kill(set(active_children()).difference(others))
        if isinstance(error, BrokenProcessPool):
            raise UserError(
                "expected to work with a process beside this one, which was killed, as systems do when memory is "
                "short; close other programs and run this again"
            ) from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _kill(processes: Iterable[BaseProcess]) -> None:
    for process in processes:
        process.kill()


def _begin(parent: int) -> None:
    """Begin a process of the pool: signals are the parent's to act on, and it ends when the parent has ended."""
    listen_as(signal.SIG_IGN)
    end_with_parent(lambda: os._exit(1), parent)
