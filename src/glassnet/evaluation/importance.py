"""Permutation importance: how much worse the predictions become when a column's values go to other rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import check_whole, checked_values
from glassnet.evaluation.probability_scores import example_log_losses
from glassnet.evaluation.records import ColumnImportance
from glassnet.evaluation.scores import FloatArray
from glassnet.evaluation.unseen_row import LEAST_ROWS, Vector, quantile_ends, random_weights

Predict: TypeAlias = Callable[[FloatArray], FloatArray]
Score: TypeAlias = Literal["log_loss", "rmse"]

LEAST_REPEATS = 5
LEAST_PREDICTED = 5_000  # rows of each column, of few rows by more repeats
MOST_ROWS = 2_000
MOST_NUMBERS = 15_000_000  # features of predicted rows, of all columns and repeats: a fraction of a second

FEW = 12.0  # of so many rows the row that they lack lies twice as far off as their farthest; chosen by simulation
ENOUGH_ROWS = 20  # of fewer, which many columns leave of the above, an importance says nothing


@dataclass(frozen=True)
class ColumnFeatures:
    """The features that one raw column became.

    Attributes:
        name: the column.
        places: which of the features.
    """

    name: str
    places: Sequence[int]


def rows_and_repeats(rows: int, features: int, columns: int) -> tuple[int, int]:
    """Return how many of the rows to take and how often to permute, so that the predictions stay cheap.

    The fewer rows there are, the more repeats, up to where every row has met every other. Where many columns leave too
    few rows to say anything, both are 0.
    """
    of_a_row = max(1, features * columns)
    taken = min(rows, MOST_ROWS, MOST_NUMBERS // (of_a_row * LEAST_REPEATS))
    if taken < max(2, min(rows, ENOUGH_ROWS)):
        return 0, 0
    return taken, min(usual_repeats(taken), max(LEAST_REPEATS, MOST_NUMBERS // (of_a_row * taken)), taken - 1)


def usual_repeats(rows: int) -> int:
    """Return how often to permute so many rows, cost aside."""
    return max(1, min(rows - 1, max(LEAST_REPEATS, LEAST_PREDICTED // rows)))


def permutation_importance(
    predict: Predict,
    X: FloatArray,
    y: npt.NDArray[np.generic],
    columns: Sequence[ColumnFeatures],
    score: Score,
    *,
    repeats: int | None = None,
    seed: int = 0,
) -> list[ColumnImportance]:
    """Return by how much the loss grows when a column's features are dealt to the rows at random, for each column.

    The features of one column move together, so that a row has one category still, and a missing value its mark. What
    is lost is what the model takes from that column beside the others: of two columns that say the same, each may seem
    to be worth little. (Breiman, "Random forests", 2001; Fisher, Rudin & Dominici, "All models are wrong, but many are
    useful", 2019.)

    The interval is one of the mean over all rows that might have been drawn. With `d_ij` for the increase of row i's
    loss when it gets the values of row j, the importance is the mean of `d_ij` over pairs, a U-statistic: row i is in
    it as the one that receives, with `a_i`, its mean increase over the repeats, and as the one that gives, with `b_i`,
    that of the rows that got its values. Its variance is that of the mean of `a_i + b_i` (Hoeffding, "A class of
    statistics with asymptotically normal distribution", 1948; few repeats make it a little larger, on the safe side).
    Random weights of the rows, and of one row more that lies somewhat farther off than the farthest of these, give the
    interval: see `mean_interval`. With fewer than `LEAST_ROWS` rows there is none.

    Args:
        predict: returns the probabilities `(N, C)` of features `(N, D)`, or for a regression values `(N,)`.
        X: the rows.
        y: their class ids, or for a regression the actual values.
        columns: which features belong together.
        score: "log_loss" for classes; "rmse", the root of the mean squared error, for a regression.
        repeats: how often each column is dealt anew, fewer times than there are rows; by default `usual_repeats`.
        seed: of the dealing; each repeat deals all columns alike.

    Raises:
        TypeError, ValueError: unless `X`, `y` and what is predicted fit each other, with two rows at least.
    """
    if X.ndim != 2 or len(X) != len(y) or len(X) < 2:
        raise ValueError(
            f"permutation_importance: expected X (N, D) and y (N,) of two rows or more, received shapes {X.shape} and "
            f"{y.shape}"
        )
    repeats = usual_repeats(len(X)) if repeats is None else repeats
    check_whole("permutation_importance", "number of repeats", repeats, 1)
    if repeats >= len(X):
        raise ValueError(f"permutation_importance: expected fewer repeats than the {len(X)} rows, received {repeats}")
    losses = _losses(score, y)
    before = losses(predict(X))
    orders = _orders(len(X), repeats, seed)
    found: list[ColumnImportance] = []
    for column in columns:
        places = list(column.places)
        received, given = np.zeros((2, len(X)))
        for order in orders if places and np.ptp(X[:, places], axis=0).any() else ():
            dealt = X.copy()
            dealt[:, places] = X[order][:, places]
            growth = losses(predict(dealt)) - before
            received += growth / repeats
            given[order] += growth / repeats
        found.append(_summary(column.name, before, received, given, score))
    return found


def _orders(rows: int, repeats: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Return orders in which no row gets its own values, nor twice those of the same row.

    The rows stand in a circle, drawn at random, and in each order every row gets the values of the one so many places
    on; the numbers of places are drawn without repetition. With `rows − 1` of them every pair is there once.
    """
    rng = np.random.default_rng(seed)
    circle = rng.permutation(rows)
    orders = []
    for places in 1 + rng.permutation(rows - 1)[:repeats]:
        order = np.empty(rows, dtype=np.int64)
        order[circle] = np.roll(circle, places)
        orders.append(order)
    return orders


def _losses(score: Score, y: npt.NDArray[np.generic]) -> Callable[[FloatArray], Vector]:
    if score == "log_loss":
        return lambda probabilities: example_log_losses(y.astype(np.int64), probabilities)

    def squares(predicted: FloatArray) -> Vector:
        actual, values = checked_values("permutation_importance", y=y, predicted=predicted)
        return (actual - values) ** 2

    return squares


def _summary(name: str, before: Vector, received: Vector, given: Vector, score: Score) -> ColumnImportance:
    """Return the increase with its interval: of the mean, or of the root of the mean."""
    mean = float(received.mean())

    def increase(growth: Vector | float, base: Vector | float) -> Vector:
        if score == "log_loss":
            return np.asarray(growth, dtype=np.float64)
        return np.sqrt(np.maximum(0.0, base + growth)) - np.sqrt(base)

    base = float(before.mean())
    value = float(increase(mean, base))
    if not received.any():  # the network does not look at it
        return {"column": name, "increase": 0.0, "low": 0.0, "high": 0.0}
    if len(before) < LEAST_ROWS:
        return {"column": name, "increase": value}
    each = received + given - mean
    reach = float(np.abs(each - mean).max()) * (1 + FEW / len(each))
    (growth, losses), total, more = random_weights(np.stack([each, before]), np.random.default_rng(0))
    weights = total + more
    bases = (losses + more * base) / weights
    low, high = quantile_ends(
        *(increase((growth + more * (mean + side * reach)) / weights, bases) for side in (-1.0, 1.0))
    )
    return {"column": name, "increase": value, "low": min(low, value), "high": max(high, value)}
