"""Tanh and GELU: reference values and the far ends."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from glassnet import nn

POINTS = [-12.0, -10.0, -3.0, -0.5, 0.0, 0.7, 2.0, 10.0, 15.0]


def gelu(z: float) -> float:
    return 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


def test_values_agree_with_the_definitions() -> None:
    Z = np.array([POINTS])
    np.testing.assert_allclose(nn.Tanh().forward(Z), [[math.tanh(z) for z in POINTS]], rtol=1e-14)
    np.testing.assert_allclose(nn.GELU().forward(Z), [[gelu(z) for z in POINTS]], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gelu_is_the_identity_or_zero_far_out(dtype: npt.DTypeLike) -> None:
    layer = nn.GELU()
    Z = np.array([[-3e38, -1000, 1000, 3e38]], dtype=dtype)
    np.testing.assert_array_equal(layer.forward(Z), np.maximum(Z, 0))
    np.testing.assert_array_equal(layer.backward(np.ones_like(Z)), [[0, 0, 1, 1]])
