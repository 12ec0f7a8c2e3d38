"""`python -m glassnet.config` generates params.yaml from conf/, as `python -m glassnet.stages.params` does."""

import runpy

runpy.run_module("glassnet.stages.params", run_name="__main__", alter_sys=True)
