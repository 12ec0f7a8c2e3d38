"""What networks for tables are made of: a scale for each feature, the neural-tangent parametrization, SELU and Mish."""

import numpy as np
import pytest

from glassnet import nn
from glassnet.diagnostics import gradient_check


def _rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("activation", ["selu", "mish"])
@pytest.mark.parametrize("zero_output", [False, True])
def test_a_network_of_all_of_them_has_the_right_gradients(activation: str, zero_output: bool) -> None:
    """Scale, two hidden layers in the parametrization, and a last one that may start at 0."""
    model = nn.mlp(
        [4, 6, 6, 3], activation=activation, init="ntk", input_scale=True, zero_output=zero_output, rng=_rng(),
        dtype=np.float64,
    )  # fmt: skip
    X, y = _rng().standard_normal((7, 4)), _rng().integers(0, 3, 7)
    assert gradient_check(model, nn.SoftmaxCrossEntropy(), X, y).max_relative_error < 1e-6


def test_a_scale_is_the_same_as_weights_scaled_row_by_row() -> None:
    """`(X·s)W = X·(sᵀ·W)`; it starts at ones, and neither decay nor a penalty shrinks it."""
    scale, dense = nn.Scale(3, dtype=np.float64), nn.Dense(3, 2, rng=_rng(), dtype=np.float64)
    X = _rng().standard_normal((5, 3))
    np.testing.assert_array_equal(scale.forward(X), X)
    scale.s.data = np.array([[2.0, 0.5, -1.0]])
    np.testing.assert_allclose(dense.forward(scale.forward(X)), X @ (scale.s.data.T * dense.W.data), rtol=1e-12)
    assert not scale.s.weight_decay


def test_the_neural_tangent_parametrization_keeps_the_size_of_a_signal() -> None:
    """Weights and biases from N(0, 1); without biases, 1,000 inputs of variance 1 give outputs of variance 1."""
    layer = nn.NeuralTangentDense(1000, 400, rng=_rng(), dtype=np.float64)
    assert layer.W.data.std() == pytest.approx(1, rel=0.01)
    assert layer.b.data.std() == pytest.approx(1, rel=0.1)
    layer.b.data = np.zeros_like(layer.b.data)
    Z = layer.forward(_rng().standard_normal((50, 1000)))
    assert Z.var() == pytest.approx(1, rel=0.05)
    same = nn.Dense(1000, 400, init="zeros", dtype=np.float64)
    same.W.data = layer.W.data / np.sqrt(1000)
    np.testing.assert_allclose(Z, same.forward(_rng().standard_normal((50, 1000))), atol=1e-12)


def test_its_weights_are_the_same_in_both_precisions_and_it_needs_a_generator() -> None:
    """As those of every layer; with zeros none is needed."""
    narrow, wide = (nn.NeuralTangentDense(3, 2, rng=_rng(), dtype=dtype) for dtype in (np.float32, np.float64))
    np.testing.assert_array_equal(narrow.W.data, wide.W.data.astype(np.float32))
    np.testing.assert_array_equal(narrow.b.data, wide.b.data.astype(np.float32))
    with pytest.raises(ValueError, match="rng"):
        nn.NeuralTangentDense(3, 2)
    assert not nn.NeuralTangentDense(3, 2, zeros=True).b.data.any()


@pytest.mark.parametrize("init", ["ntk", "he_normal"])
def test_a_zero_output_says_nothing_at_first(init: str) -> None:
    """All logits are 0: the loss is that of chance, whatever the features."""
    model = nn.mlp([3, 8, 4], init=init, zero_output=True, rng=_rng())
    X, y = _rng().standard_normal((6, 3)).astype(np.float32), np.arange(6) % 4
    assert nn.SoftmaxCrossEntropy().forward(model.forward(X), y) == pytest.approx(np.log(4))


def test_the_usual_network_is_as_it_was() -> None:
    """Neither a scale nor a parametrization, unless they are asked for."""
    assert repr(nn.mlp([2, 3, 1], rng=_rng())) == "Sequential(Dense(2, 3), ReLU(), Dense(3, 1))"
    model = nn.mlp([2, 3, 1], init="ntk", input_scale=True, activation="selu", rng=_rng())
    assert repr(model) == "Sequential(Scale(2), NeuralTangentDense(2, 3), SELU(), NeuralTangentDense(3, 1))"


def test_selu_has_its_fixed_point() -> None:
    """Signals of mean 0 and variance 1 keep both; 400,000 draws."""
    A = nn.SELU().forward(_rng().standard_normal((400_000, 1)))
    assert A.mean() == pytest.approx(0, abs=0.01)
    assert A.var() == pytest.approx(1, rel=0.01)


def test_mish_is_its_formula_far_out_too() -> None:
    """`z·tanh(log(1 + e^z))` where that can be computed directly; z and 0 beyond, without a warning."""
    z = np.linspace(-30, 30, 601)[:, np.newaxis]
    np.testing.assert_allclose(nn.Mish().forward(z), z * np.tanh(np.logaddexp(0, z)), atol=1e-13)
    for dtype in (np.float32, np.float64):
        far: nn.FloatArray = np.array([[-1e4], [1e4]]).astype(dtype)
        for activation in (nn.Mish(), nn.SELU()):
            A = activation.forward(far)
            dZ = activation.backward(np.ones_like(far))
            assert np.isfinite(A).all()
            assert np.isfinite(dZ).all()
            assert dZ[0, 0] == pytest.approx(0, abs=1e-6)
