"""What a prediction does along one column: accumulated local effects of a number, partial dependence of a category."""

from collections.abc import Sequence

import numpy as np

from glassnet.evaluation.importance import Predict
from glassnet.evaluation.scores import FloatArray
from glassnet.evaluation.unseen_row import Vector

INTERVALS = 20


def accumulated_effects(predict: Predict, X: FloatArray, place: int | Sequence[int]) -> tuple[FloatArray, Vector]:
    """Return values `(K + 1,)` of a feature, and the accumulated local effect of each on the predictions `(K + 1, C)`.

    The effect is the integral of what a small step does, averaged over the rows that are there:

        f(z) = ∫ E[∂f/∂x_j | x_j = v] dv − const

    The range is cut at quantiles into K intervals, at most 20; a feature with few values has one between each two. In
    each, a row x of those in it is moved to either end, all else as it is, and the mean difference
    `f(z_k, x) − f(z_{k−1}, x)` is one step of a sum, whose mean over all rows is then made 0. No row is moved further
    than to the ends of its own interval: so a feature that goes together with others is never set to a value that does
    not occur beside theirs, as in partial dependence. (Apley & Zhu, "Visualizing the effects of predictor variables in
    black box supervised learning models", 2020.)

    Args:
        predict: returns `(N, C)`, or `(N,)`, for features `(N, D)`.
        X: the rows.
        place: which feature; or several that all grow with one number, such as those of the members of an ensemble, to
            be moved together: the values are those of the first.

    Raises:
        ValueError: if the feature is the same in all rows.
    """
    places = [place] if isinstance(place, int) else list(place)
    x = X[:, places[0]]
    edges = np.unique(np.quantile(x, np.linspace(0, 1, INTERVALS + 1), method="closest_observation"))
    if len(edges) < 2:
        raise ValueError(
            f"accumulated_effects: expected a feature that varies, received {places[0]}, {x[0]:g} in all rows"
        )
    order = np.argsort(x, kind="stable")
    at_edges = X[order[np.searchsorted(x, edges, sorter=order)]][:, places]  # an edge is the value of some row
    of_row = np.clip(np.searchsorted(edges, x, side="left") - 1, 0, len(edges) - 2)
    moved = []
    for ends in (at_edges[of_row], at_edges[of_row + 1]):
        at_end = X.copy()
        at_end[:, places] = ends
        moved.append(_as_columns(predict(at_end)))
    steps = np.zeros((len(edges) - 1, moved[0].shape[1]))
    np.add.at(steps, of_row, moved[1] - moved[0])
    counts = np.bincount(of_row, minlength=len(steps))
    curve = np.vstack([np.zeros(steps.shape[1]), np.cumsum(steps / counts[:, np.newaxis], axis=0)])
    middles = (curve[1:] + curve[:-1]) / 2
    return edges, curve - (counts @ middles) / len(x)


def category_effects(predict: Predict, X: FloatArray, places: Sequence[int | Sequence[int]]) -> Vector:
    """Return for each category what the mean prediction is if all rows have it, less the mean over rows `(K, C)`.

    Categories have no order along which to accumulate, so this is partial dependence: some rows get a category that
    would not occur beside their other values. (Friedman, "Greedy function approximation", 2001.) The mean is that of
    the categories as often as they are there.

    Args:
        predict: as for `accumulated_effects`.
        X: the rows.
        places: the features of ones and zeros, one for each category; or several, such as those that the members of an
            ensemble have for it.
    """
    of_category = [[place] if isinstance(place, int) else list(place) for place in places]
    columns = [place for own in of_category for place in own]
    means = []
    for own in of_category:
        with_category = X.copy()
        with_category[:, columns] = 0
        with_category[:, own] = 1
        means.append(_as_columns(predict(with_category)).mean(axis=0))
    effects = np.stack(means)
    shares = X[:, [own[0] for own in of_category]].mean(axis=0, dtype=np.float64)
    return effects - shares @ effects / max(float(shares.sum()), 1e-12)


def _as_columns(predicted: FloatArray) -> Vector:
    return predicted.astype(np.float64).reshape(len(predicted), -1)
