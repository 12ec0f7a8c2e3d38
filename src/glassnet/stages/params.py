"""Generates params.yaml, with which the pipeline runs, from conf/."""

import sys

from glassnet.config import UserError, undone_by_generating, write_params
from glassnet.runs import asks_for_help, one_line_errors, print_usage


def main() -> None:
    """Compose conf/ and write params.yaml; say what conf/ does not have of what was in it."""
    if asks_for_help():
        print_usage("", __doc__, main.__doc__)
        return
    if sys.argv[1:]:
        raise UserError(f"expected no arguments, received {sys.argv[1]!r}; edit conf/, then start it without")
    undone = undone_by_generating()
    write_params()
    if undone:
        print(f"params: note: conf/ does not have what params.yaml had: {', '.join(undone)}")


if __name__ == "__main__":
    with one_line_errors("params", place=""):
        main()
