"""Softmax and cross-entropy: invariants, an independent reference, and every wrong target."""

import math
from typing import Any

import numpy as np
import pytest

from glassnet import nn


def _reference(Z: Any, labels: Any, smoothing: float, weights: list[float]) -> float:
    """The definition in plain Python: Σ_nc w_c q_nc (−log p_nc) / Σ_n w_{y_n}."""
    total = weight = 0.0
    for row, label in zip(Z.tolist(), labels.tolist(), strict=True):
        normalizer = sum(math.exp(z) for z in row)
        for c, z in enumerate(row):
            q = (1 - smoothing) * (c == label) + smoothing / len(row)
            total -= weights[c] * q * math.log(math.exp(z) / normalizer)
        weight += weights[label]
    return total / weight


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.5, 2.0, 3.0]])
def test_the_loss_is_its_definition(smoothing: float, weights: list[float]) -> None:
    """With smoothing and class weights, each and together."""
    rng = np.random.default_rng(0)
    Z, y = rng.standard_normal((5, 3)), rng.integers(0, 3, 5)
    value = nn.SoftmaxCrossEntropy(smoothing, weights).forward(Z, y)
    assert value == pytest.approx(_reference(Z, y, smoothing, weights), rel=1e-12)


def test_softmax_is_a_distribution_that_ignores_a_shift() -> None:
    """Rows sum to one; adding a constant to a row changes nothing; log_softmax is its logarithm."""
    Z = np.random.default_rng(0).standard_normal((20, 7)) * 5
    np.testing.assert_allclose(nn.softmax(Z).sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(nn.softmax(Z + 300), nn.softmax(Z), rtol=1e-11)
    np.testing.assert_allclose(nn.log_softmax(Z), np.log(nn.softmax(Z)), rtol=1e-10)


@pytest.mark.parametrize("size", [1000.0, 3e38])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_extreme_logits_give_finite_losses(size: float, smoothing: float) -> None:
    """The loss of a confident mistake is the gap between the logits; nothing overflows."""
    loss = nn.SoftmaxCrossEntropy(smoothing)
    assert math.isfinite(loss.forward(np.array([[size, -size]], dtype=np.float32), np.array([1])))
    dZ = loss.backward()
    np.testing.assert_allclose(dZ, [[1 - smoothing / 2, smoothing / 2 - 1]], rtol=1e-6)
    assert np.isfinite(nn.log_softmax(np.array([[size, -size]]))).all()
    many = np.full((4, 2), [size, -size], dtype=np.float32)  # whose losses add up beyond float32
    assert math.isfinite(loss.forward(many, np.ones(4, dtype=np.int64)))
    if size == 1000.0 and not smoothing:
        assert loss.forward(np.array([[size, -size]]), np.array([1])) == 2000.0


INF = math.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.5]])
def test_a_logit_of_minus_infinity_is_a_probability_of_zero(dtype: Any, smoothing: float, weights: Any) -> None:
    """Its logarithm is −inf, and so is minus the loss where the target has a share of the class."""
    Z = np.array([[1.0, -INF, 2.0], [-INF, 0.5, -1.0]], dtype=dtype)
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(nn.softmax(Z), P, rtol=1e-6)
    assert nn.softmax(Z)[0, 1] == 0
    with np.errstate(divide="ignore"):
        log_P = np.log(P)
    np.testing.assert_allclose(nn.log_softmax(Z), log_P, rtol=1e-6)
    loss = nn.SoftmaxCrossEntropy(smoothing, weights)
    for labels in ([2, 1], [1, 1], [0, 0]):
        w = np.ones(2) if weights is None else np.array(weights)[labels]
        expected = INF if smoothing else -float(np.sum(w * log_P[[0, 1], labels]) / w.sum())
        assert loss.forward(Z, np.array(labels)) == pytest.approx(expected, rel=1e-6)
        assert (expected == INF) == (smoothing > 0 or labels != [2, 1])
        by_distribution = INF if smoothing else expected * w.sum() / 2
        assert loss.forward(Z, np.eye(3)[labels]) == pytest.approx(by_distribution, rel=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("row", [[INF, 0.0, 1.0], [np.nan, 0.0, 1.0], [INF, -INF, 0.0], [-INF, -INF, -INF]])
def test_broken_logits_give_no_finite_loss(row: list[float], smoothing: float) -> None:
    """Nor a warning, which would fail this test: `fit` reports the loss itself."""
    Z = np.array([row, [0.0, 1.0, 2.0]], dtype=np.float32)
    loss = nn.SoftmaxCrossEntropy(smoothing)
    for label in range(3):
        assert not math.isfinite(loss.forward(Z, np.array([label, 0]))), label
        assert not math.isfinite(loss.forward(Z, np.eye(3)[[label, 0]])), label


def test_huge_logits_beside_minus_infinity_are_right() -> None:
    """A difference that overflows is floored; what is −inf stays so."""
    highest = float(np.finfo(np.float32).max)
    Z = np.array([[highest, -highest, -INF]], dtype=np.float32)
    assert nn.log_softmax(Z).tolist() == [[0.0, -highest, -INF]]
    loss = nn.SoftmaxCrossEntropy()
    assert [loss.forward(Z, np.array([label])) for label in range(3)] == [0.0, highest, INF]
    for label, gradient in ((0, [0.0, 0.0, 0.0]), (1, [1.0, -1.0, 0.0]), (2, [1.0, 0.0, -1.0])):
        loss.forward(Z, np.array([label]))
        assert loss.backward().tolist() == [gradient]


def test_the_loss_says_which_targets_it_got() -> None:
    """Class ids, one-hot or soft, by the entries themselves and not by their dtype."""
    loss, Z = nn.SoftmaxCrossEntropy(), np.zeros((2, 3))
    assert loss.target_form is None
    cases: list[tuple[Any, str]] = [
        (np.array([0, 2]), "class ids"), (np.eye(3)[[0, 2]], "one-hot"), (np.eye(3, dtype=np.int64)[[0, 2]], "one-hot"),
        (np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]), "soft"), (np.array([[1 - 1e-6, 1e-6, 0], [0, 0, 1]]), "soft"),
    ]  # fmt: skip
    for targets, form in cases:
        loss.forward(Z, targets)
        assert loss.target_form == form


