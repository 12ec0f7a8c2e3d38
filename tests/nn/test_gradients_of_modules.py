"""Every module's backward pass against central differences, alone and composed."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet import nn
from glassnet.diagnostics import directional_gradient_check, gradient_check
from tests.nn.modules import MODULES, with_frozen_masks

TOLERANCE = 1e-6
FEATURES, CLASSES = 5, 3


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _batch(n: int, features: int = FEATURES) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    rng = np.random.default_rng([n, features])
    return rng.standard_normal((n, features)), rng.integers(0, CLASSES, n)


def _dense(fan_in: int, fan_out: int) -> nn.Dense:
    return nn.Dense(fan_in, fan_out, rng=_rng(), dtype=np.float64)


def _make(name: str, width: int) -> nn.Module:
    """Return a module of the table in float64; a Dropout computes the same function each time."""
    return with_frozen_masks(MODULES[name](width, np.float64))


def _needs_two(name: str, training: bool) -> bool:
    return training and name in {"batch_norm", "residual of residual"}


@pytest.mark.parametrize("features", [1, FEATURES])
@pytest.mark.parametrize("n", [1, 2, 6])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_each_module_alone(name: str, training: bool, n: int, features: int) -> None:
    """Against random targets under both regression losses; N = 1 wherever it is defined, D = 1 too."""
    if _needs_two(name, training) and n == 1:
        with pytest.raises(ValueError, match="at least 2 examples"):
            _make(name, features).forward(_batch(1, features)[0])
        return
    model = _make(name, features)._set_mode(training=training)
    X, _ = _batch(n, features)
    T = np.random.default_rng(3).standard_normal((n, features))
    for loss in (nn.MeanSquaredError(), nn.MeanAbsoluteError()):
        result = gradient_check(model, loss, X, T)
        assert result.max_relative_error < TOLERANCE, (loss, result)


@pytest.mark.parametrize("n", [2, 6])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_each_module_inside_a_network(name: str, training: bool, n: int) -> None:
    """Dense before and after, under cross-entropy."""
    model = nn.Sequential(_dense(FEATURES, FEATURES), _make(name, FEATURES), _dense(FEATURES, CLASSES))
    model._set_mode(training=training)
    result = gradient_check(model, nn.SoftmaxCrossEntropy(), *_batch(n))
    assert result.max_relative_error < TOLERANCE, result


@given(
    n=st.integers(2, 6),
    features=st.integers(1, 6),
    names=st.lists(st.sampled_from(sorted(MODULES)), min_size=1, max_size=3),
    training=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_modules_composed_at_random(n: int, features: int, names: list[str], training: bool, seed: int) -> None:
    """Any modules in a row, with widths of 1 included."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(*(_make(name, features) for name in names), _dense(features, CLASSES))
    model._set_mode(training=training)
    X, y = rng.standard_normal((n, features)), rng.integers(0, CLASSES, n)
    result = gradient_check(model, nn.SoftmaxCrossEntropy(), X, y)
    assert result.max_relative_error < TOLERANCE, result


@given(
    n=st.integers(1, 6),
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    activation=st.sampled_from(sorted(nn.ACTIVATIONS)),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_networks_of_random_shapes(n: int, sizes: list[int], activation: str, seed: int) -> None:
    """One example and widths of 1 included."""
    rng = np.random.default_rng(seed)
    model = nn.mlp([*sizes, CLASSES], activation=activation, rng=rng, dtype=np.float64)
    X, y = rng.standard_normal((n, sizes[0])), rng.integers(0, CLASSES, n)
    assert gradient_check(model, nn.SoftmaxCrossEntropy(), X, y).max_relative_error < TOLERANCE


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_a_larger_network_along_random_directions(activation: str, normalization: str | None) -> None:
    """12,000 parameters; each array along ten directions of its own."""
    model = nn.mlp(
        [40, 80, 80, CLASSES], activation=activation, normalization=normalization, rng=_rng(), dtype=np.float64
    )
    result = directional_gradient_check(model, nn.SoftmaxCrossEntropy(), *_batch(16, 40))
    assert result.max_relative_error < TOLERANCE, result


@pytest.mark.parametrize("targets", ["labels", "one-hot", "soft"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [1.0, 3.0, 0.5]])
def test_cross_entropy_in_all_its_forms(targets: str, smoothing: float, weights: list[float] | None) -> None:
    """Class ids and distributions, weighted and smoothed, alone and together."""
    X, labels = _batch(6)
    y: npt.NDArray[Any] = {
        "labels": labels,
        "one-hot": np.eye(CLASSES)[labels],
        "soft": np.random.default_rng(1).dirichlet(np.ones(CLASSES), 6),
    }[targets]
    model = nn.mlp([FEATURES, 4, CLASSES], activation="gelu", rng=_rng(), dtype=np.float64)
    loss = nn.SoftmaxCrossEntropy(smoothing, weights)
    assert gradient_check(model, loss, X, y).max_relative_error < TOLERANCE


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("activation", sorted(nn.ACTIVATIONS))
def test_every_network_that_the_settings_can_name(activation: str, normalization: str) -> None:
    """mlp with each activation and normalization, and with dropout held fixed."""
    model = nn.mlp(
        [FEATURES, 6, 4, CLASSES], activation=activation, normalization=normalization, dropout=0.3, rng=_rng(),
        dtype=np.float64,
    )  # fmt: skip
    with_frozen_masks(model)
    assert gradient_check(model, nn.SoftmaxCrossEntropy(), *_batch(8)).max_relative_error < TOLERANCE
