"""joblib's workers as copies of this process, which has imported all that they need; else each imports it anew.

A copy of a process with several threads may wait for ever for a lock that one of the others held. joblib therefore
starts its workers as new interpreters. A stage has a single thread until then: its BLAS was told so. Where that is not
so, as with GLASSNET_NATIVE_BLAS=1, and where the system does not tell, workers start in joblib's way.
"""

import gc
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glassnet.runs.ending import listen_as, signals_wait
from glassnet.runs.entry import end_with_parent

_THREADS = Path("/proc/self/task")  # Linux has a folder there for each thread, those of libraries too
# Of an allocator that pandas brings with it: it takes its locks before a fork, as allocators have to, and frees them.
_HARMLESS = {"jemalloc_bg_thd"}


@contextmanager
def forked_workers() -> Iterator[None]:
    """Have the workers that joblib starts within the `with` block forked from this process, as long as that is safe.

    joblib has no setting for it: its own way is for processes of which it knows nothing. What starts a worker is an
    attribute of the context that its library, loky, registers with multiprocessing; a version that asks for it no
    longer starts workers as it likes. One that is to take the place of another in the midst of a sweep is never
    forked: joblib's threads are there by then.
    """
    import joblib.parallel  # noqa: F401  # it registers the context

    try:
        context: Any = multiprocessing.get_context("loky")
    except ValueError:
        yield
        return
    usual = context.Process
    forks: list[Any] = []

    def start(target: Callable[..., object], args: tuple[Any, ...], env: Mapping[str, str] | None = None) -> Any:
        if not is_single_threaded():
            return usual(target=target, args=args, env=env)
        given = (os.getpid(), target, args, env or {})
        worker: Any = multiprocessing.get_context("fork").Process(target=_work, args=given)
        worker.start = signals_wait()(worker.start)  # joblib calls it
        forks.append(worker)
        return worker

    context.Process = start
    # Python from 3.12 on warns of every other thread, of harmless ones too.
    warnings.filterwarnings("ignore", ".* is multi-threaded, use of fork", DeprecationWarning)
    try:
        yield
    except BaseException:
        for worker in forks:
            if worker.pid is not None:  # one that a signal kept from starting has none
                worker.kill()  # loky knows nothing yet of one that a signal came after, which would wait for minutes
        raise
    finally:
        context.Process = usual


def is_single_threaded() -> bool:
    """Return whether this process is known to have one thread, those of libraries counted, but for harmless ones."""
    try:
        names = [(thread / "comm").read_text(encoding="utf-8").strip() for thread in _THREADS.iterdir()]
    except OSError:  # another system, or one of them has just ended
        return False
    return sum(name not in _HARMLESS for name in names) == 1


def _work(
    parent: int, target: Callable[..., object], arguments: tuple[Any, ...], environment: Mapping[str, str]
) -> None:
    """Be a worker, which ends with its parent: without what that was to do about signals, and without its garbage."""
    end_with_parent(lambda: os._exit(1), parent)
    listen_as(signal.default_int_handler)
    os.environ.update(environment)  # the number of threads for libraries that are not loaded yet
    gc.freeze()  # to look through what there is would copy the memory that both processes share
    target(*arguments)
