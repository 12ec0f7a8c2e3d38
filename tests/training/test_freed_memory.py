"""A process keeps what a step frees, so that the next one has no page faults for it."""

import os
import platform
import subprocess
import sys

import pytest

# Twelve blocks of 4 MiB, as a step has them: more than twice the largest one, so that glibc would not keep them.
PROGRAM = """
import resource
import sys
import numpy as np
from glassnet.training.freed_memory import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory(8 << 20)
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(4 << 20, np.uint8) for _ in range(12)]
    del arrays
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's malloc")
def test_memory_that_was_freed_is_there_again() -> None:
    faults = {}
    for how in ("kept", "as it is"):
        usual = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, how],
            env={**usual, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            check=True,
        )
        faults[how] = int(done.stdout)
    assert faults["kept"] < 10, faults
    assert faults["as it is"] > 100, f"{faults}: glibc keeps them by itself, and nothing need be done about it"
