"""Robust scaling: by median and quartiles, with far values drawn in smoothly."""

from pathlib import Path

import numpy as np
import pytest

from glassnet import data, training


def test_it_is_the_formula() -> None:
    """Median 0, quartiles 1 apart, then `z/√(1 + (z/3)²)`; nothing beyond 3, and the order kept."""
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 1000.0])
    scaling = data.RobustScaling.fit(x[:, np.newaxis])
    low, middle, high = np.quantile(x, [0.25, 0.5, 0.75])
    z = (x - middle) / (high - low)
    scaled = scaling.transform(x[:, np.newaxis])
    np.testing.assert_allclose(scaled[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-6)
    assert scaled.dtype == np.float32
    assert np.abs(scaled).max() <= 3
    assert (np.diff(scaled[:, 0]) > 0).all()


def test_a_single_wild_value_moves_the_others_little() -> None:
    """Standardizing has all others at about the same place then."""
    x = np.linspace(0, 1, 101)[:, np.newaxis]
    wild = np.vstack([x, [[1e9]]])
    before, after = (data.RobustScaling.fit(rows).transform(x) for rows in (x, wild))
    np.testing.assert_allclose(before, after, atol=0.03)
    assert np.ptp(data.Standardizing.fit(wild).transform(x)) < 1e-6


def test_where_the_quartiles_coincide_the_extremes_decide() -> None:
    """A column that is nearly always 0; one that never changes is 0 in every row."""
    X = np.column_stack([np.r_[np.zeros(90), np.full(10, 4.0)], np.full(100, 7.0)])
    scaling = data.RobustScaling.fit(X)
    assert scaling.columns == [{"center": 0.0, "width": 2.0}, None]
    assert scaling.transform(np.array([[4.0, 9.0]]))[0].tolist() == pytest.approx([2 / np.sqrt(1 + 4 / 9), 0.0])


@pytest.mark.parametrize("far", [1e30, 1e200, 1.7e308])
def test_the_farthest_numbers_are_at_the_bound(far: float) -> None:
    """Their squares leave the range of a float, without a warning."""
    scaling = data.RobustScaling.fit(np.array([[0.0], [1e-3], [2e-3]]))
    np.testing.assert_allclose(scaling.transform(np.array([[far], [-far]]))[:, 0], [3, -3], rtol=1e-6)


def test_a_model_file_keeps_it(tmp_path: Path) -> None:
    """Saved and loaded, it takes raw rows to the same features."""
    scaling = data.RobustScaling.fit(np.random.default_rng(0).standard_t(2, (50, 2)))
    plan = training.baseline_plan(2, 3, 50, learning_rate=0.1, epochs=1, seed=0)
    unused = np.random.default_rng(0)
    model = plan.architecture.build(unused, unused)
    path = tmp_path / "model.safetensors"
    training.save_model(path, training.ModelFile(model, plan.architecture, scaling, ("a", "b", "c"), {"settings": {}}))
    rows = np.array([[0.5, -4.0], [1e6, 0.0]])
    np.testing.assert_array_equal(training.load_model(path).preprocessing.transform(rows), scaling.transform(rows))


def test_bad_rows_are_refused() -> None:
    """In its own name."""
    scaling = data.RobustScaling.fit(np.arange(6.0).reshape(3, 2))
    with pytest.raises(ValueError, match="RobustScaling: expected 2 columns, received 3"):
        scaling.transform(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="RobustScaling: expected finite numbers"):
        data.RobustScaling.fit(np.array([[np.nan]]))
