"""Mean squared and mean absolute error, and the L2 penalty: by hand, at the extremes, and every wrong target."""

import math
from typing import Any

import numpy as np
import pytest

from glassnet import nn

Z = np.array([[1.0, 2.0], [3.0, -1.0]])
T = np.array([[0.0, 2.0], [5.0, 1.0]])


def test_by_hand() -> None:
    """Errors 1, 0, −2, −2: squares sum to 9, sizes to 5, over four elements."""
    squared, absolute = nn.MeanSquaredError(), nn.MeanAbsoluteError()
    assert squared.forward(Z, T) == 9 / 4
    assert squared.backward().tolist() == [[2 / 4, 0.0], [-4 / 4, -4 / 4]]
    assert absolute.forward(Z, T) == 5 / 4
    assert absolute.backward().tolist() == [[1 / 4, 0.0], [-1 / 4, -1 / 4]]
    for loss in (squared, absolute):
        assert loss.score_sum(Z, T) == 0.5 + 2.0  # the mean over each row's two errors, summed over the rows
        assert loss.total_weight == 2


@pytest.mark.parametrize("loss", [nn.MeanSquaredError(), nn.MeanAbsoluteError()])
def test_the_dtype_stays_and_huge_errors_do_not_overflow(loss: nn.Loss) -> None:
    """The square of any float32 is finite in float64, in which it is formed; a gradient beyond float32 is infinite."""
    huge = np.array([[3e38], [-3e38]], dtype=np.float32)
    assert math.isfinite(loss.forward(huge, -huge))
    assert loss.backward().dtype == np.float32
    assert not math.isnan(loss.forward(np.full((1, 1), 1e308), np.full((1, 1), -1e308)))
    assert loss.backward().dtype == np.float64


@pytest.mark.parametrize(
    "targets",
    [
        [[0.0, 0.0], [0.0, 0.0]],
        np.zeros(2),
        np.zeros((2, 1)),
        np.zeros((1, 2)),
        np.zeros((2, 2), dtype=np.int64),
        np.array([["a", "b"], ["c", "d"]]),
        np.zeros((2, 2), dtype=object),
        np.array([[np.nan, 0.0], [0.0, 0.0]]),
        np.array([[np.inf, 0.0], [0.0, 0.0]]),
    ],
)
@pytest.mark.parametrize("loss", [nn.MeanSquaredError(), nn.MeanAbsoluteError()])
def test_wrong_targets_are_refused(loss: nn.Loss, targets: Any) -> None:
    """Nothing is broadcast: (N,) against (N, 1) would otherwise compare every output with every target."""
    with pytest.raises((TypeError, ValueError), match=rf"{type(loss).__name__}.*expected.*\(2, 2\).*received"):
        loss.forward(Z, targets)


def test_backward_belongs_to_one_forward() -> None:
    """Before it or twice after it: an error."""
    losses: list[nn.Loss] = [nn.MeanSquaredError(), nn.MeanAbsoluteError()]
    for loss in losses:
        with pytest.raises(RuntimeError, match=f"{type(loss).__name__}.*expected a forward pass"):
            loss.backward()
        loss.forward(Z, T)
        loss.backward()
        with pytest.raises(RuntimeError, match="received none since the last backward"):
            loss.backward()


def test_the_penalty_is_on_weights_alone() -> None:
    """½·0.1·(1 + 4 + 9 + 16) = 1.5, its gradient 0.1·W; biases, scales and shifts of normalization are free."""
    norms = nn.BatchNorm(2, dtype=np.float64), nn.LayerNorm(2, dtype=np.float64)
    model = nn.Sequential(nn.Dense(2, 2, init="zeros", dtype=np.float64), *norms)
    weights, *others = model.parameters()
    weights.data = np.array([[1.0, 2.0], [3.0, 4.0]])
    for parameter in others:
        parameter.data = parameter.data + 7
    penalty = nn.L2Penalty(0.1)
    assert penalty.forward(model.parameters()) == pytest.approx(1.5, rel=1e-15)
    model.zero_grad()
    for times in (1, 2):  # it is added to what is there
        penalty.backward(model.parameters())
        np.testing.assert_allclose(weights.grad, times * 0.1 * weights.data, rtol=1e-15)
    assert not any(parameter.grad.any() for parameter in others)


def test_the_penalty_and_its_gradient_agree() -> None:
    """Central differences of ½λΣW² in each weight."""
    weights = nn.Parameter(np.random.default_rng(0).standard_normal((3, 2)), "W")
    penalty = nn.L2Penalty(0.3)
    weights.zero_grad()
    penalty.backward([weights])
    for index in np.ndindex(3, 2):
        values = []
        for step in (1e-5, -1e-5):
            moved = weights.data.copy()
            moved[index] += step
            values.append(penalty.forward([nn.Parameter(moved, "W")]))
        assert (values[0] - values[1]) / 2e-5 == pytest.approx(weights.grad[index], rel=1e-8)
