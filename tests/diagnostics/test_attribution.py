"""Integrated gradients: their sum is the change of the output, corners or not; and what gives them meaning."""

import numpy as np
import pytest

from glassnet import nn
from glassnet.diagnostics import integrated_gradients
from glassnet.nn import FloatArray


def _network(activation: str, *sizes: int) -> nn.Sequential:
    return nn.mlp([*sizes], activation=activation, rng=np.random.default_rng(0))


@pytest.mark.parametrize("activation", sorted(nn.ACTIVATIONS))
@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-7])
def test_the_contributions_add_up_to_the_change_of_the_output(activation: str, tolerance: float) -> None:
    """Within the tolerance that is stated, for every activation; far from the baseline there are many corners."""
    model = _network(activation, 6, 32, 32, 4)
    rng = np.random.default_rng(1)
    X, baseline, outputs = (10 * rng.normal(size=(20, 6))).astype(np.float32), np.full(6, 0.5), rng.integers(0, 4, 20)
    found = integrated_gradients(model, X, baseline, outputs, tolerance=tolerance)
    change = found.output - found.output_at_baseline
    np.testing.assert_allclose(
        found.contributions.sum(axis=1), change, rtol=0, atol=tolerance * max(1.0, np.abs(change).max())
    )
    assert (np.abs(found.contributions.sum(axis=1) - change) <= tolerance * np.maximum(1.0, np.abs(change))).all()
    np.testing.assert_allclose(found.output, model.forward(X)[np.arange(20), outputs], rtol=1e-4, atol=1e-4)


def test_a_relu_network_is_exact() -> None:
    """Where one corner is left in a part of the way, the tangents meet in it: no tolerance is needed."""
    X = np.random.default_rng(2).normal(size=(10, 6)).astype(np.float32)
    found = integrated_gradients(_network("relu", 6, 64, 3), X, np.zeros(6), 1)
    change = found.output - found.output_at_baseline
    np.testing.assert_allclose(found.contributions.sum(axis=1), change, rtol=0, atol=1e-12)


def test_they_are_the_integral_of_the_gradient() -> None:
    """Against the mean of the gradient at very many points of the way."""
    model = _network("tanh", 3, 8, 2)
    x, baseline = np.array([1.5, -2.0, 0.7]), np.array([0.1, 0.2, -0.3])
    found = integrated_gradients(model, x[np.newaxis], baseline, tolerance=1e-9)
    t = (np.arange(4_000) + 0.5)[:, np.newaxis] / 4_000
    Z = model.eval().forward((baseline + t * (x - baseline)).astype(np.float32))
    dZ = np.zeros_like(Z)
    dZ[:, 0] = 1
    mean = model.backward(dZ).mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(found.contributions[0], (x - baseline) * mean, rtol=1e-4)


def test_what_has_no_part_in_the_output_contributes_nothing() -> None:
    """A feature without weights, a feature as in the baseline, and a row that is the baseline."""
    model = _network("relu", 3, 16, 1)
    model.parameters()[0].data[2] = 0
    X = np.array([[1.0, 2.0, 5.0], [0.0, 2.0, 5.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    found = integrated_gradients(model, X, np.zeros(3)).contributions
    np.testing.assert_array_equal(found == 0, [[False, False, True], [True, False, True], [True, True, True]])


def test_the_model_is_left_alone() -> None:
    """Its mode, its weights and what stands in its gradients; dropout is off meanwhile."""
    model = nn.mlp([3, 8, 2], dropout=0.5, normalization="batch", rng=np.random.default_rng(0))
    before = model.state_dict()
    X = np.ones((4, 3), dtype=np.float32)
    found, again = (integrated_gradients(model, X, np.zeros(3)).contributions for _ in range(2))
    np.testing.assert_array_equal(found, again)
    assert model.training
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert not any(parameter.grad.any() for parameter in model.parameters())


class _Step(nn.Module):
    """An output that jumps, with the gradient 0."""

    def forward(self, X: FloatArray) -> FloatArray:
        Y = (X > 0.3).astype(X.dtype)
        self.save_for_backward(Y)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        self.saved(dout)
        return np.zeros_like(dout)


def test_an_output_that_jumps_and_a_row_that_does_not_fit_are_refused() -> None:
    """No gradient tells of a jump, and a sum that is not complete is no answer."""
    with pytest.raises(ValueError, match=r"expected an output without jumps .* jumps on the way to row 1, from 0"):
        integrated_gradients(_Step(), np.array([[0.1], [1.0]]), np.zeros(1))
    with pytest.raises(ValueError, match=r"received shapes \(2, 3\) and \(2,\)"):
        integrated_gradients(_network("relu", 3, 2), np.ones((2, 3), dtype=np.float32), np.zeros(2))
