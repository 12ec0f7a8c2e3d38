"""Every module's backward pass against central differences, alone and composed."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet import nn
from glassnet.diagnostics import gradient_check

TOLERANCE = 1e-6
FEATURES, CLASSES = 5, 3


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _batch(n: int, features: int = FEATURES) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    rng = np.random.default_rng([n, features])
    return rng.standard_normal((n, features)), rng.integers(0, CLASSES, n)


def _frozen_dropout() -> nn.Dropout:
    layer = nn.Dropout(0.4, rng=_rng())
    layer.frozen = True
    return layer


LAYERS: dict[str, Any] = {
    "dense": lambda: nn.Dense(FEATURES, FEATURES, rng=_rng(), dtype=np.float64),
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "dropout": _frozen_dropout,
    "batch_norm": lambda: nn.BatchNorm(FEATURES, dtype=np.float64),
    "layer_norm": lambda: nn.LayerNorm(FEATURES, dtype=np.float64),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_each_layer_inside_a_network(name: str, training: bool) -> None:
    """Dense before and after, so that the layer's dX, and not only its parameters, is held to the check."""
    dense = [nn.Dense(FEATURES, size, rng=_rng(), dtype=np.float64) for size in (FEATURES, CLASSES)]
    model = nn.Sequential(dense[0], LAYERS[name](), dense[1])
    model._set_mode(training=training)
    result = gradient_check(model, nn.SoftmaxCrossEntropy(), *_batch(6))
    assert result.max_relative_error < TOLERANCE, result


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "batch_norm"])
def test_a_single_example(name: str) -> None:
    """N = 1 is defined for every layer but BatchNorm in training mode."""
    model = nn.Sequential(LAYERS[name](), nn.Dense(FEATURES, CLASSES, rng=_rng(), dtype=np.float64))
    assert gradient_check(model, nn.SoftmaxCrossEntropy(), *_batch(1)).max_relative_error < TOLERANCE


@given(n=st.integers(2, 6), sizes=st.lists(st.integers(1, 6), min_size=1, max_size=3), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_networks_of_random_shapes(n: int, sizes: list[int], seed: int) -> None:
    """Widths of 1 included; tanh, so that no draw can land on a kink."""
    rng = np.random.default_rng(seed)
    model = nn.mlp([*sizes, CLASSES], activation="tanh", rng=rng, dtype=np.float64)
    X, y = rng.standard_normal((n, sizes[0])), rng.integers(0, CLASSES, n)
    assert gradient_check(model, nn.SoftmaxCrossEntropy(), X, y).max_relative_error < TOLERANCE


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
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.frozen = True
    assert gradient_check(model, nn.SoftmaxCrossEntropy(), *_batch(8)).max_relative_error < TOLERANCE
