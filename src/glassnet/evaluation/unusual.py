"""What is unusual about a row: its features by the share of the training rows that are as unusual, or more so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.neighbours import BLOCK
from glassnet.evaluation.records import UnusualFeature
from glassnet.evaluation.scores import FloatArray


@dataclass(frozen=True)
class CategoryFeatures:
    """The columns of ones and zeros that one category became; no row has a 1 in more than one of them.

    Attributes:
        places: which of the features.
        otherwise: the name of a row that has a 1 in none of them.
    """

    places: Sequence[int]
    otherwise: str


def unusual_features(
    X: FloatArray,
    train_X: FloatArray,
    names: Sequence[str],
    categories: Sequence[CategoryFeatures] = (),
    shown: int = 3,
) -> list[list[UnusualFeature]]:
    """Return for each row of `X (M, D)` the features that are the most unusual ones among the training rows.

    Numbers and categories are held against each other by one measure, the share of the training rows that are as
    unusual, or more so. For a number those lie as far out on either side: twice the share beyond it, 1 at most. For a
    category they have one that is as rare, or rarer. Standard deviations would not do: a 1 in a column of ones and
    zeros lies √((1 − p)/p) of them from the mean, which in a column with many categories is far for every one of them.

    Args:
        X: the rows.
        train_X: the training rows `(N, D)`; they are read block by block, and may be memory-mapped.
        names: the name of each feature; none where features are not worth a name, as pixels are: then none is returned.
        categories: the features that are columns of ones and zeros.
        shown: how many to return of each row.
    """
    if not names:
        return [[] for _ in X]
    at_most, at_least = np.zeros((2, *X.shape), dtype=np.int64)
    sums = np.zeros((2, X.shape[1]))
    for start in range(0, len(train_X), BLOCK):
        block = np.asarray(train_X[start : start + BLOCK])
        for row, x in enumerate(X):
            at_most[row] += np.count_nonzero(block <= x, axis=0)
            at_least[row] += np.count_nonzero(block >= x, axis=0)
        exact = block.astype(np.float64)
        sums += exact.sum(axis=0), (exact * exact).sum(axis=0)
    n = len(train_X)
    shares = np.minimum(1.0, 2 * np.minimum(at_most, at_least) / n)
    deviations = _deviations(X, sums / n)
    coded = {place for category in categories for place in category.places}
    found: list[list[UnusualFeature]] = []
    for row in range(len(X)):
        features: list[UnusualFeature] = [
            {"feature": name, "share": float(shares[row, at]), "deviations": float(f"{deviations[row, at]:.2f}")}
            for at, name in enumerate(names)
            if at not in coded
        ]
        features += [_of_category(X[row], sums[0], n, names, category) for category in categories]
        features.sort(key=lambda each: (each["share"], -abs(each.get("deviations", np.inf))))
        found.append(features[:shown])
    return found


def _deviations(X: FloatArray, moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how many standard deviations each entry lies from the mean; 0 in a column that never changed."""
    mean, squares = moments
    spread = np.sqrt(np.maximum(squares - mean**2, 0.0))
    return np.divide(X - mean, spread, out=np.zeros(X.shape), where=spread > 1e-6)


def _of_category(
    x: FloatArray, ones: npt.NDArray[np.float64], n: int, names: Sequence[str], category: CategoryFeatures
) -> UnusualFeature:
    """Return the category of a row, with the share of the training rows whose category is as rare or rarer."""
    places = list(category.places)
    counts = np.append(ones[places], n - ones[places].sum())  # the last: of the rows that have none of them
    chosen = [*np.flatnonzero(x[places]), len(places)][0]
    share = float(counts[counts <= counts[chosen]].sum()) / n
    return {"feature": category.otherwise if chosen == len(places) else names[places[chosen]], "share": share}
