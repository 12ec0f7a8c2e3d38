"""How good the rate of the range test is: its validation loss beside the best of a grid of seven rates.

Run it with `python tests/benchmarks/range_test.py [data set ...]`. The range test stands between the settings and one
number, so that the file measures an earlier version too, with PYTHONPATH set to its src/. What decided between designs:
wine, digits, breast_cancer, diabetes and blobs; the others were looked at when the design stood.
"""

import glassnet.stages  # noqa: F401, I001  # before NumPy: as the stages compute
import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

from glassnet.config import Settings, register_resolvers, to_settings, training_plan
from glassnet.config.compose import CONF, composed
from glassnet.data import ArrayDataset
from glassnet.runs import Layout
from glassnet.stages import range_test
from glassnet.tables import open_prepared
from glassnet.training import TrainingDivergedError, train_network

GRID = [10 ** (-4 + step / 2) for step in range(7)]
SEEDS = range(3)
BUNDLED = ("wine", "digits", "breast_cancer", "diabetes", "blobs", "spirals")
FOLDER = Path(tempfile.gettempdir()) / "glassnet-range-test"


def _tables() -> dict[str, pd.DataFrame]:
    """Return four tables of kinds that the bundled ones are not: many clusters, a rare class, curves, a wide one."""
    made = {
        "clusters": datasets.make_classification(
            1500, 20, n_informative=8, n_redundant=4, n_classes=5, n_clusters_per_class=3, random_state=3
        ),
        "rare": datasets.make_classification(2000, 12, n_informative=5, weights=[0.92], flip_y=0.02, random_state=5),
        "friedman": datasets.make_friedman1(1000, noise=1.0, random_state=7),
        "moons": datasets.make_moons(500, noise=0.25, random_state=9),
    }
    frames = {}
    for name, (X, y) in made.items():
        frames[name] = pd.DataFrame(X, columns=[f"x{column}" for column in range(X.shape[1])])
        frames[name]["target"] = y if name == "friedman" else [f"c{label}" for label in y]
    return frames


def _settings(data: str, seed: int) -> Settings:
    chosen = (
        [f"data={data}"] if data in BUNDLED else ["data=csv", f"data.path={FOLDER / data}.csv", "data.target=target"]
    )
    return to_settings(composed([*chosen, f"seed={seed}"]), "conf/")


def loss_at(settings: Settings, train: ArrayDataset, validation: ArrayDataset, classes: int, rate: float) -> float:
    """Return the best validation loss of a training at a rate."""
    changed = settings.model_copy(update={"optimizer": settings.optimizer.model_copy(update={"learning_rate": rate})})
    plan = training_plan(changed, train.X.shape[1], classes or None)
    try:
        return train_network(plan, train, validation, []).chosen["best_validation_loss"]
    except TrainingDivergedError:
        return float("inf")


def measure(data: str) -> tuple[float, float]:
    """Print a row for a data set; return the ratio of mean losses to the grid's best, and the worst of the seeds."""
    grid, losses, rates, seconds, of_training = [], [], [], 0.0, 0.0
    for seed in SEEDS:
        settings = _settings(data, seed)
        layout = Layout(FOLDER / "runs" / data)
        prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=False)
        train, validation, classes = prepared.split("train"), prepared.split("validation"), len(prepared.class_names)
        begin = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            rates.append(range_test.main(settings, layout))
        seconds += time.perf_counter() - begin
        begin = time.perf_counter()
        losses.append(loss_at(settings, train, validation, classes, rates[-1]))
        of_training += time.perf_counter() - begin
        grid.append([loss_at(settings, train, validation, classes, rate) for rate in GRID])
    means = np.mean(grid, axis=0)
    ratio, worst = float(np.mean(losses) / means.min()), float(np.max(losses / np.min(grid, axis=1)))
    print(
        f"| {data} | {', '.join(f'{rate:.2g}' for rate in rates)} | {GRID[int(np.argmin(means))]:.2g} | "
        f"{np.mean(losses):.3g} | {means.min():.3g} | {ratio:.2f} | {worst:.2f} | {seconds / len(SEEDS):.1f} | "
        f"{seconds / of_training:.0f} |",
        flush=True,
    )
    return ratio, worst


def main() -> None:
    """Measure the data sets named on the command line, or all ten."""
    register_resolvers(CONF)
    FOLDER.mkdir(exist_ok=True)
    tables = _tables()
    for name, frame in tables.items():
        frame.to_csv(FOLDER / f"{name}.csv", index=False)
    print(
        "| data | rates for seeds 0, 1, 2 | best of the grid | loss | the grid's | ratio | worst seed | seconds | "
        "in trainings |\n|---|---|---|---|---|---|---|---|---|"
    )
    found = [measure(data) for data in sys.argv[1:] or [*BUNDLED, *tables]]
    for name, ratios in zip(("means", "worst seeds"), zip(*found, strict=True), strict=True):
        print(f"within 1.3, {name}: {sum(ratio <= 1.3 for ratio in ratios)} of {len(ratios)}")


if __name__ == "__main__":
    main()
