"""Softmax and cross-entropy: by hand, at the extremes, against a scalar reference, and refusing what fits nothing."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet import nn

MESSAGE = r"(?s)expected.*received"


def reference(
    logits: list[list[float]], labels: list[int], smoothing: float, weights: list[float] | None
) -> tuple[float, list[list[float]]]:
    """Return the loss and its gradient, one number at a time."""
    classes = len(logits[0])
    w = weights or [1.0] * classes
    divisor = sum(w[label] for label in labels)
    loss, gradient = 0.0, []
    for row, label in zip(logits, labels, strict=True):
        total = sum(math.exp(z) for z in row)
        p = [math.exp(z) / total for z in row]
        t = [w[c] * ((1 - smoothing) * (c == label) + smoothing / classes) for c in range(classes)]
        loss -= sum(t[c] * math.log(p[c]) for c in range(classes)) / divisor
        gradient.append([(p[c] * sum(t) - t[c]) / divisor for c in range(classes)])
    return loss, gradient


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 0.0]])
def test_loss_and_gradient_agree_with_the_scalar_reference(smoothing: float, weights: list[float] | None) -> None:
    Z = np.random.default_rng(0).standard_normal((7, 3))
    labels = [0, 1, 2, 1, 0, 0, 2]
    loss = nn.SoftmaxCrossEntropy(smoothing, weights)
    expected_loss, expected_gradient = reference(Z.tolist(), labels, smoothing, weights)
    assert loss.forward(Z, np.array(labels)) == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(loss.backward(), expected_gradient, rtol=1e-11, atol=1e-15)


def test_worked_example() -> None:
    """At z = (0, ln 3) the probabilities are 1/4 and 3/4: the loss for class 0 is ln 4 and dz = (1/4 − 1, 3/4)."""
    loss = nn.SoftmaxCrossEntropy()
    assert loss.forward(np.array([[0.0, math.log(3)]]), np.array([0])) == pytest.approx(math.log(4), rel=1e-14)
    np.testing.assert_allclose(loss.backward(), [[-0.75, 0.75]], rtol=1e-14)


def test_the_gradient_is_prediction_minus_target_over_n() -> None:
    rng = np.random.default_rng(1)
    Z, Q = rng.standard_normal((5, 4)), rng.dirichlet(np.ones(4), 5)
    loss = nn.SoftmaxCrossEntropy()
    loss.forward(Z, Q)
    np.testing.assert_allclose(loss.backward(), (nn.softmax(Z) - Q) / 5, rtol=1e-12, atol=1e-16)


def test_labels_and_one_hot_rows_are_the_same_target() -> None:
    Z, labels = np.random.default_rng(2).standard_normal((5, 3)), np.array([0, 2, 1, 1, 0])
    by_label, by_row = nn.SoftmaxCrossEntropy(0.1), nn.SoftmaxCrossEntropy(0.1)
    value = by_label.forward(Z, labels)
    for one_hot in (np.eye(3)[labels], np.eye(3, dtype=np.int64)[labels], np.eye(3, dtype=bool)[labels]):
        assert by_row.forward(Z, one_hot) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(by_row.backward(), by_label.backward(), rtol=1e-13)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    n=st.integers(1, 6),
    classes=st.integers(1, 6),
    seed=st.integers(0, 1000),
    shift=st.floats(-1e4, 1e4),
    big=st.booleans(),
)
def test_rows_sum_to_one_and_a_shift_cancels(n: int, classes: int, seed: int, shift: float, big: bool) -> None:
    Z = np.random.default_rng(seed).standard_normal((n, classes)) * (100 if big else 1)
    np.testing.assert_allclose(nn.softmax(Z).sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(nn.softmax(Z + shift), nn.softmax(Z), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(np.exp(nn.log_softmax(Z)), nn.softmax(Z), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1000, 3e38])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_extreme_logits_stay_finite(dtype: npt.DTypeLike, size: float, smoothing: float) -> None:
    Z = np.array([[size, -size, 0], [-size, -size, size], [size, size, size]], dtype=dtype)
    loss = nn.SoftmaxCrossEntropy(smoothing)
    assert math.isfinite(loss.forward(Z, np.array([1, 2, 0])))
    assert np.isfinite(loss.backward()).all()
    assert np.isfinite(nn.log_softmax(Z)).all()
    np.testing.assert_allclose(nn.softmax(Z), [[1, 0, 0], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]], atol=1e-7)


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_uniform_prediction_costs_log_c(classes: int, smoothing: float) -> None:
    Z, labels = np.full((4, classes), 7.0), np.array([0, 1, 1, 0])
    assert nn.SoftmaxCrossEntropy(smoothing).forward(Z, labels) == pytest.approx(math.log(classes), rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [(0.0, None), (0.1, None), (0.0, [1.0, 2.0, 3.0]), (0.1, [1.0, 2.0, 3.0])])
def test_the_gradient_keeps_the_dtype_of_the_logits(dtype: npt.DTypeLike, options: Any) -> None:
    loss = nn.SoftmaxCrossEntropy(*options)
    for targets in (np.array([0, 2]), np.eye(3)[[0, 2]]):
        assert isinstance(loss.forward(np.zeros((2, 3), dtype), targets), float)
        assert loss.backward().dtype == dtype
    assert nn.softmax(np.zeros((2, 3), dtype)).dtype == dtype


def test_the_total_weight_makes_batches_add_up() -> None:
    rng = np.random.default_rng(3)
    Z, labels = rng.standard_normal((9, 3)), rng.integers(0, 3, 9)
    loss = nn.SoftmaxCrossEntropy(class_weights=[1.0, 2.0, 5.0])
    whole = loss.forward(Z, labels)
    weight = loss.total_weight
    parts = [(loss.forward(Z[i : i + 4], labels[i : i + 4]), loss.total_weight) for i in (0, 4, 8)]
    assert sum(w for _, w in parts) == pytest.approx(weight)
    assert sum(value * w for value, w in parts) / weight == pytest.approx(whole, rel=1e-12)


def test_the_inputs_are_left_alone() -> None:
    Z, Q = np.zeros((2, 3)), np.eye(3)[[0, 1]]
    loss = nn.SoftmaxCrossEntropy(0.1, [1.0, 2.0, 3.0])
    loss.forward(Z, Q)
    loss.backward()
    assert (Z == 0).all()
    np.testing.assert_array_equal(Q, np.eye(3)[[0, 1]])


@pytest.mark.parametrize(
    "targets",
    [
        [0, 1],
        np.array([0, 3]),
        np.array([-1, 0]),
        np.array([0.0, 1.0]),
        np.array([True, False]),
        np.array([[0], [1]]),
        np.array([0, 1, 2]),
        np.array([[0.5, 0.5, 0.5], [1.0, 0.0, 0.0]]),
        np.array([[1.5, -0.5, 0.0], [1.0, 0.0, 0.0]]),
        np.array([[np.nan, 0.5, 0.5], [1.0, 0.0, 0.0]]),
        np.array([["a", "b", "c"], ["a", "b", "c"]]),
        np.zeros((2, 2)),
    ],
    ids=[
        "list", "too high", "negative", "float labels", "bool labels", "column", "too many", "row sum", "negative entry",
        "nan", "text", "wrong width",
    ],
)  # fmt: skip
def test_targets_that_do_not_fit_are_refused(targets: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=MESSAGE):
        nn.SoftmaxCrossEntropy().forward(np.zeros((2, 3)), targets)


@pytest.mark.parametrize(
    "logits",
    [[[0.0, 1.0]], np.zeros((2, 3), np.int64), np.zeros(3), np.zeros((0, 3))],
    ids=["list", "int", "1-D", "empty"],
)
def test_logits_that_are_no_batch_are_refused(logits: Any) -> None:
    for function in (nn.softmax, nn.log_softmax, lambda Z: nn.SoftmaxCrossEntropy().forward(Z, np.array([0, 1]))):
        with pytest.raises((TypeError, ValueError), match=MESSAGE):
            function(logits)


@pytest.mark.parametrize("smoothing", [-0.1, 1, float("nan"), True])
def test_smoothing_must_lie_in_its_range(smoothing: float) -> None:
    with pytest.raises(ValueError, match=MESSAGE):
        nn.SoftmaxCrossEntropy(smoothing)


@pytest.mark.parametrize("weights", [[1.0, -1.0], [float("inf"), 1.0], [float("nan"), 1.0], [[1.0, 2.0]], 3.0])
def test_class_weights_must_be_a_row_of_finite_numbers(weights: Any) -> None:
    with pytest.raises(ValueError, match=MESSAGE):
        nn.SoftmaxCrossEntropy(class_weights=weights)


def test_class_weights_must_fit_the_classes_and_the_batch() -> None:
    with pytest.raises(ValueError, match="expected 3 class weights, received 2"):
        nn.SoftmaxCrossEntropy(class_weights=[1, 2]).forward(np.zeros((2, 3)), np.array([0, 1]))
    with pytest.raises(ValueError, match=MESSAGE):
        nn.SoftmaxCrossEntropy(class_weights=[0, 1, 1]).forward(np.zeros((2, 3)), np.array([0, 0]))


def test_backward_needs_a_forward_of_its_own() -> None:
    loss = nn.SoftmaxCrossEntropy()
    with pytest.raises(RuntimeError, match=MESSAGE):
        loss.backward()
    loss.forward(np.zeros((2, 3)), np.array([0, 1]))
    loss.backward()
    with pytest.raises(RuntimeError, match=MESSAGE):
        loss.backward()
