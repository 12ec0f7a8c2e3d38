"""How often the improvement that `improve` lists first is one on seeds and splits that it has not seen.

    python -m tests.benchmarks.first_improvement [--trainings 10] [--data spirals ...] [--fault 'rate × 30' ...]

A fault is induced in a training on each table, and `improve` is given ten trainings. What the report would list first
is then trained beside the settings with the fault on five other seeds and splits. Better and worse are by 2% of the
monitored score, the geometric mean of the five. With `--without-conf` the values of conf/ are no candidates, as if the
fault stood in conf/ itself. The tables are no others' than this file's: no rule of the diagnosis was set by them.
"""

import argparse
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from glassnet.config import CONF, Settings, register_resolvers
from glassnet.config.compose import composed, to_settings
from glassnet.overrides import as_override
from glassnet.reporting.commands import override
from glassnet.runs import Layout
from glassnet.runs.improvements import BETTER
from glassnet.stages import improving
from glassnet.stages.halving import SMALLEST
from glassnet.stages.paired_trainings import TODAY, PairedTrainings, processes
from glassnet.stages.validation_errors import of_errors
from glassnet.tables import open_prepared

OTHERS = (101, 102, 103, 104, 105)  # pairs of seed and split that `improve` does not come to
MATTERS = math.log(1.02)
NONE = "none listed"


def _orchard(rng: np.random.Generator) -> pd.DataFrame:
    """Three classes by two numbers and a category, one value in twelve missing, one label in ten drawn anew."""
    sun, rain = rng.gamma(4, 2, 600), rng.normal(0, 3, 600)
    soil = rng.choice(["clay", "loam", "sand", "peat"], 600, p=[0.4, 0.3, 0.2, 0.1])
    ripeness = np.sin(sun / 2) + 0.1 * rain * (soil == "loam") - 0.3 * (soil == "sand") + 0.2 * rng.normal(size=600)
    labels = np.digitize(ripeness, np.quantile(ripeness, [0.4, 0.75]))
    anew = rng.random(600) < 0.1
    labels[anew] = rng.integers(0, 3, anew.sum())
    frame = pd.DataFrame({"sun": sun, "rain": rain, "soil": soil, "wind": rng.exponential(2, 600)})
    frame = frame.mask(rng.random(frame.shape) < 1 / 12)
    return frame.assign(target=np.array(["early", "middle", "late"])[labels])


def _faulty_parts(rng: np.random.Generator) -> pd.DataFrame:
    """Two classes, 8% of the rows of the rarer one, which overlaps with the other."""
    X = rng.normal(size=(900, 6))
    wear = np.abs(X[:, 0]) + X[:, 1] * X[:, 2] + 0.7 * rng.logistic(size=900)
    frame = pd.DataFrame(X, columns=[f"sensor_{at}" for at in range(6)])
    return frame.assign(target=np.where(wear > np.quantile(wear, 0.92), "faulty", "sound"))


def _river(rng: np.random.Generator) -> pd.DataFrame:
    """A quantity of waves and products, with noise of heavy tails."""
    X = rng.uniform(-2, 2, (500, 5))
    level = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * X[:, 3] + 0.3 * rng.standard_t(3, 500)
    return pd.DataFrame(X, columns=list("abcde")).assign(target=level)


def _prices(rng: np.random.Generator) -> pd.DataFrame:
    """A quantity above 0 with a long tail, by numbers and a category."""
    area, age = rng.gamma(5, 20, 700), rng.integers(0, 90, 700)
    town = rng.choice(["north", "south", "harbour"], 700)
    log = 8 + np.log(area) - 0.01 * age + 0.004 * area * (town == "harbour") - 0.2 * (np.abs(age - 45) < 15)
    return pd.DataFrame({"area": area, "age": age, "town": town}).assign(target=np.exp(log + rng.normal(0, 0.2, 700)))


def _few_digits(rng: np.random.Generator) -> pd.DataFrame:
    """400 of scikit-learn's digits."""
    X, y = load_digits(return_X_y=True)
    kept = rng.permutation(len(y))[:400]
    return pd.DataFrame(X[kept]).rename(columns="p{}".format).assign(target=[f"digit {label}" for label in y[kept]])


