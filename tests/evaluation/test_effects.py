"""Effects of one column: accumulated local effects of functions that are known, and those of categories."""

import numpy as np
import pytest

from glassnet.evaluation import accumulated_effects, category_effects
from glassnet.evaluation.scores import FloatArray


@pytest.fixture
def rows() -> FloatArray:
    """Two features that go together, and one for itself."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=2_000)
    return np.stack([first, first + 0.1 * rng.normal(size=2_000), rng.uniform(-1, 1, 2_000)], axis=1)


def test_of_a_sum_each_effect_is_its_term(rows: FloatArray) -> None:
    """But for a constant: the mean over the rows is 0. Of several outputs each has a curve of its own."""
    at, effect = accumulated_effects(lambda X: np.stack([3 * X[:, 0], X[:, 2] ** 2], axis=1), rows, 0)
    np.testing.assert_allclose(effect[:, 0] - effect[0, 0], 3 * (at - at[0]), rtol=1e-9)
    np.testing.assert_array_equal(effect[:, 1], 0.0)
    at, effect = accumulated_effects(lambda X: X[:, 2] ** 2, rows, 2)
    np.testing.assert_allclose(effect[:, 0] - effect[0, 0], at**2 - at[0] ** 2, atol=1e-9)
    assert np.interp(rows[:, 2], at, effect[:, 0]).mean() == pytest.approx(0.0, abs=0.01)


def test_no_row_is_moved_to_where_there_are_none(rows: FloatArray) -> None:
    """Partial dependence would put x0 at 3 beside x1 at −3, 6 apart; here a row keeps to its own interval."""

    def predict(X: FloatArray) -> FloatArray:
        assert np.abs(X[:, 0] - X[:, 1]).max() < 3.0
        return X[:, 0] * X[:, 1]

    at, effect = accumulated_effects(predict, rows, 0)
    # ∂f/∂x0 = x1, which is about x0 where the rows are: the integral is x0²/2.
    inner = slice(2, -2)
    expected = at**2 / 2
    np.testing.assert_allclose((effect[:, 0] - expected)[inner], np.mean((effect[:, 0] - expected)[inner]), atol=0.1)


def test_a_feature_of_two_values_has_one_step(rows: FloatArray) -> None:
    """What the prediction grows by, from the one to the other."""
    rows[:, 2] = rows[:, 2] > 0
    at, effect = accumulated_effects(lambda X: 0.3 * X[:, 2], rows, 2)
    assert at.tolist() == [0.0, 1.0]
    assert effect[1, 0] - effect[0, 0] == pytest.approx(0.3)
    with pytest.raises(ValueError, match="expected a feature that varies, received 1, 2 in all rows"):
        accumulated_effects(lambda X: X[:, 0], np.full((5, 2), 2.0), 1)


def test_the_effects_of_categories_are_0_on_average() -> None:
    """As often as each is there; the other features stay as they are."""
    X = np.column_stack([np.eye(3)[np.repeat([0, 1, 2], [5, 3, 2])], np.arange(10.0)])
    effects = category_effects(lambda X: X[:, 1] + 10 * X[:, 2] + X[:, 3], X, range(3))
    np.testing.assert_allclose(np.diff(effects[:, 0]), [1.0, 9.0])
    assert np.array([0.5, 0.3, 0.2]) @ effects[:, 0] == pytest.approx(0.0)
