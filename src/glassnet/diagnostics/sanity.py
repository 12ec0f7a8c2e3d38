"""Checks before a long training: is the first loss what chance gives, and can the network learn a few rows by heart?"""

import math
from typing import Any

import numpy as np

from glassnet import optim
from glassnet.data import ArrayDataset
from glassnet.training.recipe import make_network

ROWS, STEPS, RATE = 16, 1_500, 0.01
NEARLY_ZERO = 0.02
FAR_FROM_CHANCE = 4.0  # times the loss of chance: an initialization far too large, or features not standardized


def sanity_checks(
    settings: dict[str, Any], train: ArrayDataset, validation: ArrayDataset, classes: int | None
) -> list[str]:
    """Return a line for each check that is passed.

    The first loss of a network that knows nothing is that of a uniform prediction, `ln C`; for a standardized target
    and a prediction of 0 it is the variance, 1. A network, its loss and its gradients that cannot bring the loss on 16
    rows to nearly 0, without dropout, smoothing or penalty, will not learn 16,000 either.

    Raises:
        ValueError: for a check that is not passed.
    """
    chance = math.log(classes) if classes else 1.0
    model, _, loss = make_network(settings, train, classes)
    rows = min(len(train), 1024)
    first = loss.forward(model.eval().forward(np.asarray(train.X[:rows])), np.asarray(train.y[:rows]))
    name = f"ln {classes} = {chance:.3f}" if classes else "the target's variance, 1"
    if not first <= FAR_FROM_CHANCE * chance:
        raise ValueError(
            f"sanity: expected the first loss near {name}, received {first:.4g}; look at model.init, and at the scale "
            "of the features"
        )
    lowest, step = _overfit(settings, train, classes)
    if lowest > NEARLY_ZERO:
        raise ValueError(
            f"sanity: expected the loss on {min(ROWS, len(train))} rows to fall below {NEARLY_ZERO} within {STEPS} "
            f"steps, received {lowest:.4g} at best; a larger model.hidden_sizes may help, or the same features come "
            "with different targets"
        )
    return [
        f"first loss {first:.3f}, near {name}",
        f"{ROWS} rows learnt by heart: loss {lowest:.3g} after {step} steps",
    ]


def _overfit(settings: dict[str, Any], train: ArrayDataset, classes: int | None) -> tuple[float, int]:
    """Return the lowest loss on a few rows of all classes, and the step that reached it."""
    plain = {
        **settings,
        "model": {**settings["model"], "dropout": 0.0},
        "training": {**settings["training"], "label_smoothing": 0.0},
    }
    model, _, loss = make_network(plain, train, classes)
    labels = np.asarray(train.y)
    order = np.arange(len(labels))
    if classes:  # one row of each class in turn, as far as they go
        place_in_class = np.empty(len(labels), dtype=np.int64)
        for label in range(classes):
            of_class = np.flatnonzero(labels == label)
            place_in_class[of_class] = np.arange(len(of_class))
        order = np.lexsort((labels, place_in_class))
    few = np.sort(order[:ROWS])
    X, y = np.asarray(train.X[few]), labels[few]
    optimizer = optim.Adam(model.train().parameters(), RATE)
    lowest, best_step = math.inf, 0
    for step in range(STEPS):
        value = loss.forward(model.forward(X), y)
        if value < lowest:
            lowest, best_step = value, step
        if lowest <= NEARLY_ZERO / 2:
            break
        optimizer.zero_grad()
        model.backward(loss.backward())
        optimizer.step()
    return lowest, best_step
