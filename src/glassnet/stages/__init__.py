"""The stages: each file is an entry point of the pipeline, and nothing imports it.

OpenBLAS picks its kernels by the processor it finds, and divides large products among as many threads as there are
cores; both change how sums are rounded. The same settings would end in other last digits on another machine, and in a
job of a sweep that runs beside others. Stages therefore ask for one kernel that every x86 processor with AVX2 runs
alike, and for one thread, before NumPy loads the library. It costs speed with large networks: GLASSNET_NATIVE_BLAS=1
takes the fastest kernel and all cores instead, and gives up the agreement between machines and launchers.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import TracebackType

from glassnet.garbage import collect_rarely

_CPU_INFO = Path("/proc/cpuinfo")


def begin_program() -> None:
    """Make this process one that runs a stage: in the project's environment, with the BLAS of all runs.

    It must come before the first import of NumPy, whose BLAS reads its settings once.
    """
    collect_rarely()
    if importlib.util.find_spec("pydantic") is None:  # DVC runs the `python` that PATH finds first
        sys.exit(
            f"glassnet: expected to run in the project's environment, received {sys.executable}, which lacks its "
            "packages; run `make setup` once and `source .venv/bin/activate` in each new shell"
        )
    sys.excepthook = _end
    if os.environ.get("GLASSNET_NATIVE_BLAS") != "1":
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        if _CPU_INFO.is_file() and " avx2 " in _CPU_INFO.read_text():
            os.environ["OPENBLAS_CORETYPE"] = "Haswell"


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say in one line that Ctrl-C ended a stage that was still starting; `run_stage` does so later on."""
    if issubclass(kind, KeyboardInterrupt):
        print("glassnet: interrupted", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


if sys.argv[:1] == ["-m"]:  # Python is on its way to run a file of this folder: `python -m glassnet.stages.train`
    begin_program()
