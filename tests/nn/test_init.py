"""Initial weights: the promised variance, the seed, and the mistakes."""

from typing import Any

import numpy as np
import pytest

from glassnet.nn import INITIALIZERS, Dense
from glassnet.nn.init import initial_weights

IN, OUT = 400, 300
FLOAT64 = np.dtype(np.float64)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("he_normal", 2 / IN),
        ("he_uniform", 2 / IN),
        ("xavier_normal", 2 / (IN + OUT)),
        ("xavier_uniform", 2 / (IN + OUT)),
        (0.05, 0.05**2),
    ],
)
def test_mean_and_variance_are_as_promised(name: str | float, variance: float) -> None:
    """Over n = 120 000 weights a normal's variance has the relative standard deviation √(2/n) = 0.0041, a uniform's less.

    The bound of 2.5% is 6 of them and that of the mean, 6/√n, too: under a new seed each time, a false alarm about
    once in 200 million runs of each.
    """
    W = initial_weights(name, np.random.default_rng(0), IN, OUT, FLOAT64)
    assert W.shape == (IN, OUT)
    assert abs(W.var() / variance - 1) < 0.025
    assert abs(W.mean()) < 6 * np.sqrt(variance / W.size)


@pytest.mark.parametrize(("name", "square"), [("he_uniform", 6 / IN), ("xavier_uniform", 6 / (IN + OUT))])
def test_uniform_rules_stay_within_their_limit(name: str, square: float) -> None:
    W = initial_weights(name, np.random.default_rng(0), IN, OUT, FLOAT64)
    assert np.abs(W).max() <= np.sqrt(square)


def test_zeros_need_no_generator() -> None:
    assert (initial_weights("zeros", None, 2, 3, FLOAT64) == np.zeros((2, 3))).all()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_same_seed_same_weights(name: str) -> None:
    first, second = (initial_weights(name, np.random.default_rng(3), 4, 5, FLOAT64) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_a_rule_of_ones_own() -> None:
    layer = Dense(2, 3, init=lambda rng, fan_in, fan_out, dtype: np.full((fan_in, fan_out), fan_in, dtype))
    assert (layer.W.data == 2).all()


@pytest.mark.parametrize("init", ["he", -0.1, float("inf"), float("nan"), None, True])
def test_unknown_rules_and_bad_scales_are_refused(init: Any) -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        initial_weights(init, np.random.default_rng(0), 2, 2, FLOAT64)
