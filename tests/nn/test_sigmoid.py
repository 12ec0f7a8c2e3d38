"""Sigmoid and SiLU: reference values and no overflow anywhere."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from glassnet import nn


def test_values_agree_with_the_definition() -> None:
    points = [-30.0, -2.0, -0.5, 0.0, 1.0, 4.0]
    expected = [1 / (1 + math.exp(-z)) for z in points]
    np.testing.assert_allclose(nn.Sigmoid().forward(np.array([points])), [expected], rtol=1e-14)
    silu = [z * s for z, s in zip(points, expected, strict=True)]
    np.testing.assert_allclose(nn.SiLU().forward(np.array([points])), [silu], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("module", [nn.Sigmoid, nn.SiLU])
def test_huge_inputs_stay_finite(module: type[nn.Module], dtype: npt.DTypeLike) -> None:
    layer = module()
    Y = layer.forward(np.array([[-3e38, -1000, 1000, 3e38]], dtype=dtype))
    dX = layer.backward(np.ones_like(Y))
    assert np.isfinite(Y).all()
    np.testing.assert_allclose(Y[0, :2], 0, atol=1e-30)
    np.testing.assert_allclose(dX, [[0, 0, 1, 1]] if module is nn.SiLU else [[0, 0, 0, 0]], atol=1e-30)


def test_tiny_probabilities_do_not_round_to_zero() -> None:
    np.testing.assert_allclose(nn.Sigmoid().forward(np.array([[-700.0]])), math.exp(-700), rtol=1e-12)
