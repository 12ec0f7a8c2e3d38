"""`python -m glassnet.config` generates params.yaml from conf/."""

from glassnet.config import one_line_errors, write_params

with one_line_errors("params"):
    write_params()