TABLES: dict[str, tuple[Callable[[np.random.Generator], pd.DataFrame], Sequence[str]]] = {
    "orchard": (_orchard, []),
    "faulty parts": (_faulty_parts, ["training.monitor=average_precision"]),
    "river": (_river, []),
    "prices": (_prices, ["data.target_transform=log"]),
    "digits": (_few_digits, []),
}
SPIRALS = ["data=spirals", "data.rows=450", "data.turns=1", "data.noise=0.04", "data.seed=7"]
FAULTS: dict[str, dict[str, Any]] = {
    "rate × 30": {"optimizer.learning_rate": 30.0},  # as a multiple of what it is
    "rate ÷ 30": {"optimizer.learning_rate": 1 / 30},
    "dropout 0.9": {"model.dropout": 0.9},
    "2 units": {"model.hidden_sizes": [2]},
    "5 sigmoid layers": {
        "model.hidden_sizes": [32] * 5,
        "model.activation": "sigmoid",
        "model.init": "xavier_normal",
        "model.input_scale": False,
        "model.zero_output": False,
    },
    "penalty 1": {"training.l2": 1.0},
    "4 epochs": {"training.epochs": 4},
    "batches of 256": {"training.batch_size": 256},
}


def settings_of(name: str, fault: str, folder: Path) -> Settings:
    """Return the settings of a training on a table with a fault; the table is written to the folder."""
    if name == "spirals":
        given = list(SPIRALS)
    else:
        made, of_data = TABLES[name]
        path = folder / f"{name.replace(' ', '_')}.csv"
        made(np.random.default_rng(7)).to_csv(path, index=False)
        given = ["data=csv", f"data.path={path}", "data.target=target", *of_data]
    given.append("tracking=none")
    rate = to_settings(composed(given), "conf/").optimizer.learning_rate
    changes = {each: value * rate if each.endswith("_rate") else value for each, value in FAULTS[fault].items()}
    return to_settings(
        composed([*given, *(f"{each}={as_override(value)}" for each, value in changes.items())]), "conf/"
    )


def first_listed(settings: Settings, folder: Path, trainings: int, executor: ProcessPoolExecutor) -> tuple[str, str]:
    """Return what came of the first improvement on the other pairs: a word, and a line that tells of it."""
    prepared = open_prepared(settings.data.choice(), Layout(folder).prepared, by_dvc=False)
    work = PairedTrainings(settings, settings.describing_the_result(), prepared, None, folder / "trainings", "bench")
    improving.search(work, improving.Budget(trainings + 1, math.inf), of_errors, executor)  # one more: today's own
    tried = improving.outcome(work, "")["tried"]
    if not tried or not (tried[0]["helps"] or tried[0]["change"] <= -BETTER):
        return NONE, f"{NONE} of {len(tried)}"
    first = tried[0]
    (candidate,) = (each for each in work.outcomes if list(map(override, each.changes)) == first["changes"])
    work.train([(each, pair) for each in (TODAY, candidate) for pair in OTHERS], executor)
    today, losses = work.losses(TODAY), work.losses(candidate)
    ratios = [
        math.log(max(SMALLEST, losses.get(pair, work.chance)) / max(SMALLEST, today[pair])) for pair in OTHERS
    ]  # fmt: skip
    change = float(np.mean(ratios))
    word = "better" if change < -MATTERS else "worse" if change > MATTERS else "the same"
    sure = "" if first["helps"] else ", said to be maybe luck"
    said = f"{100 * first['change']:+.1f}% of {first['fresh']} fresh pairs{sure}"
    return word, f"{word} {100 * math.expm1(change):+.1f}%, listed with {said}: {' '.join(first['changes'])}"


def main() -> None:
    """Print a line for each training, and what they come to."""
    parser = argparse.ArgumentParser(description="count how often the first improvement is one")
    parser.add_argument("--trainings", type=int, default=10)
    parser.add_argument("--data", nargs="*", default=["spirals", *TABLES])
    parser.add_argument("--fault", nargs="*", default=list(FAULTS))
    parser.add_argument("--without-conf", action="store_true", help="the values of conf/ are no candidates")
    given = parser.parse_args()
    register_resolvers(CONF)
    counts: dict[str, Counter[str]] = {fault: Counter() for fault in given.fault}
    without = mock.patch.object(improving, "back_to_conf", return_value=[])
    with tempfile.TemporaryDirectory() as temporary, processes(2) as executor:
        if given.without_conf:
            without.start()
        for fault in given.fault:
            for name in given.data:
                settings = settings_of(name, fault, Path(temporary))
                word, line = first_listed(settings, Path(temporary, f"{name}, {fault}"), given.trainings, executor)
                counts[fault][word] += 1
                print(f"{fault}, {name}: {line}", flush=True)
    words = ("better", "the same", "worse", NONE)
    print(f"| fault | {' | '.join(words)} |\n|---|{'---|' * len(words)}")
    for fault, of_fault in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        print(f"| {fault} | {' | '.join(str(of_fault[word]) for word in words)} |")


if __name__ == "__main__":
    main()
