"""How a command ends after a user's mistake or a signal: one line on stderr, an exit status, no traceback."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from glassnet.config.errors import UserError
from glassnet.runs.printing import prepare_printing


class StoppedError(Exception):
    """A signal ended the command, which has put its things in order; `signum` says which."""

    def __init__(self, message: str, signum: int) -> None:
        """Say what was left and how to go on, and keep the signal's number."""
        super().__init__(message)
        self.signum = signum


class TerminatedError(SystemExit):
    """SIGTERM came: as with Ctrl-C, what is half done is undone on the way out."""


# What a user can mend: a UserError, and what the library raises for bad values, a diverged training, arrays too large
# for the memory, and files that are missing, not allowed, or too much for the disk.
MENDABLE = (UserError, ValueError, OSError, ArithmeticError, MemoryError)

RUN_FOLDER = "hydra.run.dir=<folder>"  # the setting that chooses where a standalone stage writes

_REMEDIES = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some of your quota on that disk",
    errno.EFBIG: "allow larger files (`ulimit -f`, or another file system)",
    errno.EROFS: "choose a place that can be written",
    errno.EACCES: "see to it that you may read or write it",
    errno.EPERM: "see to it that you may read or write it",
}


@contextmanager
def one_line_errors(command: str, status: int = 1, place: str = RUN_FOLDER) -> Iterator[None]:
    """Turn the errors that a user can mend into one line that opens with the command's name, and exit with `status`.

    Those are the errors in `MENDABLE`. A signal that ends the command is a line too; the status is then 128 and its
    number, as a shell has it. Anything else is a bug and keeps its traceback. `place` is as in `as_line`.
    """
    prepare_printing()
    received: list[int] = []
    try:
        with _noted_signals(received):
            try:
                yield
            finally:
                _write_out()
    except StoppedError as stopped:
        line, code = str(stopped), 128 + stopped.signum
    except (Exception, KeyboardInterrupt, TerminatedError) as error:
        if received or isinstance(error, KeyboardInterrupt):  # whatever it became in the libraries that it came through
            signum = received[0] if received else signal.SIGINT
            line, code = "interrupted" if signum == signal.SIGINT else "terminated", 128 + signum
        elif isinstance(error, MENDABLE):
            line, code = as_line(error, place), status
        else:
            raise
    else:
        return
    with suppress(OSError):  # the status says it to whoever cannot be told
        print(f"{command}: {line}", file=sys.stderr)
    with suppress(OSError):
        _write_out()
    sys.exit(code)


def _write_out() -> None:
    """Write out what was printed; what cannot be is let go: Python would try once more at its end, and exit with 120.

    Raises:
        OSError: if there is no room for it, say.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            raise


@contextmanager
def _noted_signals(received: list[int]) -> Iterator[None]:
    """Note signals that end the process; SIGTERM, which would do so where it stands, raises `TerminatedError`."""

    def end(signum: int, _: FrameType | None) -> NoReturn:
        received.append(signum)
        raise KeyboardInterrupt if signum == signal.SIGINT else TerminatedError(128 + signum)

    usual: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    in_main_thread = threading.current_thread() is threading.main_thread()  # no other may set handlers
    ours = [number for number, handler in usual.items() if in_main_thread and signal.getsignal(number) == handler]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, usual[number])


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let signals that end the process wait until the end of the `with` block; what it forks has them wait too.

    Python runs functions of its libraries around a fork, and drops an error that is raised in one: Ctrl-C just then
    would be lost. In the fork it would be a traceback, until that has handlers of its own.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def listen_as(interrupted: Any) -> None:
    """Have a fork that was made while signals waited listen to them: SIGTERM ends it, SIGINT is as told."""
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def as_line(error: Exception, place: str = RUN_FOLDER) -> str:
    """Return in one line what went wrong: the message; of an error of the system's, the file and what to do too.

    Args:
        error: what went wrong.
        place: the setting that chooses where the command writes; nothing, if none does.
    """
    if isinstance(error, MemoryError):
        said = " ".join(str(error).split()) or "none left"
        return f"expected the arrays to fit in memory, received {said!r}; choose a smaller network, batch or table"
    if not isinstance(error, OSError) or error.strerror is None or error.errno not in _REMEDIES:
        return " ".join(str(error).split()) or type(error).__name__
    where = f"{error.filename}: " if error.filename else ""
    setting = f" ({place})" if place and error.errno == errno.EROFS else ""
    return f"{where}expected to read or write here, received {error.strerror!r}; {_REMEDIES[error.errno]}{setting}"
