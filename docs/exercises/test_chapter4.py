"""Whether the exercises of chapter 4 are solved."""

from types import ModuleType

import numpy as np

from glassnet import diagnostics, nn


def test_dense_backward(chapter: ModuleType) -> None:
    """It gives what `Dense.backward` gives, for a square layer too, where a missing transpose would fit."""
    rng = np.random.default_rng(0)
    for n, d, h in [(5, 3, 2), (4, 4, 4), (1, 2, 3)]:
        layer = nn.Dense(d, h, rng=rng, dtype=np.float64)
        X, dZ = rng.standard_normal((n, d)), rng.standard_normal((n, h))
        layer.forward(X)
        dX = layer.backward(dZ)
        expected = [layer.W.grad, layer.b.grad, dX]
        for received, wanted in zip(chapter.dense_backward(X, layer.W.data, dZ), expected, strict=True):
            assert received.shape == wanted.shape
            np.testing.assert_allclose(received, wanted, rtol=1e-12, atol=1e-15)


def test_two_layer_gradients(chapter: ModuleType) -> None:
    """They are those of glassnet's network."""
    rng = np.random.default_rng(1)
    model = nn.mlp([3, 5, 4], activation="tanh", init="xavier_normal", rng=rng, dtype=np.float64)
    X, y, loss = rng.standard_normal((6, 3)), np.array([0, 1, 2, 3, 1, 0]), nn.SoftmaxCrossEntropy()
    for parameter in model.parameters():
        parameter.data = parameter.data + 0.1 * rng.standard_normal(parameter.shape)
    loss.forward(model.forward(X), y)
    model.backward(loss.backward())
    received = chapter.two_layer_gradients(X, y, *(parameter.data for parameter in model.parameters()))
    for gradient, parameter in zip(received, model.parameters(), strict=True):
        assert gradient.shape == parameter.shape
        np.testing.assert_allclose(gradient, parameter.grad, rtol=1e-9, atol=1e-15)


def test_softplus(chapter: ModuleType) -> None:
    """Its gradient check passes, it has the right values, and it is finite far out."""
    rng = np.random.default_rng(2)
    model = nn.Sequential(nn.Dense(3, 4, rng=rng), chapter.Softplus(), nn.Dense(4, 2, rng=rng))
    X, y = rng.standard_normal((5, 3)).astype(np.float32), np.array([0, 1, 1, 0, 1])
    assert diagnostics.gradient_check(model, nn.SoftmaxCrossEntropy(), X, y).max_relative_error < 1e-6
    Z = np.array([[-1000.0, -1.0, 0.0, 1.0, 1000.0]])
    np.testing.assert_allclose(chapter.Softplus().forward(Z), np.logaddexp(0, Z), rtol=1e-12)
