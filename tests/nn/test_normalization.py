"""BatchNorm and LayerNorm: standardized outputs, running averages, and where they are not defined."""

import numpy as np
import pytest

from glassnet import nn


def data(n: int = 50, width: int = 4) -> nn.FloatArray:
    return np.random.default_rng(0).normal(3, 2, (n, width))


def test_batch_norm_standardizes_each_feature_over_the_batch() -> None:
    Y = nn.BatchNorm(4, dtype=np.float64).forward(data())
    np.testing.assert_allclose(Y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Y.var(axis=0), 1, rtol=1e-5)


def test_layer_norm_standardizes_each_example_alone() -> None:
    layer, X = nn.LayerNorm(4, dtype=np.float64), data()
    Y = layer.forward(X)
    np.testing.assert_allclose(Y.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(Y.var(axis=1), 1, rtol=1e-2)
    np.testing.assert_allclose(layer.forward(X[7:8]), Y[7:8], rtol=1e-12)


def test_running_averages_by_hand() -> None:
    """The batch (1, 5) has mean 3 and unbiased variance 8; with momentum 0.25 the averages go a quarter of the way."""
    layer = nn.BatchNorm(1, momentum=0.25, dtype=np.float64)
    layer.forward(np.array([[1.0], [5.0]]))
    assert layer.running_mean.item() == pytest.approx(0.75, rel=1e-14)  # 0.75·0 + 0.25·3
    assert layer.running_var.item() == pytest.approx(2.75, rel=1e-14)  # 0.75·1 + 0.25·8


def test_evaluation_uses_the_running_averages() -> None:
    layer = nn.BatchNorm(1, momentum=1.0, eps=0.0, dtype=np.float64)
    layer.forward(np.array([[1.0], [5.0]]))
    layer.eval()
    np.testing.assert_allclose(layer.forward(np.array([[7.0]])), [[4 / np.sqrt(8)]], rtol=1e-14)  # (7 − 3)/√8


def test_one_example_in_training_is_refused_and_changes_nothing() -> None:
    layer = nn.BatchNorm(2)
    with pytest.raises(ValueError, match="expected at least 2 examples in training mode, received 1"):
        layer.forward(np.ones((1, 2), np.float32))
    assert (layer.running_mean == 0).all()


@pytest.mark.parametrize("norm", [nn.BatchNorm, nn.LayerNorm])
def test_constant_inputs_give_zeros_not_nan(norm: type[nn.BatchNorm] | type[nn.LayerNorm]) -> None:
    layer = norm(3, dtype=np.float64)
    np.testing.assert_allclose(layer.forward(np.full((4, 3), 2.0)), 0, atol=1e-12)
    assert np.isfinite(layer.backward(np.ones((4, 3)))).all()


@pytest.mark.parametrize("momentum", [0, -0.1, 1.1, float("nan")])
def test_momentum_must_lie_in_its_range(momentum: float) -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        nn.BatchNorm(2, momentum)


@pytest.mark.parametrize("norm", [nn.BatchNorm, nn.LayerNorm])
def test_other_dtypes_are_refused_and_nothing_decays(norm: type[nn.BatchNorm] | type[nn.LayerNorm]) -> None:
    with pytest.raises(TypeError, match="expected .*received"):
        norm(2, dtype=np.float16)
    assert not any(parameter.decays for parameter in norm(2).parameters())
