"""The gradient check can fail: broken backward passes of each kind are caught, and it leaves the model alone."""

import numpy as np
import pytest

from glassnet import nn
from glassnet.diagnostics import gradient_check
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


def _network(middle: nn.Module) -> nn.Sequential:
    rng = np.random.default_rng(0)
    ends = [nn.Dense(4, size, rng=rng, dtype=np.float64) for size in (4, 3)]
    return nn.Sequential(ends[0], middle, ends[1])


X = np.random.default_rng(1).standard_normal((4, 4))
Y = np.array([0, 1, 2, 0])


@pytest.mark.parametrize("broken", [_Transposed, _WrongAxis])
def test_broken_dense_layers_are_caught(broken: type[nn.Dense]) -> None:
    """The same network with the right layer passes."""
    for layer, passes in ((nn.Dense, True), (broken, False)):
        model = _network(layer(4, 4, rng=np.random.default_rng(2), dtype=np.float64))
        assert (gradient_check(model, nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6) == passes


def test_a_forgotten_mask_and_a_forgotten_mean_are_caught() -> None:
    """Of an activation, and of the loss."""
    assert gradient_check(_network(nn.ReLU()), nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6
    assert gradient_check(_network(_NoMask()), nn.SoftmaxCrossEntropy(), X, Y).max_relative_error > 0.01
    assert gradient_check(_network(nn.ReLU()), _NoMean(), X, Y).max_relative_error > 0.1


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
