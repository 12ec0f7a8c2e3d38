"""The gradient check can fail: broken backward passes of each kind are caught, and it leaves the model alone."""

from typing import Any

import numpy as np
import pytest

from glassnet import nn
from glassnet.diagnostics import directional_gradient_check, gradient_check
from glassnet.nn import FloatArray


class _NoMean(nn.SoftmaxCrossEntropy):
    """Forgets the 1/N of the mean."""

    def backward(self) -> FloatArray:
        dZ = super().backward()
        return dZ * len(dZ)


class _Transposed(nn.Dense):
    """Multiplies by W where it should by Wᵀ; the shapes fit because the layer is square."""

    def backward(self, dout: FloatArray) -> FloatArray:
        super().backward(dout)
        return dout @ self.W.data


class _WrongAxis(nn.Dense):
    """Sums the bias gradient over features instead of examples; the shapes fit because the batch is square."""

    def backward(self, dout: FloatArray) -> FloatArray:
        dX = super().backward(dout)
        self.b.grad = dout.sum(axis=1, keepdims=True).T.copy()
        return dX


class _NoMask(nn.ReLU):
    """Lets every gradient through."""

    def backward(self, dout: FloatArray) -> FloatArray:
        return dout


class _NoDropoutMask(nn.Dropout):
    """Lets every gradient through."""

    def backward(self, dout: FloatArray) -> FloatArray:
        self.recall(dout)
        return dout


def _network(middle: nn.Module) -> nn.Sequential:
    rng = np.random.default_rng(0)
    ends = [nn.Dense(4, size, rng=rng, dtype=np.float64) for size in (4, 3)]
    return nn.Sequential(ends[0], middle, ends[1])


X = np.random.default_rng(1).standard_normal((4, 4))
Y = np.array([0, 1, 2, 0])


CHECKS: list[Any] = [gradient_check, directional_gradient_check]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("broken", [_Transposed, _WrongAxis])
def test_broken_dense_layers_are_caught(broken: type[nn.Dense], check: Any) -> None:
    """The same network with the right layer passes; element by element and along random directions."""
    for layer, passes in ((nn.Dense, True), (broken, False)):
        model = _network(layer(4, 4, rng=np.random.default_rng(2), dtype=np.float64))
        assert (check(model, nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6) == passes


@pytest.mark.parametrize("check", CHECKS)
def test_a_forgotten_mask_and_a_forgotten_mean_are_caught(check: Any) -> None:
    """Of an activation, of Dropout, and of the loss."""
    frozen = nn.Dropout(0.5, rng=np.random.default_rng(0)), _NoDropoutMask(0.5, rng=np.random.default_rng(0))
    for layer in frozen:
        layer.frozen = True
    for right in (nn.ReLU(), frozen[0]):
        assert check(_network(right), nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6
    for broken in (_NoMask(), frozen[1]):
        assert check(_network(broken), nn.SoftmaxCrossEntropy(), X, Y).max_relative_error > 0.01
    assert check(_network(nn.ReLU()), _NoMean(), X, Y).max_relative_error > 0.1


@pytest.mark.parametrize("check", CHECKS)
def test_a_normalization_that_forgets_its_statistics_is_caught(check: Any) -> None:
    """The commonest mistake in BatchNorm: mean and variance taken for constants."""

    class Direct(nn.BatchNorm):
        def backward(self, dout: FloatArray) -> FloatArray:
            super().backward(dout)
            return dout * self.gamma.data

    for layer, passes in ((nn.BatchNorm, True), (Direct, False)):
        model = _network(layer(4, dtype=np.float64))
        assert (check(model, nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6) == passes


def test_a_kink_within_reach_and_a_sharp_curve_raise_no_false_alarm() -> None:
    """A pre-activation 2e−6 from a ReLU's kink; and a BatchNorm over rows that hardly differ, where ℓ‴ is large."""
    layer = nn.Dense(1, 1, init="zeros", dtype=np.float64)
    layer.W.data = np.ones((1, 1))
    near = np.array([[2e-6]])
    assert gradient_check(nn.Sequential(layer, nn.ReLU()), nn.MeanSquaredError(), near, -near).max_relative_error < 1e-6
    rng = np.random.default_rng(0)
    rows = 1 + 0.003 * rng.standard_normal((6, 4))
    norm, dense = nn.BatchNorm(4, eps=1e-12, dtype=np.float64), nn.Dense(4, 3, rng=rng, dtype=np.float64)
    result = gradient_check(nn.Sequential(norm, nn.SiLU(), dense), nn.SoftmaxCrossEntropy(), rows, np.arange(6) % 3)
    assert result.max_relative_error < 1e-6


def test_the_worst_element_is_named() -> None:
    """A single wrong number in the bias of the middle layer is found there."""

    class Off(nn.Dense):
        def backward(self, dout: FloatArray) -> FloatArray:
            dX = super().backward(dout)
            self.b.grad[0, 2] += 0.5
            return dX

    result = gradient_check(
        _network(Off(4, 4, rng=np.random.default_rng(2), dtype=np.float64)), nn.SoftmaxCrossEntropy(), X, Y
    )
    assert result.worst == ("1.b", (0, 2))
    assert result.analytic - result.numerical == pytest.approx(0.5, abs=1e-6)


def test_live_dropout_is_refused_and_the_model_left_alone() -> None:
    """Frozen it is checked; weights, gradients, mode and running averages of the caller's float32 model stay."""
    model = nn.mlp([4, 6, 3], dropout=0.5, normalization="batch", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="Dropout in training mode"):
        gradient_check(model, nn.SoftmaxCrossEntropy(), X, Y)
    before = model.state_dict()
    gradient_check(model.eval(), nn.SoftmaxCrossEntropy(), X, Y)
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    assert not any(parameter.grad.any() for parameter in model.parameters())


def test_a_large_model_is_checked_on_a_random_subset() -> None:
    """As many elements of each array as asked for."""
    model = nn.mlp([30, 40, 3], activation="tanh", rng=np.random.default_rng(0), dtype=np.float64)
    batch = np.random.default_rng(1).standard_normal((5, 30))
    result = gradient_check(model, nn.SoftmaxCrossEntropy(), batch, np.arange(5) % 3, max_elements=20)
    assert result.checked == 20 + 20 + 20 + 3 + 20
    assert result.max_relative_error < 1e-6
