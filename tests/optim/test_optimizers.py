"""Optimizers against their formulas in plain Python, and the flat vector they share."""

import copy
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.optim import denormals
from glassnet.optim.optimizer import BLOCK

STEPS = 60


def _gradient(w: float, step: int) -> float:
    return 3 * w + math.sin(step)


def _parameter(size: int = 1, dtype: type = np.float64) -> nn.Parameter:
    return nn.Parameter(np.full((1, size), 0.7, dtype=dtype), "W")


def _trajectory(optimizer: optim.Optimizer, parameter: nn.Parameter) -> list[float]:
    path = []
    for step in range(STEPS):
        optimizer.zero_grad()
        parameter.accumulate(np.array([[_gradient(w, step) for w in parameter.data[0].tolist()]], parameter.dtype))
        optimizer.step()
        path.append(float(parameter.data[0, -1]))
    return path


def _sgd(momentum: float, nesterov: bool) -> list[float]:
    w, v, path = 0.7, 0.0, []
    for step in range(STEPS):
        g = _gradient(w, step)
        v = momentum * v + (1 - momentum) * g
        w -= 0.05 * (momentum * v + (1 - momentum) * g if nesterov else v)
        path.append(w)
    return path


def _rmsprop() -> list[float]:
    w, s, path = 0.7, 0.0, []
    for step in range(STEPS):
        g = _gradient(w, step)
        s = 0.9 * s + 0.1 * g * g
        w -= 0.05 * g / (math.sqrt(s) + 1e-8)
        path.append(w)
    return path


def _adam(weight_decay: float = 0.0, l1_decay: float = 0.0) -> list[float]:
    w, m, v, path = 0.7, 0.0, 0.0, []
    for step in range(STEPS):
        g = _gradient(w, step)
        w -= 0.05 * weight_decay * w
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w -= 0.05 * (m / (1 - 0.9 ** (step + 1))) / (math.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8)
        w = math.copysign(max(abs(w) - 0.05 * l1_decay, 0), w)
        path.append(w)
    return path


