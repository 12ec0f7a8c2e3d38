"""`python -m glassnet.config` generates params.yaml from conf/."""

from glassnet.config import one_line_errors, undone_by_generating, write_params

with one_line_errors("params"):
    undone = undone_by_generating()
    write_params()
    if undone:
        print(f"params: note: conf/ does not have what params.yaml had: {', '.join(undone)}")
