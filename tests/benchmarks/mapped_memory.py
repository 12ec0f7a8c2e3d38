"""The resident memory of the train stage on memory-mapped data, for a data set and one ten times as large.

Run it with `python tests/benchmarks/mapped_memory.py [MEGABYTES]`; the larger data set has ten times the megabytes
(default 200, hence 2 GB, written to a temporary folder). Each stage runs in a process of its own, whose peak counts: it
digests the data, trains the network for one epoch, and the baseline for another.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

from glassnet.config import parse_settings
from glassnet.runs import Layout
from glassnet.stages import train
from glassnet.tables import ImagePreprocessing, prepared

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (28, 28)
FEATURES = SHAPE[0] * SHAPE[1]
VALIDATION_ROWS = 1000


def write(folder: Path, megabytes: int) -> None:
    """Write prepared data with so many megabytes of training features below `folder`."""
    sizes = {"train": megabytes * 1_000_000 // (4 * FEATURES), "validation": VALIDATION_ROWS}
    block = np.random.default_rng(0).standard_normal((4096, FEATURES)).astype(np.float32)
    for split, rows in sizes.items():
        place = folder / "data" / "prepared" / split
        place.mkdir(parents=True)
        X = np.lib.format.open_memmap(place / "features.npy", mode="w+", dtype=np.float32, shape=(rows, FEATURES))
        for start in range(0, rows, len(block)):
            X[start : start + len(block)] = block[: min(len(block), rows - start)]
        X.flush()
        np.save(place / "labels.npy", np.arange(rows) % 10)
    about = {
        "dataset": "noise",
        "task": "classification",
        "target_scale": None,
        "class_names": list("0123456789"),
        "rows": sizes,
        "notes": [],
        "preprocessing": ImagePreprocessing(SHAPE, 0.0, 1.0).to_json(),
    }
    (folder / "data" / "prepared" / "preprocessing.json").write_text(json.dumps(about))


def train_stage(folder: Path) -> None:
    """Train for one epoch, and print the peak of resident memory in megabytes and the seconds."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values["tracking"]["name"] = "none"
    values["training"] |= {"epochs": 1, "batch_size": 256}
    values["training"]["baseline"]["epochs"] = 1
    prepared.IN_MEMORY = 0  # else the smaller data set would be held in memory
    os.chdir(folder)
    started = time.perf_counter()
    train.main(parse_settings(values, "params.yaml"), Layout(Path()))
    seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text()  # getrusage would count the parent's peak too
    print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024, seconds)


def main(megabytes: int) -> None:
    """Print memory and time for both sizes, and their ratios."""
    results = []
    for size in (megabytes, 10 * megabytes):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), size)
            command = [sys.executable, __file__, "--train", folder]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        peak, seconds = map(float, output.splitlines()[-1].split())
        results.append((peak, seconds))
        print(f"{size:>6} MB of features: peak resident memory {peak:.0f} MB, train stage {seconds:.2f} s")
    print(f"ratios: memory {results[1][0] / results[0][0]:.3f}, time {results[1][1] / results[0][1]:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--train"]:
        train_stage(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
