"""How a user's mistake ends a command: one line on stderr, exit status 1, no traceback."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A mistake that the user can mend; its message says what was expected, what was received and what to do."""


# What a user can mend: a UserError, and what the library raises for bad values, a diverged training, and files that are
# missing, not allowed, or too much for the disk.
MENDABLE = (UserError, ValueError, OSError, ArithmeticError)

_REMEDIES = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some of your quota on that disk",
    errno.EFBIG: "allow larger files (`ulimit -f`, or another file system)",
    errno.EROFS: "choose a folder that can be written (hydra.run.dir=<folder>)",
    errno.EACCES: "see to it that you may read or write it",
    errno.EPERM: "see to it that you may read or write it",
}


@contextmanager
def one_line_errors(command: str) -> Iterator[None]:
    """Turn the errors that a user can mend into one line that opens with the command's name, and exit with status 1.

    Those are the errors in `MENDABLE`. Anything else is a bug and keeps its traceback.
    """
    try:
        yield
    except MENDABLE as error:
        print(f"{command}: {as_line(error)}", file=sys.stderr)
        sys.exit(1)


def as_line(error: Exception) -> str:
    """Return in one line what went wrong: the message; of an error of the system's, the file and what to do too."""
    if not isinstance(error, OSError) or error.strerror is None or error.errno not in _REMEDIES:
        return " ".join(str(error).split()) or type(error).__name__
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}expected to read or write here, received {error.strerror!r}; {_REMEDIES[error.errno]}"
