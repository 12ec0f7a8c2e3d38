"""Shows the runs that the project has recorded, in MLflow's pages on 127.0.0.1; prints the address to open."""

from dataclasses import dataclass

from glassnet.config import UserError
from glassnet.runs import one_line_errors, read_arguments
from glassnet.tracking import show

HIGHEST = 65_535


@dataclass(frozen=True)
class Arguments:
    """Where to show them."""

    port: float = 5000.0


def main() -> None:
    """Show them on `port=` until Ctrl-C."""
    port = read_arguments(Arguments, __doc__, main.__doc__).port
    if not (port == int(port) and 1 <= port <= HIGHEST):
        raise UserError(f"port: expected a whole number from 1 to {HIGHEST}, received {port:g}")
    show(int(port))


if __name__ == "__main__":
    with one_line_errors("ui", place=""):
        main()
