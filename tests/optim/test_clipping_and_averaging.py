"""Bounds on the gradient, and the moving average of the weights."""

import math
from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim


def test_clipping_returns_the_norm_before_it() -> None:
    """3-4-5: cut to length 1 it is (0.6, 0.8); what is short enough stays as it is."""
    parameters = [nn.Parameter(np.zeros((1, 1)), name) for name in "ab"]
    for parameter, value in zip(parameters, (3.0, 4.0), strict=True):
        parameter.grad = np.array([[value]])
    assert optim.clip_gradient_norm(parameters, 10.0) == 5.0
    assert [p.grad.item() for p in parameters] == [3.0, 4.0]
    assert optim.clip_gradient_norm(parameters, 1.0) == 5.0
    np.testing.assert_allclose([p.grad.item() for p in parameters], [0.6, 0.8], rtol=1e-11)
    optim.SGD(parameters, 0.1)  # laid out flat, the norm is the same
    assert optim.gradient_norm(parameters) == pytest.approx(1.0, rel=1e-11)


def test_clipping_by_value_cuts_each_entry() -> None:
    """3 and −4 cut to ±3.5: the first stays; the norm returned is 5, that of before."""
    parameter = nn.Parameter(np.zeros((1, 2)), "W")
    parameter.grad = np.array([[3.0, -4.0]])
    assert optim.clip_gradient_value([parameter], 3.5) == 5.0
    assert parameter.grad.tolist() == [[3.0, -3.5]]


@pytest.mark.parametrize(
    "act",
    [
        optim.gradient_norm,
        lambda given: optim.clip_gradient_norm(given, 1.0),
        lambda given: optim.clip_gradient_value(given, 1.0),
        optim.ExponentialMovingAverage,
    ],
)
def test_what_are_no_parameters_is_refused(act: Any) -> None:
    """The model itself, or its arrays: one line that says what to give, and to whom."""
    model = nn.mlp([3, 2], init="zeros")
    optim.SGD(model.parameters(), 0.1)
    arrays = [parameter.data for parameter in model.parameters()]
    for given, kind in ((model, "Sequential"), (arrays, "ndarray"), (arrays[0], "ndarray"), ([model], "Sequential")):
        with pytest.raises(TypeError, match=rf"^\w+: expected parameters, as model.parameters\(\) .*received {kind}$"):
            act(given)


def test_the_norm_of_huge_and_broken_gradients() -> None:
    """Squares beyond float32 do not overflow; NaN and infinity show."""
    parameter = nn.Parameter(np.zeros((1, 4), dtype=np.float32), "W")
    for value, norm in ((1e30, 2e30), (1e-30, 2e-30), (math.inf, math.inf)):
        parameter.grad = np.full((1, 4), value, dtype=np.float32)
        assert optim.gradient_norm([parameter]) == pytest.approx(norm, rel=1e-6)
    parameter.grad = np.array([[1, np.nan, 1, 1]], dtype=np.float32)
    assert math.isnan(optim.gradient_norm([parameter]))


def test_the_moving_average_by_hand() -> None:
    """From 0, towards 1 and then 2, keeping ¾: ¼·1 = 0.25; ¾·0.25 + ¼·2 = 0.6875."""
    parameter = nn.Parameter(np.zeros((1, 1)), "W")
    average = optim.ExponentialMovingAverage([parameter], decay=0.75)
    for value, expected in ((1.0, 0.25), (2.0, 0.6875)):
        parameter.data = np.array([[value]])
        average.update()
        assert average.averages[0].item() == expected
    with average.in_place():
        assert parameter.data.item() == 0.6875
        for wrong in (average.update, average.state_dict, lambda: average.in_place().__enter__()):
            with pytest.raises(RuntimeError, match="found the average"):
                wrong()
    assert parameter.data.item() == 2.0
    with pytest.raises(ZeroDivisionError), average.in_place():
        _ = 1 / 0
    assert parameter.data.item() == 2.0
    state = average.state_dict()
    average.update()
    assert state["0"].item() == 0.6875
    twin = optim.ExponentialMovingAverage([nn.Parameter(np.zeros((1, 1)), "W")])
    twin.load_state_dict(state)
    assert twin.averages[0].item() == 0.6875
    with pytest.raises(ValueError, match=r"expected averages float64 array of shape \(1, 1\), received another state"):
        twin.load_state_dict({"0": np.zeros(3)})
    two = optim.ExponentialMovingAverage([nn.Parameter(np.ones((1, 1)), name) for name in "ab"])
    with pytest.raises(ValueError, match="received another state"):
        two.load_state_dict({"0": np.zeros((1, 1)), "1": np.zeros((1, 2))})
    assert [float(array.item()) for array in two.averages] == [1.0, 1.0]


def test_the_average_of_weights_that_stay_stays() -> None:
    """In float32 too, where 0.9999·W and 0.0001·W rounded apart would draw it up to 1.6e−4 of it towards zero."""
    weights = np.random.default_rng(0).standard_normal((1, 500)).astype(np.float32)
    parameter = nn.Parameter(weights.copy(), "W")
    average = optim.ExponentialMovingAverage([parameter], decay=0.9999)
    for _ in range(20_000):
        average.update()
    assert average.averages[0].tobytes() == weights.tobytes()


def test_the_average_of_weights_that_jump_is_not_biased() -> None:
    """Beside the same sums in float64: the mean of 500 weights differs by 1e−6 at most."""
    rng = np.random.default_rng(0)
    parameter = nn.Parameter(np.ones((1, 500), dtype=np.float32), "W")
    average, exact = optim.ExponentialMovingAverage([parameter], decay=0.999), np.ones((1, 500))
    for _ in range(5_000):
        parameter.data = (1 + 0.1 * rng.standard_normal((1, 500))).astype(np.float32)
        average.update()
        exact += 0.001 * (parameter.data - exact)
    assert float(np.mean(average.averages[0] - exact)) == pytest.approx(0, abs=1e-6)


def test_the_average_follows_parameters_wherever_they_lie() -> None:
    """An optimizer made later, of other parameters in another order, moves them into its own vector."""
    model = nn.mlp([3, 4, 2], rng=np.random.default_rng(0))
    average = optim.ExponentialMovingAverage(model.parameters(), decay=0.0)
    optim.SGD(model.parameters()[::-1], 0.1)
    model.parameters()[0].data += 1
    average.update()
    assert average.averages[0].tobytes() == model.parameters()[0].data.tobytes()
