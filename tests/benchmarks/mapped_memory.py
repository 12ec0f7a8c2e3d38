"""The resident memory of an epoch over memory-mapped data, for a data set and one ten times as large.

Run it with `python tests/benchmarks/mapped_memory.py [MEGABYTES]`; the larger data set has ten times the megabytes
(default 200, hence 2 GB, written to a temporary folder). Each epoch runs in a process of its own, whose peak counts.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from glassnet import data, nn, optim, training

FEATURES = 784


def write(folder: Path, megabytes: int) -> None:
    """Write features and labels of so many megabytes."""
    rows = megabytes * 1_000_000 // (4 * FEATURES)
    X = np.lib.format.open_memmap(folder / "X.npy", mode="w+", dtype=np.float32, shape=(rows, FEATURES))
    block = np.random.default_rng(0).standard_normal((4096, FEATURES)).astype(np.float32)
    for start in range(0, rows, len(block)):
        X[start : start + len(block)] = block[: min(len(block), rows - start)]
    X.flush()
    np.save(folder / "y.npy", np.arange(rows) % 10)


def epoch(folder: Path) -> None:
    """Train for one epoch, and print the peak of resident memory in megabytes and the seconds."""
    X, y = np.load(folder / "X.npy", mmap_mode="r"), np.load(folder / "y.npy", mmap_mode="r")
    model = nn.mlp([FEATURES, 64, 10], rng=np.random.default_rng(0))
    train, validation = data.ArrayDataset(X, y), data.ArrayDataset(X[:1000], y[:1000])
    started = time.perf_counter()
    training.fit(
        model,
        nn.SoftmaxCrossEntropy(),
        optim.Adam(model.parameters()),
        data.DataLoader(train, 256, shuffle=True),
        data.DataLoader(validation, 256),
        epochs=1,
    )
    seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text()  # getrusage would count the parent's peak too
    print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024, seconds)


def main(megabytes: int) -> None:
    """Print memory and time for both sizes, and their ratios."""
    results = []
    for size in (megabytes, 10 * megabytes):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), size)
            command = [sys.executable, __file__, "--epoch", folder]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        peak, seconds = map(float, output.split())
        results.append((peak, seconds))
        print(f"{size:>6} MB of features: peak resident memory {peak:.0f} MB, epoch {seconds:.2f} s")
    print(f"ratios: memory {results[1][0] / results[0][0]:.3f}, time {results[1][1] / results[0][1]:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--epoch"]:
        epoch(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
