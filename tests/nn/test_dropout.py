"""Dropout: its mean, its mask in both directions, its modes and its mistakes."""

from typing import Any

import numpy as np
import pytest

from glassnet import nn


def make(p: float = 0.3, seed: int = 0) -> nn.Dropout:
    return nn.Dropout(p, rng=np.random.default_rng(seed))


def test_the_mean_is_kept() -> None:
    """The mean of n = 100 000 outputs has standard deviation √(p/(1 − p)/n) = 0.0021.

    The bound is 5.5 of them: under a new seed each time, one false alarm in 25 million runs.
    """
    Y = make().forward(np.ones((200, 500)))
    assert abs(Y.mean() - 1) < 0.0115


def test_outputs_are_dropped_or_scaled_and_gradients_likewise() -> None:
    dropout = make(0.75)
    Y = dropout.forward(np.ones((20, 30)))
    assert set(np.unique(Y)) == {0.0, 4.0}  # 1/(1 − 0.75) = 4
    np.testing.assert_array_equal(dropout.backward(np.ones((20, 30))), Y)


def test_each_training_forward_draws_a_mask_of_its_own() -> None:
    dropout, X = make(), np.ones((10, 10))
    assert (dropout.forward(X) != dropout.forward(X)).any()


def test_frozen_reuses_the_last_mask() -> None:
    dropout, X = make(), np.ones((10, 10))
    first = dropout.forward(X)
    dropout.frozen = True
    np.testing.assert_array_equal(dropout.forward(X), first)
    np.testing.assert_array_equal(dropout.forward(X), first)


def test_a_frozen_mask_of_another_shape_is_reported() -> None:
    dropout = make()
    dropout.frozen = True
    dropout.forward(np.ones((10, 10)))
    with pytest.raises(ValueError, match=r"expected.*received"):
        dropout.forward(np.ones((9, 10)))


def test_evaluation_is_the_identity_and_draws_nothing() -> None:
    rng = np.random.default_rng(5)
    dropout = nn.Dropout(0.5, rng=rng).eval()
    X = np.random.default_rng(6).standard_normal((4, 3))
    state = rng.bit_generator.state
    np.testing.assert_array_equal(dropout.forward(X), X)
    np.testing.assert_array_equal(dropout.backward(X), X)
    assert rng.bit_generator.state == state


def test_zero_probability_is_the_identity_in_training() -> None:
    X = np.ones((3, 3))
    np.testing.assert_array_equal(make(0.0).forward(X), X)
    assert not make(0.0).is_random


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, float("nan"), True, "0.5"])
def test_the_probability_must_lie_in_its_range(p: Any) -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        make(p)


def test_a_generator_is_needed() -> None:
    with pytest.raises(ValueError, match="expected .*received None"):
        nn.Dropout(0.5, rng=None)  # type: ignore[arg-type]
