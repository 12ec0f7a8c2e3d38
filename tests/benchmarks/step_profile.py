"""Where the time of a training step goes: each module forward and backward, the loss, the update, the gather.

    make profile        or: python tests/benchmarks/step_profile.py [--sizes 784 128 64 10] [--batch-sizes 64 256 1024]

Each part is timed at every step of some epochs over random data; the figure is the fifth percentile, in microseconds,
which other work on the machine hardly moves. The peak of what a settled step allocates stands below.
"""

import argparse
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from glassnet import data, nn, optim

ROWS, STEPS = 16_384, 400


class Profile:
    """The times of each part, step by step."""

    def __init__(self) -> None:
        """Start empty."""
        self.times: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what stands in the block."""
        started = time.perf_counter()
        yield
        self.times[name].append(time.perf_counter() - started)

    def microseconds(self) -> dict[str, float]:
        """Return each part's fifth percentile."""
        return {name: float(np.percentile(times, 5)) * 1e6 for name, times in self.times.items()}


def make_step(sizes: list[int], batch_size: int, profile: Profile) -> Callable[[], None]:
    """Return a function that makes one training step, part by part."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, sizes[0])).astype(np.float32)
    loader = data.DataLoader(data.ArrayDataset(X, rng.integers(0, sizes[-1], ROWS)), batch_size, shuffle=True)
    model = nn.mlp(sizes, rng=rng).train()
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters())
    layers = list(enumerate(model.layers))
    batches: Iterator[Any] = iter(())

    def step() -> None:
        nonlocal batches
        with profile.part("gather"):
            batch = next(batches, None)
        if batch is None:
            del profile.times["gather"][-1]
            batches = loader.batches(0)
            batch = next(batches)
        A, labels = batch
        for place, layer in layers:
            with profile.part(f"{place} {layer!r} forward"):
                A = layer.forward(A)
        with profile.part("loss"):
            loss.forward(A, labels)
            optimizer.zero_grad()
            dout = loss.backward()
        for place, layer in reversed(layers):
            with profile.part(f"{place} {layer!r} backward"):
                if place:
                    dout = layer.backward(dout)
                else:
                    layer.backward_parameters(dout)
        with profile.part("gradient norm (fit only)"):
            optim.gradient_norm(optimizer.flat.parameters)
        with profile.part("Adam"):
            optimizer.step()

    return step


def peak_allocation(step: Callable[[], None]) -> int:
    """Return the most bytes that a settled step has allocated at any instant beyond what was there before it."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before


def main() -> None:
    """Print a table for each batch size."""
    parser = argparse.ArgumentParser(description="time a training step part by part")
    parser.add_argument("--sizes", type=int, nargs="+", default=[784, 128, 64, 10])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[64, 256, 1024])
    arguments = parser.parse_args()
    for batch_size in arguments.batch_sizes:
        profile = Profile()
        step = make_step(arguments.sizes, batch_size, profile)
        for _ in range(STEPS):
            step()
        parts = profile.microseconds()
        whole = sum(parts.values())
        print(f"\nbatch {batch_size}: {whole:.0f} µs a step, of which")
        for name, part in sorted(parts.items(), key=lambda each: -each[1]):
            print(f"  {part:8.1f} µs  {part / whole:6.1%}  {name}")
        smallest = batch_size * min(arguments.sizes) * 4
        print(f"  a settled step allocates at most {peak_allocation(step)} bytes (its smallest activation: {smallest})")


if __name__ == "__main__":
    main()
