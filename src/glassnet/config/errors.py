"""How a user's mistake ends a command: one line on stderr, exit status 1, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A mistake that the user can mend; its message says what was expected, what was received and what to do."""


# What a user can mend: a UserError, and what the library raises for bad values, missing files or a diverged training.
MENDABLE = (UserError, ValueError, FileNotFoundError, PermissionError, ArithmeticError)


@contextmanager
def one_line_errors(command: str) -> Iterator[None]:
    """Turn the errors that a user can mend into one line that opens with the command's name, and exit with status 1.

    Those are the errors in `MENDABLE`. Anything else is a bug and keeps its traceback.
    """
    try:
        yield
    except MENDABLE as error:
        print(f"{command}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)
