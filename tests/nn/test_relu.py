"""Rectifiers: values, the kink, and the slope."""

import numpy as np
import pytest

from glassnet import nn

X = np.array([[-2.0, 0.0, 3.0]])


def test_relu_by_hand() -> None:
    relu = nn.ReLU()
    np.testing.assert_array_equal(relu.forward(X), [[0, 0, 3]])
    np.testing.assert_array_equal(relu.backward(np.array([[5.0, 6.0, 7.0]])), [[0, 0, 7]])  # 0 at the kink


def test_leaky_relu_by_hand() -> None:
    leaky = nn.LeakyReLU(0.5)
    np.testing.assert_array_equal(leaky.forward(X), [[-1, 0, 3]])
    np.testing.assert_array_equal(leaky.backward(np.array([[5.0, 6.0, 7.0]])), [[2.5, 3, 7]])


@pytest.mark.parametrize("slope", [-0.1, float("nan"), float("inf")])
def test_the_slope_must_be_finite_and_not_negative(slope: float) -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        nn.LeakyReLU(slope)
