"""What telemetry, sampled every 50 steps, adds to the time of a training step; off, sampled never, it adds nothing.

Run it with `python tests/benchmarks/telemetry_cost.py`. Trainings with and without it take turns; minima are compared.
"""

import numpy as np

from glassnet import data, nn, optim, training
from glassnet.diagnostics import Telemetry

STEPS, ROUNDS = 400, 12


def seconds(sizes: list[int], batch_size: int, callbacks: list[training.Callback]) -> float:
    """Return the seconds of the quicker of two epochs of `STEPS` steps, validation not counted."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4_096, sizes[0])).astype(np.float32)
    y = rng.integers(0, sizes[-1], len(X))
    rows = data.ArrayDataset(np.resize(X, (STEPS * batch_size, sizes[0])), np.resize(y, STEPS * batch_size))
    model = nn.mlp(sizes, rng=rng)
    history = training.fit(
        model,
        nn.SoftmaxCrossEntropy(),
        optim.Adam(model.parameters()),
        data.DataLoader(rows, batch_size, shuffle=True),
        data.DataLoader(data.ArrayDataset(X[:64], y[:64]), 64),
        epochs=2,
        callbacks=callbacks,
    )
    return min(row["seconds"] for row in history)


def main() -> None:
    """Print a line for each size of network and batch."""
    print(f"{'network':<16} {'batch':>5} {'step, us':>9} {'with telemetry':>15}")
    for sizes, batch_size in (([784, 128, 64, 10], 64), ([784, 128, 64, 10], 256), ([13, 16, 3], 16)):
        off, on = [], []
        for _ in range(ROUNDS):
            off.append(seconds(sizes, batch_size, []))
            on.append(seconds(sizes, batch_size, [Telemetry(every=50)]))
        name = "-".join(map(str, sizes))
        print(f"{name:<16} {batch_size:>5} {min(off) / STEPS * 1e6:>9.0f} {min(on) / min(off) - 1:>+15.1%}")


if __name__ == "__main__":
    main()
