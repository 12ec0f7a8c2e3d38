"""Permutation importance: what it is for a model that is known, which features move together, and its interval."""

import numpy as np
import pytest

from glassnet.evaluation import ColumnFeatures, permutation_importance, rows_and_repeats
from glassnet.evaluation.scores import FloatArray

COLUMNS = [ColumnFeatures(name, [place]) for place, name in enumerate(("a", "b", "idle"))]


def _predict(X: FloatArray) -> FloatArray:
    return 2 * X[:, 0] + X[:, 1]


def _rows(count: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 3))
    return X, _predict(X) + rng.normal(size=count)


def test_with_all_repeats_every_row_gets_the_values_of_every_other() -> None:
    """The increase is then that of the mean over all pairs of rows, each loss computed here by itself."""
    X, y = _rows(12)
    found = permutation_importance(_predict, X, y, COLUMNS, "rmse", repeats=11)
    pairs = [
        (y[i] - 2 * X[j, 0] - X[i, 1]) ** 2 for i in range(12) for j in range(12) if i != j
    ]  # row i with the first column of row j
    before = np.sqrt(np.mean((y - _predict(X)) ** 2))
    assert found[0]["increase"] == pytest.approx(np.sqrt(np.mean(pairs)) - before, rel=1e-12)
    assert found[0]["low"] < found[0]["increase"] < found[0]["high"]


def test_a_column_that_is_not_looked_at_is_worth_nothing() -> None:
    """Exactly: its values change no prediction; nor can a column that never varies."""
    X, y = _rows(50)
    X[:, 1] = 3.0
    found = permutation_importance(_predict, X, y, COLUMNS, "rmse")
    nothing = {"increase": 0.0, "low": 0.0, "high": 0.0}
    assert found[1] == {"column": "b", **nothing}
    assert found[2] == {"column": "idle", **nothing}


def test_the_features_of_one_column_move_together() -> None:
    """A row always has one category: the model never sees two ones, or none."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 40)
    X, y = np.eye(3)[codes], (codes == 1).astype(np.int64)

    def predict(X: FloatArray) -> FloatArray:
        np.testing.assert_array_equal(X.sum(axis=1), 1.0)
        p = np.where(X[:, 1] == 1, 0.9, 0.1)
        return np.stack([1 - p, p], axis=1)

    (found,) = permutation_importance(predict, X, y, [ColumnFeatures("city", range(3))], "log_loss")
    assert found["increase"] > 0.5


def test_the_same_rows_have_the_same_importance() -> None:
    """Whatever the order of the columns; and the rows themselves stay as they are."""
    X, y = _rows(60)
    before = X.copy()
    found = permutation_importance(_predict, X, y, COLUMNS, "rmse", repeats=3)
    again = permutation_importance(_predict, X, y, COLUMNS[::-1], "rmse", repeats=3)
    assert found == again[::-1]
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("count", [20, 60])
def test_the_interval_holds_the_importance_on_all_rows(count: int) -> None:
    """In 95 of 100 samples at least; of 100 fewer than 88 would come about in one case of a thousand."""
    X, y = _rows(100_000, seed=1)
    expected = permutation_importance(_predict, X, y, COLUMNS[:2], "rmse", repeats=2)
    hits = np.zeros(2)
    for seed in range(100):
        found = permutation_importance(_predict, *_rows(count, seed=2 + seed), COLUMNS[:2], "rmse")
        hits += [each["low"] <= true["increase"] <= each["high"] for each, true in zip(found, expected, strict=True)]
    assert hits.min() >= 88


def test_of_few_rows_there_is_no_interval() -> None:
    """The increase alone; and one row has nobody to take values from."""
    X, y = _rows(9)
    assert permutation_importance(_predict, X, y, COLUMNS, "rmse")[0].keys() == {"column", "increase"}
    with pytest.raises(ValueError, match=r"of two rows or more, received shapes \(1, 3\) and \(1,\)"):
        permutation_importance(_predict, X[:1], y[:1], COLUMNS, "rmse")
    with pytest.raises(ValueError, match="expected fewer repeats than the 9 rows, received 9"):
        permutation_importance(_predict, X, y, COLUMNS, "rmse", repeats=9)


def test_what_is_predicted_stays_cheap() -> None:
    """Few rows are permuted more often, many columns leave fewer rows, too many none."""
    assert rows_and_repeats(36, 13, 13) == (36, 35)
    assert rows_and_repeats(100_000, 13, 13) == (2_000, 5)
    rows, repeats = rows_and_repeats(10_000, 784, 25)
    assert rows * repeats * 784 * 25 <= 15_000_000
    assert rows_and_repeats(10_000, 5_000, 5_000) == (0, 0)
    assert rows_and_repeats(1, 13, 13) == (0, 0)
