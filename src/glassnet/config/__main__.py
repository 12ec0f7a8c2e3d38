"""`python -m glassnet.config` generates params.yaml from conf/."""

import sys

from glassnet.config import UserError, asks_for_help, one_line_errors, undone_by_generating, write_params

with one_line_errors("params", place=""):
    if asks_for_help():
        print(f"usage: python -m glassnet.config\n\n{__doc__}")
        sys.exit()
    if sys.argv[1:]:
        raise UserError(f"expected no arguments, received {sys.argv[1]!r}; edit conf/, then start it without")
    undone = undone_by_generating()
    write_params()
    if undone:
        print(f"params: note: conf/ does not have what params.yaml had: {', '.join(undone)}")
