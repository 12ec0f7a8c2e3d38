"""Tables that no test and no rule of the diagnosis goes by, and faults that are induced in trainings on them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from glassnet.config import Settings
from glassnet.config.compose import composed, to_settings
from glassnet.overrides import as_override


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
    "64 + 64 units": {"model.hidden_sizes": [64, 64]},
    "slow average": {"training.average_decay": 0.999},
}


def settings_of(name: str, fault: str | None, folder: Path) -> Settings:
    """Return the settings of a training with a fault, or without.

    Args:
        name: of a table, which is written to the folder, or of a choice of conf/data.
        fault: of `FAULTS`; None for the settings as they are.
        folder: where tables go.
    """
    given = [f"data={name}"]
    if name == "spirals":
        given = SPIRALS
    elif name in TABLES:
        made, of_data = TABLES[name]
        path = folder / f"{name.replace(' ', '_')}.csv"
        made(np.random.default_rng(7)).to_csv(path, index=False)
        given = ["data=csv", f"data.path={path}", "data.target=target", *of_data]
    given = [*given, "tracking=none"]
    rate = to_settings(composed(given), "conf/").optimizer.learning_rate
    changes = {} if fault is None else FAULTS[fault]
    values = {each: value * rate if each.endswith("_rate") else value for each, value in changes.items()}
    return to_settings(composed([*given, *(f"{each}={as_override(to)}" for each, to in values.items())]), "conf/")
