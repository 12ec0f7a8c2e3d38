"""One contestant in a process of its own: waits for a line on standard input, does the work, answers with the seconds.

Processes keep the libraries' threads apart; a contestant that waits takes no time from the one that runs.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.speed import ours, peers
from tests.benchmarks.speed.workload import read_data

CONTESTANTS: dict[str, tuple[str, Callable[..., Any]]] = {  # by name, the package that each needs, and what it does
    "products alone": ("numpy", ours.products),
    "glassnet": ("numpy", ours.bare_loop),
    "glassnet fit": ("numpy", ours.fit),
    "glassnet fit, BLAS on all cores": ("numpy", ours.fit_threads),
    "glassnet fit, a process a core": ("numpy", ours.fit_data_parallel),
    "JAX, jit and scan": ("jax", peers.jax_scan),
    "PyTorch, Adam": ("torch", peers.torch_adam),
    "PyTorch, fused Adam": ("torch", peers.torch_fused),
    "PyTorch, DataLoader": ("torch", peers.torch_loader),
    "scikit-learn": ("sklearn", peers.scikit_learn),
}


MOST_EPOCHS = 8  # of a cold process


def serve(name: str, folder: Path) -> None:
    """Answer requests: {"sizes", "batch_size"} to begin with a network, "epoch" or "predict" to time one of those."""
    X, y = read_data(folder, "train")
    test_X, _ = read_data(folder, "test")
    epoch: Any = None
    predict: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        if isinstance(request, dict):
            epoch, predict = CONTESTANTS[name][1](request["sizes"], request["batch_size"], X, y)
        elif request == "epoch":
            epoch()
        else:
            predict(test_X)
        print(time.perf_counter() - started, flush=True)


def reach(name: str, folder: Path, sizes: list[int], batch_size: int, accuracy: float) -> None:
    """Train until the test accuracy is reached; print the epochs it took."""
    X, y = read_data(folder, "train")
    test_X, test_y = read_data(folder, "test")
    ours.planned_epochs = MOST_EPOCHS
    epoch, predict = CONTESTANTS[name][1](sizes, batch_size, X, y)
    for number in range(1, MOST_EPOCHS):  # the last one would end a training of ours before its prediction
        epoch()
        if np.mean(predict(test_X).argmax(axis=1) == test_y) >= accuracy:
            print(number)
            return
    sys.exit(f"{name}: expected a test accuracy of {accuracy} within {MOST_EPOCHS - 1} epochs, received less")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(sys.argv[1], Path(sys.argv[2]))
    else:
        reach(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
