"""Waiting in tests: for what other processes do, on a machine as busy as it may be."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

# Seconds after which a test that waits has failed: longer than the whole suite takes, beside others too. A shorter
# deadline would make a test of the machine's load.
LONGEST = 1800.0


def wait_until(happened: Callable[[], bool], process: "subprocess.Popen[Any] | None" = None) -> None:
    """Return once `happened()` is true.

    Args:
        happened: is asked again and again.
        process: what has to go on meanwhile, if anything has.
    """
    deadline = time.monotonic() + LONGEST
    while not happened():
        assert process is None or process.poll() is None or happened(), "the process has ended"
        assert time.monotonic() < deadline, f"waited {LONGEST:g} s in vain"
        time.sleep(0.02)
