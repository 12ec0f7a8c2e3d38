"""The work that all contestants do: Fashion-MNIST, or random data of its shape, and networks that start alike."""

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.sources.fashion_mnist import read_idx

AnyArray = npt.NDArray[Any]

NETWORKS = {"narrow": [784, 128, 64, 10], "wide": [784, 1024, 1024, 10]}
BATCHES = (64, 256, 1024)
LEARNING_RATE, BETAS, EPS = 1e-3, (0.9, 0.999), 1e-8
DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # where the package dataset-fashion-mnist puts the four files


def write_data(source: Path, folder: Path) -> str:
    """Write features and labels of both splits to `folder` as arrays, and return what they are."""
    rng = np.random.default_rng(0)
    for split, prefix, rows in (("train", "train", 60_000), ("test", "t10k", 10_000)):
        if source.is_dir():
            images = read_idx(source / f"{prefix}-images-idx3-ubyte.gz").reshape(rows, 784)
            labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz")
        else:
            images, labels = rng.integers(0, 256, (rows, 784), dtype=np.uint8), rng.integers(0, 10, rows)
        np.save(folder / f"{split}_X.npy", (images / np.float32(255)).astype(np.float32))
        np.save(folder / f"{split}_y.npy", labels.astype(np.int64))
    if source.is_dir():
        return "Fashion-MNIST"
    print(f"bench: no {source}: random data of the same shape; accuracy is not compared", file=sys.stderr)
    return "random data of Fashion-MNIST's shape"


def read_data(folder: Path, split: str) -> tuple[AnyArray, AnyArray]:
    """Return features `(N, 784)` float32 and labels `(N,)` int64, in memory."""
    return np.load(folder / f"{split}_X.npy"), np.load(folder / f"{split}_y.npy")


def initial_weights(sizes: list[int]) -> list[tuple[AnyArray, AnyArray]]:
    """Return He-normal weights `(D, H)` and zero biases `(H,)` for each layer."""
    rng = np.random.default_rng(0)
    return [
        ((rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)).astype(np.float32), np.zeros(fan_out, "f4"))
        for fan_in, fan_out in pairwise(sizes)
    ]
