"""Modules in a row and multilayer perceptrons, with the loss behind them."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from glassnet import nn
from glassnet.diagnostics import gradient_check

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 3))
LABELS = np.array([0, 1, 2, 3, 1, 0])
ONE_HOT = np.eye(4)[LABELS]
SOFT = RNG.dirichlet(np.ones(4), 6)
WEIGHTS = [0.5, 1.0, 2.0, 3.0]

LOSSES = {
    "plain": nn.SoftmaxCrossEntropy(),
    "smoothed": nn.SoftmaxCrossEntropy(label_smoothing=0.1),
    "weighted": nn.SoftmaxCrossEntropy(class_weights=WEIGHTS),
    "both": nn.SoftmaxCrossEntropy(label_smoothing=0.1, class_weights=WEIGHTS),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("targets", [LABELS, ONE_HOT, SOFT], ids=["labels", "one-hot", "soft"])
@pytest.mark.parametrize("training", [True, False])
def test_gradient_under_every_loss(loss: str, targets: npt.NDArray[Any], training: bool) -> None:
    model = nn.mlp([3, 5, 4], activation="tanh", normalization="batch", rng=np.random.default_rng(1), dtype=np.float64)
    model = model.train() if training else model.eval()
    assert gradient_check(model, LOSSES[loss], X, targets).max_relative_error <= 1e-6


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_gradient_of_every_composition(activation: str, normalization: str | None) -> None:
    model = nn.mlp(
        [3, 6, 5, 4],
        activation=activation,
        normalization=normalization,
        dropout=0.2,
        rng=np.random.default_rng(2),
        dtype=np.float64,
    )
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.frozen = True
    check = gradient_check(model, nn.SoftmaxCrossEntropy(), X, LABELS)
    assert check.max_relative_error <= 1e-6
    assert check.checked == sum(parameter.size for parameter in model.parameters()) + X.size


@pytest.mark.parametrize("targets", [LABELS[:1], SOFT[:1]])
def test_gradient_of_one_example_and_one_feature(targets: npt.NDArray[Any]) -> None:
    model = nn.mlp([1, 3, 4], activation="silu", rng=np.random.default_rng(3), dtype=np.float64)
    assert gradient_check(model, nn.SoftmaxCrossEntropy(), X[:1, :1], targets).max_relative_error <= 1e-6


def test_sequential_applies_its_modules_in_order() -> None:
    first = nn.Dense(1, 1, init="zeros", dtype=np.float64)
    first.W.data, first.b.data = np.array([[-2.0]]), np.array([[1.0]])
    one = np.array([[1.0]])
    assert nn.Sequential(first, nn.ReLU())(one).item() == 0  # relu(−2·1 + 1)
    assert nn.Sequential(nn.ReLU(), first)(one).item() == -1  # −2·relu(1) + 1


def test_zero_weights_start_at_log_c() -> None:
    model = nn.mlp([3, 4], init="zeros", dtype=np.float64)
    assert nn.SoftmaxCrossEntropy().forward(model(X), LABELS) == pytest.approx(math.log(4), rel=1e-14)


def test_layers_come_in_the_documented_order() -> None:
    model = nn.mlp([3, 5, 2], activation="gelu", normalization="layer", dropout=0.1, rng=np.random.default_rng(0))
    assert repr(model) == "Sequential(Dense(3, 5), LayerNorm(5), GELU(), Dropout(0.1), Dense(5, 2))"
    assert repr(nn.mlp([3, 2], init="zeros")) == "Sequential(Dense(3, 2))"


def test_same_seed_same_network() -> None:
    first, second = (nn.mlp([3, 5, 2], dropout=0.5, rng=np.random.default_rng(4)) for _ in range(2))
    batch = X.astype(np.float32)
    assert first.forward(batch).tobytes() == second.forward(batch).tobytes()  # weights and masks
    assert (nn.mlp([3, 5, 2], rng=np.random.default_rng(5)).state_dict()["0.W"] != first.state_dict()["0.W"]).any()


def test_dropout_leaves_the_weights_of_a_seed_alone() -> None:
    plain = nn.mlp([3, 5, 2], rng=np.random.default_rng(4)).state_dict()
    dropped = nn.mlp([3, 5, 2], dropout=0.5, rng=np.random.default_rng(4)).state_dict()
    assert plain["0.W"].tobytes() == dropped["0.W"].tobytes()
    assert plain["2.W"].tobytes() == dropped["3.W"].tobytes()


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ([3], {}),
        ([3, 0], {}),
        ([3, 2], {"activation": "step"}),
        ([3, 2], {"normalization": "group"}),
        ([3, 4, 2], {"dropout": 1.0}),
        ([3, 2], {"rng": None}),
    ],
)
def test_settings_that_make_no_network_are_refused(sizes: list[int], options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        nn.mlp(sizes, **{"rng": np.random.default_rng(0), **options})


def test_sequential_takes_modules_only_and_at_least_one() -> None:
    with pytest.raises(TypeError, match="expected .*received"):
        nn.Sequential(nn.ReLU(), "relu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected .*received"):
        nn.Sequential()
