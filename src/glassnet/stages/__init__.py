"""The stages: each file is an entry point of the pipeline, and nothing imports it.

OpenBLAS picks its kernels by the processor it finds, and different kernels round differently: the same settings would
end in other last digits on another machine, and `dvc.lock` would not match. Stages therefore ask for one kernel that
every x86 processor with AVX2 runs alike, before NumPy loads the library. It costs speed on newer processors:
GLASSNET_NATIVE_BLAS=1 takes the fastest kernel of the machine instead, and gives up the agreement between machines.
"""

import importlib.util
import os
import sys
from pathlib import Path

if importlib.util.find_spec("pydantic") is None:  # DVC runs the `python` that PATH finds first
    sys.exit(
        f"glassnet: expected to run in the project's environment, received {sys.executable}, which lacks its packages; "
        "run `make setup` once and `source .venv/bin/activate` in each new shell"
    )

_CPU_INFO = Path("/proc/cpuinfo")

if os.environ.get("GLASSNET_NATIVE_BLAS") != "1" and _CPU_INFO.is_file() and " avx2 " in _CPU_INFO.read_text():
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
