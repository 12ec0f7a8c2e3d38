"""Optimizers against their formulas in plain Python, and the flat vector they share."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from glassnet import nn, optim

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


def _adam() -> list[float]:
    w, m, v, path = 0.7, 0.0, 0.0, []
    for step in range(STEPS):
        g = _gradient(w, step)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w -= 0.05 * (m / (1 - 0.9 ** (step + 1))) / (math.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8)
        path.append(w)
    return path


CASES: dict[str, tuple[Callable[[nn.Parameter], optim.Optimizer], Callable[[], list[float]]]] = {
    "sgd": (lambda p: optim.SGD([p], 0.05), lambda: _sgd(0.0, nesterov=False)),
    "momentum": (lambda p: optim.SGD([p], 0.05, momentum=0.9), lambda: _sgd(0.9, nesterov=False)),
    "nesterov": (lambda p: optim.SGD([p], 0.05, momentum=0.9, nesterov=True), lambda: _sgd(0.9, nesterov=True)),
    "adam": (lambda p: optim.Adam([p], 0.05), _adam),
}


@pytest.mark.parametrize("name", CASES)
def test_the_trajectory_is_the_formulas(name: str) -> None:
    """60 steps on a moving target, to the last digits of a float64."""
    make, reference = CASES[name]
    parameter = _parameter()
    np.testing.assert_allclose(_trajectory(make(parameter), parameter), reference(), rtol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_large_vectors_are_updated_whole(name: str) -> None:
    """Treated in blocks, the last element of 40,000 moves like the only element of one; float32 stays float32."""
    make, _ = CASES[name]
    small, large = _parameter(1, np.float32), _parameter(40_000, np.float32)
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


@pytest.mark.parametrize("name", CASES)
def test_a_restored_optimizer_goes_on_as_if_never_stopped(name: str) -> None:
    """The state dict, with the weights, is all that the next steps depend on."""
    make, _ = CASES[name]
    first, second = _parameter(), _parameter()
    optimizer = make(first)
    _trajectory(optimizer, first)
    resumed = make(second)
    second.data = first.data.copy()
    resumed.load_state_dict(optimizer.state_dict())
    assert _trajectory(resumed, second) == _trajectory(optimizer, first)


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
    optim.SGD(model.parameters()[:2], 0.1)
    with pytest.raises(RuntimeError, match="another optimizer"):
        first.step()


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


def test_the_norm_of_huge_and_broken_gradients() -> None:
    """Squares beyond float32 do not overflow; NaN and infinity show."""
    parameter = _parameter(4, np.float32)
    for value, norm in ((1e30, 2e30), (1e-30, 2e-30), (math.inf, math.inf)):
        parameter.grad = np.full((1, 4), value, dtype=np.float32)
        assert optim.gradient_norm([parameter]) == pytest.approx(norm, rel=1e-6)
    parameter.grad = np.array([[1, np.nan, 1, 1]], dtype=np.float32)
    assert math.isnan(optim.gradient_norm([parameter]))


def test_schedules_by_hand() -> None:
    """Cosine from 1 over 4 steps to 0.2: 0.2 + 0.8·½(1 + cos(π/4·t)); warm-up of 3 steps by quarters."""
    cosine = optim.cosine(1.0, 4, final_fraction=0.2)
    assert [cosine(t) for t in (0, 2, 4, 9)] == pytest.approx([1.0, 0.6, 0.2, 0.2], rel=1e-15)
    warm = optim.with_warmup(cosine, 3)
    assert [warm(t) for t in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert warm(5) == cosine(2)
    assert optim.constant(0.3)(1000) == 0.3


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
        (lambda p: optim.clip_gradient_norm(p, 0.0), "max_norm"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[list[nn.Parameter]], object], name: str) -> None:
    """Each names the setting, what was expected and what came."""
    with pytest.raises(ValueError, match=f"expected.*{name}.*received"):
        make([_parameter()])
