"""How the cost of training grows with rows, parameters and precision; ratios within one run.

    python tests/benchmarks/growth.py

Every figure is a minimum of some epochs. "Linear" means that a ratio of work w costs a ratio of time about w.
Memory of mapped data is measured by tests/benchmarks/mapped_memory.py.
"""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from glassnet import data, nn, optim

ROUNDS, BATCH = 5, 256


def epoch_seconds(rows: int, sizes: list[int], dtype: npt.DTypeLike = np.float32) -> float:
    """Return the seconds of the fastest of some epochs of the bare loop."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, sizes[0])).astype(dtype)
    loader = data.DataLoader(data.ArrayDataset(X, rng.integers(0, sizes[-1], rows)), BATCH, shuffle=True)
    model = nn.mlp(sizes, rng=rng, dtype=dtype).train()
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters())
    best = float("inf")
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        for features, labels in loader:
            loss.forward(model.forward(features), labels)
            optimizer.zero_grad()
            model.backward_parameters(loss.backward())
            optimizer.step()
        best = min(best, time.perf_counter() - started)
    return best


def training_memory(sizes: list[int]) -> None:
    """Print the growth of resident memory by a training, over the bytes of parameters, and those of activations."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((BATCH * 4, sizes[0])).astype(np.float32), rng.integers(0, sizes[-1], BATCH * 4)
    np.ones((512, 512), np.float32) @ np.ones((512, 512), np.float32)  # BLAS takes its own memory first
    before = _resident()
    model = nn.mlp(sizes, rng=rng).train()
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters())
    for _ in range(3):
        for features, labels in data.DataLoader(data.ArrayDataset(X, y), BATCH, shuffle=True):
            loss.forward(model.forward(features), labels)
            optimizer.zero_grad()
            model.backward_parameters(loss.backward())
            optimizer.step()
    parameters = 4 * sum(parameter.size for parameter in model.parameters())
    print(_resident() - before, parameters, 4 * BATCH * (sum(sizes[:-1]) + 3 * sum(sizes[1:])))


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def main() -> None:
    """Print the ratios."""
    print(f"784-128-64-10, batch {BATCH}, minimum of {ROUNDS} epochs")
    first = epoch_seconds(4_096, [784, 128, 64, 10])
    for times in (1, 4, 16):
        seconds = epoch_seconds(4_096 * times, [784, 128, 64, 10])
        print(f"  {times:>2}× the rows: {seconds / first:5.2f}× the time ({seconds:.4f} s)")
    print(f"784-H-H-10, batch {BATCH}, 8,192 rows")
    reference: tuple[int, float] | None = None
    for width in (256, 512, 1024, 2048):
        sizes = [784, width, width, 10]
        parameters = sum((a + 1) * b for a, b in pairwise(sizes))
        seconds = epoch_seconds(8_192, sizes)
        reference = reference or (parameters, seconds)
        more = parameters / reference[0]
        print(f"  H = {width:>4}: {more:6.2f}× the parameters, {seconds / reference[1]:6.2f}× the time")
    for sizes in ([784, 128, 64, 10], [784, 1024, 1024, 10]):
        single, double = (epoch_seconds(8_192, sizes, dtype) for dtype in (np.float32, np.float64))
        print(f"float64 over float32, {'-'.join(map(str, sizes))}: {double / single:.2f}× the time")
    command = [sys.executable, __file__, "--memory"]
    grown, parameters, activations = map(
        int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    )
    share = (grown - activations) / parameters
    print(
        f"memory of a training, 784-2048-2048-10, batch {BATCH}: {grown / 2**20:.0f} MiB = "
        f"{share:.2f}× the parameters' bytes + {activations / 2**20:.0f} MiB of activations"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--memory"]:
        training_memory([784, 2048, 2048, 10])
    else:
        main()