def test_a_zero_network_starts_at_ln_c() -> None:
    """A uniform prediction over C classes costs ln C, and its gradient is (P − Y)/N."""
    X, y = np.random.default_rng(0).standard_normal((6, 4)), np.arange(6) % 3
    model, loss = nn.mlp([4, 3], init="zeros", dtype=np.float64), nn.SoftmaxCrossEntropy()
    assert loss.forward(model(X), y) == pytest.approx(math.log(3), rel=1e-15)
    np.testing.assert_allclose(loss.backward(), (np.full((6, 3), 1 / 3) - np.eye(3)[y]) / 6, rtol=1e-14)


def test_one_hot_targets_are_the_labels() -> None:
    """Integers and floats alike."""
    Z, y = np.random.default_rng(0).standard_normal((5, 3)), np.array([0, 1, 2, 1, 0])
    loss = nn.SoftmaxCrossEntropy()
    by_label = loss.forward(Z, y)
    for one_hot in (np.eye(3)[y], np.eye(3, dtype=np.int64)[y]):
        assert loss.forward(Z, one_hot) == pytest.approx(by_label, rel=1e-14)


def test_the_score_counts_the_largest_logits_at_the_target() -> None:
    """Two of three; of a distribution, the target is its most probable class."""
    loss, Z = nn.SoftmaxCrossEntropy(), np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [1.0, 3.0, 2.0]])
    for targets in (np.array([0, 1, 1]), np.eye(3)[[0, 1, 1]], 0.6 * np.eye(3)[[0, 1, 1]] + 0.4 / 3):
        loss.forward(Z, targets)
        assert loss.score_sum(Z, targets) == 2.0


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64])
def test_labels_of_any_integer_dtype_are_the_same_labels(dtype: Any) -> None:
    """Every second one of an array, too; one that is too large, or negative, is found in each."""
    Z, labels = np.random.default_rng(0).standard_normal((4, 3)), np.array([0, 9, 2, 9, 1, 9, 2, 9], dtype=dtype)
    loss = nn.SoftmaxCrossEntropy()
    expected = loss.forward(Z, np.array([0, 2, 1, 2]))
    assert loss.forward(Z, labels[::2]) == loss.forward(Z, labels[::2].copy()) == expected
    for id_ in (3, -1) if np.dtype(dtype).kind == "i" else (3,):
        with pytest.raises(ValueError, match=r"expected class ids in \[0, 3\), received"):
            loss.forward(Z, np.array([0, id_, 1, 2], dtype=dtype))


@pytest.mark.parametrize(
    "targets",
    [
        [0, 1],
        np.array([0.0, 1.0]),
        np.array([0.0, np.nan]),
        np.array([0, 3]),
        np.array([-1, 0]),
        np.array(["a", "b"]),
        np.array([[0], [1]]),
        np.array([0, 1, 2]),
        np.array([[0.5, 0.6, 0.0], [1.0, 0.0, 0.0]]),
        np.array([[1.5, -0.5, 0.0], [1.0, 0.0, 0.0]]),
        np.array([[np.nan, 0.5, 0.5], [1.0, 0.0, 0.0]]),
        np.array([[True, False], [False, True]]),
    ],
)
def test_wrong_targets_are_refused(targets: Any) -> None:
    """Form, dtype, range, NaN, sums: each error says what was expected and received."""
    with pytest.raises((TypeError, ValueError)) as caught:
        nn.SoftmaxCrossEntropy().forward(np.zeros((2, 3)), targets)
    message = str(caught.value)
    assert "SoftmaxCrossEntropy" in message
    assert "expected" in message
    assert "received" in message


def test_wrong_settings_and_order_are_refused() -> None:
    """Smoothing out of range, weights of the wrong number, backward without forward."""
    with pytest.raises(ValueError, match="label_smoothing"):
        nn.SoftmaxCrossEntropy(1.0)
    for weight in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="class_weights"):
            nn.SoftmaxCrossEntropy(class_weights=[1.0, weight])
    with pytest.raises(ValueError, match="expected 3 class weights, received 2"):
        nn.SoftmaxCrossEntropy(class_weights=[1.0, 1.0]).forward(np.zeros((1, 3)), np.array([0]))
    with pytest.raises(ValueError, match="expected some class of the batch to have a weight above 0, received none"):
        nn.SoftmaxCrossEntropy(class_weights=[0.0, 1.0]).forward(np.zeros((2, 2)), np.array([0, 0]))
    with pytest.raises(RuntimeError, match="expected a forward pass"):
        nn.SoftmaxCrossEntropy().backward()
