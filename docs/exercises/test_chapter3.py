"""Whether the exercises of chapter 3 are solved."""

from types import ModuleType

import numpy as np

from glassnet import nn


def test_softplus(chapter: ModuleType) -> None:
    """It has the right values, keeps tiny ones, and neither overflows nor warns; warnings are errors here."""
    Z = np.array([[-1000.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1000.0]])
    np.testing.assert_allclose(chapter.softplus(Z), np.logaddexp(0, Z), rtol=1e-12)
    assert chapter.softplus(Z)[0, 1] > 0


def test_forward(chapter: ModuleType) -> None:
    """It gives what glassnet's network gives, with one layer, two and four, and leaves the batch as it was."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5, 3))
    before = X.copy()
    for sizes in ([3, 2], [3, 4, 2], [3, 6, 5, 4, 2]):
        model = nn.mlp(sizes, rng=rng, dtype=np.float64)
        dense = [layer for layer in model.layers if isinstance(layer, nn.Dense)]
        for layer in dense:
            layer.b.data = rng.standard_normal(layer.b.shape)
        layers = [(layer.W.data, layer.b.data) for layer in dense]
        np.testing.assert_allclose(chapter.forward(X, layers), model.forward(X), rtol=1e-12)
    np.testing.assert_array_equal(X, before)


def test_saturated_share(chapter: ModuleType) -> None:
    """Both ends count, and the middle does not."""
    A = np.array([[-0.9999, 0.0], [0.9995, 0.5]])
    assert chapter.saturated_share(A) == 0.5
    assert chapter.saturated_share(A, margin=2e-4) == 0.25
    assert chapter.saturated_share(np.tanh(np.array([[100.0, -100.0]]))) == 1.0