CASES: dict[str, tuple[Callable[[nn.Parameter], optim.Optimizer], Callable[[], list[float]]]] = {
    "sgd": (lambda p: optim.SGD([p], 0.05), lambda: _sgd(0.0, nesterov=False)),
    "momentum": (lambda p: optim.SGD([p], 0.05, momentum=0.9), lambda: _sgd(0.9, nesterov=False)),
    "nesterov": (lambda p: optim.SGD([p], 0.05, momentum=0.9, nesterov=True), lambda: _sgd(0.9, nesterov=True)),
    "rmsprop": (lambda p: optim.RMSProp([p], 0.05), _rmsprop),
    "adam": (lambda p: optim.Adam([p], 0.05), _adam),
    "adamw": (lambda p: optim.AdamW([p], 0.05, weight_decay=0.3), lambda: _adam(0.3)),
    "adamw l1": (lambda p: optim.AdamW([p], 0.05, weight_decay=0.3, l1_decay=0.4), lambda: _adam(0.3, 0.4)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_trajectory_is_the_formulas(name: str) -> None:
    """60 steps on a moving target, to the last digits of a float64."""
    make, reference = CASES[name]
    parameter = _parameter()
    np.testing.assert_allclose(_trajectory(make(parameter), parameter), reference(), rtol=1e-11)


def _first_steps(make: Callable[[nn.Parameter], optim.Optimizer], gradients: list[float]) -> list[float]:
    parameter = nn.Parameter(np.array([[1.0]]), "W")
    optimizer, path = make(parameter), []
    for gradient in gradients:
        parameter.grad = np.array([[gradient]], dtype=np.float64)
        optimizer.step()
        path.append(parameter.data.item())
    return path


def test_first_steps_by_hand() -> None:
    """From w = 1, with the gradients 2 and then 1, at a learning rate of 0.1."""
    # w = 1 − 0.1·2 = 0.8; 0.8 − 0.1·1 = 0.7
    assert _first_steps(lambda p: optim.SGD([p], 0.1), [2, 1]) == pytest.approx([0.8, 0.7], rel=1e-14)
    # v = ½·0 + ½·2 = 1, w = 1 − 0.1 = 0.9; v = ½·1 + ½·1 = 1, w = 0.8
    assert _first_steps(lambda p: optim.SGD([p], 0.1, momentum=0.5), [2, 1]) == pytest.approx([0.9, 0.8], rel=1e-14)
    # the look ahead: ½·1 + ½·2 = 1.5, w = 0.85; ½·1 + ½·1 = 1, w = 0.75
    nesterov = _first_steps(lambda p: optim.SGD([p], 0.1, momentum=0.5, nesterov=True), [2, 1])
    assert nesterov == pytest.approx([0.85, 0.75], rel=1e-14)
    # s = 0.75·4 = 3, w = 1 − 0.2/√3; s = ¼·3 + ¾·1 = 1.5, w −= 0.1/√1.5
    first = 1 - 0.2 / math.sqrt(3)
    rmsprop = _first_steps(lambda p: optim.RMSProp([p], 0.1, beta=0.25, eps=1e-15), [2, 1])
    assert rmsprop == pytest.approx([first, first - 0.1 / math.sqrt(1.5)], rel=1e-12)
    # m̂ = 2 and v̂ = 4 after the first gradient whatever the betas are, so w = 1 − 0.1·2/√4 = 0.9;
    # with β₁ = β₂ = ½: m = ½·1 + ½·1 = 1, m̂ = 1/(1 − ¼) = 4/3; v = ½·2 + ½·1 = 1.5, v̂ = 2; w −= 0.1·(4/3)/√2
    second = 0.9 - 0.1 * (4 / 3) / math.sqrt(2)
    adam = _first_steps(lambda p: optim.Adam([p], 0.1, betas=(0.5, 0.5), eps=1e-15), [2, 1])
    assert adam == pytest.approx([0.9, second], rel=1e-12)
    # decay first: 1 − 0.1·0.5·1 = 0.95, and then Adam's 0.1
    assert _first_steps(lambda p: optim.AdamW([p], 0.1, weight_decay=0.5), [2]) == pytest.approx([0.85], rel=1e-8)


def test_how_far_a_step_of_adam_goes() -> None:
    """At β₁ = 0.9 and β₂ = 0.99, in multiples of the learning rate: 1, 1 and √5.5, as the docstring of Adam has it.

    (1 − β₁)/√(1 − β₂) = 0.1/0.1, and 1/√(1 − β₁²/β₂) = 1/√(1 − 0.81/0.99) = √(0.99/0.18) times that is √5.5.
    """
    growing = [1.1**step for step in range(1_500)]  # by β₂/β₁
    for gradients, expected in (([3.0] * 50, 1.0), ([0.0] * 1_500 + [1.0], 1.0), (growing, math.sqrt(5.5))):
        path = _first_steps(lambda p: optim.Adam([p], 1.0, betas=(0.9, 0.99)), gradients)
        assert path[-2] - path[-1] == pytest.approx(expected, rel=1e-5)


def test_l1_decay_brings_weights_to_zero_and_leaves_them_there() -> None:
    """With no gradient a weight comes nearer to 0 by 0.1·0.4 a step and stops there; a bias stays where it is."""
    weight = nn.Parameter(np.array([[1.0, -0.1, 0.03, 0.0]]), "W")
    bias = nn.Parameter(np.ones((1, 2)), "b", weight_decay=False)
    optimizer = optim.AdamW([weight, bias], 0.1, weight_decay=0.0, l1_decay=0.4)
    for _ in range(3):
        optimizer.zero_grad()
        optimizer.step()
    np.testing.assert_allclose(weight.data, [[0.88, 0, 0, 0]], rtol=1e-14)
    assert (bias.data == 1).all()


def test_l1_decay_takes_the_point_of_the_least_penalty_and_distance() -> None:
    """`argmin_w ηλ₁|w| + ½(w − u)²`, found among 400,001 points, is where the step ends."""
    grid = np.linspace(-2, 2, 400_001)
    for u in (-1.5, -0.2, -0.05, 0.0, 0.11, 0.7):
        parameter = nn.Parameter(np.array([[u]]), "W")
        optimizer = optim.AdamW([parameter], 0.5, weight_decay=0.0, l1_decay=0.2)
        optimizer.zero_grad()
        optimizer.step()
        least = grid[np.argmin(0.1 * np.abs(grid) + (grid - u) ** 2 / 2)]
        assert parameter.data.item() == pytest.approx(least, abs=1e-5)


def test_weight_decay_is_on_weights_alone() -> None:
    """With no gradient, a weight shrinks by 1 − 0.1·0.5 a step; a bias stays where it is."""
    weight, bias = nn.Parameter(np.ones((2, 2)), "W"), nn.Parameter(np.ones((1, 2)), "b", weight_decay=False)
    optimizer = optim.AdamW([weight, bias], 0.1, weight_decay=0.5)
    for _ in range(2):
        optimizer.zero_grad()
        optimizer.step()
    np.testing.assert_allclose(weight.data, 0.95**2, rtol=1e-14)
    assert (bias.data == 1).all()


def test_adam_counts_updates_not_backward_passes() -> None:
    """Two backward passes before each update, or one of twice the gradient: the same bytes, and two steps."""
    once, twice = _parameter(3), _parameter(3)
    optimizers = optim.Adam([once]), optim.Adam([twice])
    for _ in range(2):
        for optimizer, parameter, passes in zip(optimizers, (once, twice), (1, 2), strict=True):
            optimizer.zero_grad()
            for _ in range(passes):
                parameter.accumulate(np.full((1, 3), 2.0 / passes))
            optimizer.step()
    assert [optimizer.steps for optimizer in optimizers] == [2, 2]
    assert once.data.tobytes() == twice.data.tobytes()


@pytest.mark.parametrize("name", CASES)
def test_large_vectors_are_updated_whole(name: str) -> None:
    """Treated in blocks, the last element of three of them moves like the only one of one; float32 stays float32."""
    make, _ = CASES[name]
    small, large = _parameter(1, np.float32), _parameter(2 * BLOCK + 1_000, np.float32)
    large.data[0, :-1] = 0
    optimizers = make(small), make(large)
    for step in range(5):
        for parameter, optimizer in zip((small, large), optimizers, strict=True):
            optimizer.zero_grad()
            parameter.accumulate(parameter.data * 3 + np.float32(step))
            optimizer.step()
    assert large.data.dtype == np.float32
    assert large.data[0, -1] == small.data[0, 0]
    assert (large.data[0, :-1] == large.data[0, 0]).all()


OF_SEVERAL: list[Callable[[list[nn.Parameter]], optim.Optimizer]] = [
    lambda p: optim.SGD(p, 0.05, momentum=0.9, nesterov=True),
    lambda p: optim.RMSProp(p, 0.05),
    lambda p: optim.AdamW(p, 0.05, weight_decay=0.3),
    lambda p: optim.AdamW(p, 0.05, weight_decay=0.3, l1_decay=0.5),
]


@pytest.mark.parametrize("make", OF_SEVERAL)
def test_an_update_in_parts_is_the_whole_update(make: Callable[[list[nn.Parameter]], optim.Optimizer]) -> None:
    """Wherever the vector is cut, within a weight, within a bias or between them: the same bytes."""
    results = []
    for cuts in ([], [3], [6], [7, 11], [1, 9, 10]):
        rng = np.random.default_rng(0)
        sizes = ((3, 2, True), (1, 3, False), (2, 2, True))
        parameters = [nn.Parameter(rng.standard_normal((n, m)), "W", weight_decay=decays) for n, m, decays in sizes]
        optimizer = make(parameters)
        for _ in range(3):
            gradient = optimizer.flat.grad
            gradient[...] = rng.standard_normal(13)
            optimizer.steps += 1
            for start, stop in pairwise([0, *cuts, 13]):
                optimizer.update_part(start, stop, gradient)
        results.append(optimizer.flat.data.tobytes())
    assert len(set(results)) == 1


@pytest.mark.parametrize("name", CASES)
def test_a_restored_optimizer_goes_on_as_if_never_stopped(name: str) -> None:
    """The state dict, with the weights, is all that the next steps depend on, and no further step changes it."""
    make, _ = CASES[name]
    first, second = _parameter(), _parameter()
    optimizer = make(first)
    _trajectory(optimizer, first)
    resumed = make(second)
    second.data = first.data.copy()
    state = optimizer.state_dict()
    further = _trajectory(optimizer, first)
    resumed.load_state_dict(state)
    assert _trajectory(resumed, second) == further


def test_a_foreign_state_is_refused() -> None:
    """Missing, extra and misshapen entries are listed at once."""
    optimizer = optim.Adam([_parameter()])
    state = optimizer.state_dict()
    del state["first_moment"]
    state["velocity"] = state["second_moment"]
    state["second_moment"] = np.zeros(7)
    with pytest.raises(
        ValueError, match=r"missing first_moment; unexpected velocity; second_moment: expected .* \(7,\)"
    ):
        optimizer.load_state_dict(state)
    for steps in (-1.0, 2.5, math.nan):
        with pytest.raises(ValueError, match=rf"steps: expected a whole number of 0 or more, received {steps}"):
            optimizer.load_state_dict({**optimizer.state_dict(), "steps": np.array([steps])})
    wrong: Any = [1.0]
    with pytest.raises(TypeError, match="Adam: expected a state as arrays by name, received list"):
        optimizer.load_state_dict(wrong)
    assert optimizer.steps == 0


def test_parameters_are_views_of_one_vector() -> None:
    """Two optimizers over the same parameters share it; one that takes some of them away makes the other fail."""
    model = nn.mlp([3, 4, 2], rng=np.random.default_rng(0))
    before = model.state_dict()
    first = optim.SGD(model.parameters(), 0.1)
    assert first.flat.data.size == 3 * 4 + 4 + 4 * 2 + 2
    assert all(np.shares_memory(p.data, first.flat.data) for p in model.parameters())
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    second = optim.Adam(model.parameters())
    assert second.flat is first.flat
    with pytest.raises(RuntimeError, match="or this one was copied"):
        copy.deepcopy(first).step()
    optim.SGD(model.parameters()[:2], 0.1)
    with pytest.raises(RuntimeError, match="another optimizer"):
        first.step()
    whole = optim.SGD(model.parameters(), 0.1)
    optim.SGD(model.parameters()[2:], 0.1)
    again = optim.SGD(model.parameters(), 0.1)  # not the vector of `whole`, which has lost the last two
    again.step()
    assert again.flat is not whole.flat
    assert all(np.shares_memory(p.data, again.flat.data) for p in model.parameters())


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda p: optim.SGD(p, 0.0), "learning_rate"),
        (lambda p: optim.SGD(p, float("nan")), "learning_rate"),
        (lambda p: optim.SGD(p, 0.1, momentum=1.0), "momentum"),
        (lambda p: optim.SGD(p, 0.1, nesterov=True), "momentum"),
        (lambda p: optim.Adam(p, 0.1, betas=(0.9, 1.0)), "beta2"),
        (lambda p: optim.Adam(p, 0.1, eps=0.0), "eps"),
        (lambda p: optim.SGD([], 0.1), "parameter"),
        (lambda p: optim.SGD([*p, *p], 0.1), "parameter once"),
        (lambda p: optim.SGD([*p, _parameter(1, np.float32)], 0.1), "parameters of one dtype"),
        (lambda p: optim.Adam([_parameter(1, np.float32)], 0.1, eps=1e-50), "eps"),
        (lambda p: optim.Adam(p, 0.1, betas=(0.9,)), "betas"),  # type: ignore[arg-type]
        (lambda p: optim.AdamW(p, 0.1, weight_decay=-1.0), "weight_decay"),
        (lambda p: optim.AdamW(p, 0.1, l1_decay=-1.0), "l1_decay"),
        (lambda p: optim.RMSProp(p, 0.1, beta=1.0), "beta"),
        (lambda p: optim.SGD(p, "fast"), "learning_rate"),  # type: ignore[arg-type]
        (lambda p: optim.clip_gradient_norm(p, 0.0), "max_norm"),
        (lambda p: optim.clip_gradient_value(p, math.inf), "max_value"),
        (lambda p: optim.ExponentialMovingAverage(p, 1.0), "decay"),
        (lambda p: optim.cosine(0.1, 0), "steps"),
        (lambda p: optim.step_decay(0.1, 5, 0.0), "factor"),
        (lambda p: optim.exponential(-0.1, 5), "learning_rate"),
        (lambda p: optim.one_cycle(0.1, 5, rising_fraction=1.0), "rising_fraction"),
        (lambda p: optim.with_warmup(optim.constant(0.1), -1), "steps"),
        (lambda p: optim.ReduceOnPlateau(0.1, factor=1.0), "factor"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[list[nn.Parameter]], object], name: str) -> None:
    """Each names the setting, what was expected and what came."""
    with pytest.raises(ValueError, match=f"expected.*{name}.*received"):
        make([_parameter()])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_vectors_begin_at_a_cache_line(dtype: type[np.floating[Any]]) -> None:
    """Whatever their size, and after a state was loaded: misaligned, each step takes longer."""
    for width in (3, 100, 1000):
        model = nn.mlp([7, width, 3], rng=np.random.default_rng(0), dtype=dtype)
        optimizer = optim.Adam(model.parameters())
        optimizer.load_state_dict(optimizer.state_dict())
        for array in (optimizer.flat.data, optimizer.flat.grad, *optimizer.slots.values()):
            assert array.ctypes.data % 64 == 0
            assert array.size == optimizer.flat.data.size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [optim.Adam, lambda p, rate: optim.SGD(p, rate, momentum=0.9)])
def test_averages_of_gradients_do_not_stay_denormal(make: Any, dtype: Any) -> None:
    """After one gradient and then none the average would stay at the smallest number there is; other numbers stay."""
    weights = nn.Parameter(np.ones(4, dtype), "W")
    optimizer = make([weights], 1e-3)
    optimizer.flat.grad[:] = [1, 1, np.nan, 0]
    optimizer.step()
    optimizer.zero_grad()
    for _ in range(8000 if dtype is np.float64 else 1200):
        optimizer.step()
    average = next(iter(optimizer.slots.values()))
    assert average[:2].tolist() == [0, 0]
    assert np.isnan(average[2])
    smallest = denormals.smallest(np.dtype(dtype)) * np.array([1, -1], dtype)
    denormals.flush_slot(smallest)
    assert np.all(smallest != 0)
