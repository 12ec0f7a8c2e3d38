"""Whether the exercises of chapter 5 are solved."""

from types import ModuleType

import numpy as np
import pytest

from glassnet import nn, optim


@pytest.mark.parametrize(("fan_in", "fan_out"), [(200, 300), (50, 400)])
def test_he_normal(chapter: ModuleType, fan_in: int, fan_out: int) -> None:
    """The mean is 0, the variance 2/fan_in, and thirty ReLU layers keep the signal."""
    W = chapter.he_normal(np.random.default_rng(0), fan_in, fan_out)
    assert W.shape == (fan_in, fan_out)
    assert abs(W.mean()) < 0.01
    assert W.var() == pytest.approx(2 / fan_in, rel=0.05)
    rng = np.random.default_rng(1)
    A = rng.standard_normal((50, fan_in))
    for _ in range(30):
        A = np.maximum(0, A @ chapter.he_normal(rng, fan_in, fan_in))
    assert 0.02 < A.std() < 50


def test_adam_step(chapter: ModuleType) -> None:
    """Twenty updates end where glassnet's end."""
    rng = np.random.default_rng(2)
    start = rng.standard_normal((3, 2))
    parameter = nn.Parameter(start.copy(), "W")
    optimizer = optim.Adam([parameter], 0.05)
    W, m, v = start, np.zeros((3, 2)), np.zeros((3, 2))
    for t in range(1, 21):
        g = rng.standard_normal((3, 2))
        parameter.grad = g
        optimizer.step()
        W, m, v = chapter.adam_step(W, g, m, v, t, 0.05)
        np.testing.assert_allclose(W, parameter.data, rtol=1e-9, atol=1e-12)


def test_inverted_dropout(chapter: ModuleType) -> None:
    """A share p is silenced, the mean stays, each entry by itself, and evaluation changes nothing."""
    X = np.ones((400, 500))
    for p in (0.0, 0.2, 0.7):
        Y = chapter.inverted_dropout(X, p, np.random.default_rng(3), training=True)
        assert np.mean(Y == 0) == pytest.approx(p, abs=0.01)
        assert Y.mean() == pytest.approx(1, abs=0.02)
        np.testing.assert_allclose(Y[Y > 0], 1 / (1 - p))
    assert Y.any(axis=1).all()
    assert (~Y.astype(bool)).any(axis=0).all()
    np.testing.assert_array_equal(chapter.inverted_dropout(X, 0.7, np.random.default_rng(3), training=False), X)
