"""Whether the exercises of chapter 2 are solved."""

from types import ModuleType

import numpy as np
import pytest

from glassnet import nn


def test_affine(chapter: ModuleType) -> None:
    """It computes what `Dense` does, and refuses what NumPy would stretch."""
    rng = np.random.default_rng(0)
    X, W, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 4)), rng.standard_normal((1, 4))
    np.testing.assert_allclose(chapter.affine(X, W, b), X @ W + b)
    for shapes in [(X, W, b[0]), (X, W, b.T), (X, W.T, b), (X[0], W, b), (X, W, b[:, :1]), (X, W, np.vstack([b] * 4))]:
        with pytest.raises(ValueError, match=r"\("):
            chapter.affine(*shapes)


def test_mean_absolute_error_gradient(chapter: ModuleType) -> None:
    """It is the slope of the loss along each entry, and 0 where the prediction is exact."""
    rng = np.random.default_rng(1)
    Z, T = rng.standard_normal((6, 1)), rng.standard_normal((6, 1))
    gradient = chapter.mean_absolute_error_gradient(Z, T)
    assert gradient.shape == (6, 1)
    for n in range(6):
        step = np.zeros((6, 1))
        step[n] = 1e-6
        slope = (np.mean(np.abs(Z + step - T)) - np.mean(np.abs(Z - step - T))) / 2e-6
        assert gradient[n, 0] == pytest.approx(slope, rel=1e-6)
    assert not chapter.mean_absolute_error_gradient(Z, Z).any()
    loss = nn.MeanAbsoluteError()
    loss.forward(Z, T)
    np.testing.assert_allclose(gradient, loss.backward())


def test_fit_line(chapter: ModuleType) -> None:
    """The line is that of least squares, with features that are centred and with others that are not."""
    rng = np.random.default_rng(2)
    for low in (-1.0, 0.2):
        x = rng.uniform(low, 1, (40, 1))
        t = 1.5 * x + 0.5 + 0.3 * rng.standard_normal((40, 1))
        best = np.linalg.lstsq(np.column_stack([x, np.ones_like(x)]), t, rcond=None)[0].ravel()
        np.testing.assert_allclose(chapter.fit_line(x, t), best, atol=1e-6)
