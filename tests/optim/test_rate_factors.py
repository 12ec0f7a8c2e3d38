"""Parameter groups: the learning rate of a parameter is multiplied by its factor, whatever the optimizer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from glassnet import compiled, data, nn, optim, training

OPTIMIZERS: dict[str, Callable[[list[nn.Parameter], float], optim.Optimizer]] = {
    "SGD": lambda p, rate: optim.SGD(p, rate),
    "Nesterov": lambda p, rate: optim.SGD(p, rate, momentum=0.9, nesterov=True),
    "RMSProp": lambda p, rate: optim.RMSProp(p, rate),
    "Adam": lambda p, rate: optim.Adam(p, rate, betas=(0.9, 0.95)),
    "AdamW": lambda p, rate: optim.AdamW(p, rate, weight_decay=0.1),
}
FACTORS = (1.0, 6.0, 0.1, 1.0)


def _parameters(factors: tuple[float, ...]) -> list[nn.Parameter]:
    rng = np.random.default_rng(0)
    parameters = [nn.Parameter(rng.standard_normal((2, size)).astype(np.float32), "W") for size in (3, 1, 4, 2)]
    for parameter, factor in zip(parameters, factors, strict=True):
        parameter.rate_factor = factor
    return parameters


def _train(parameters: list[nn.Parameter], optimizer: optim.Optimizer, steps: int = 5) -> None:
    for step in range(steps):
        for number, parameter in enumerate(parameters):
            parameter.grad = np.random.default_rng([step, number]).standard_normal(parameter.shape).astype(np.float32)
        optimizer.step()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_factor_is_a_learning_rate_of_its_own(name: str) -> None:
    """The same bytes as an optimizer for each parameter, with the rate times the factor."""
    together = _parameters(FACTORS)
    optimizer = OPTIMIZERS[name](together, 0.05)
    _train(together, optimizer)
    assert optimizer.learning_rate == 0.05
    apart = _parameters((1.0,) * 4)
    optimizers = [OPTIMIZERS[name]([each], 0.05 * factor) for each, factor in zip(apart, FACTORS, strict=True)]
    for step in range(5):
        for number, (each, own) in enumerate(zip(apart, optimizers, strict=True)):
            each.grad = np.random.default_rng([step, number]).standard_normal(each.shape).astype(np.float32)
            own.step()
    for one, other in zip(together, apart, strict=True):
        assert one.data.tobytes() == other.data.tobytes()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_twins_give_the_same_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled or not."""
    pytest.importorskip("numba", reason="the twins are compiled by numba, the extra `fast`")
    results = []
    for compile_it in (False, True):
        monkeypatch.setattr(compiled, "LEAST", 0 if compile_it else 10**9)
        monkeypatch.setattr(compiled, "ENOUGH", 0)
        parameters = _parameters(FACTORS)
        _train(parameters, OPTIMIZERS[name](parameters, 0.05))
        results.append([parameter.data.tobytes() for parameter in parameters])
    assert results[0] == results[1]


def test_a_state_is_restored() -> None:
    """Slots lie group by group, in the state too: a saved optimizer goes on as it would have."""
    through, saved, loaded = (_parameters(FACTORS) for _ in range(3))
    whole = optim.Adam(through, 0.05)
    _train(through, whole, 5)
    first = optim.Adam(saved, 0.05)
    _train(saved, first, 5)
    second = optim.Adam(loaded, 0.05)
    second.load_state_dict(first.state_dict())
    for one, other in zip(loaded, saved, strict=True):
        one.data = other.data
    _train(through, whole, 3)
    _train(loaded, second, 3)
    assert [each.data.tobytes() for each in through] == [each.data.tobytes() for each in loaded]


def test_parameters_of_one_factor_lie_side_by_side() -> None:
    """One call for each factor; and as they were given, where all have the same."""
    flat = optim.FlatVector(_parameters(FACTORS))
    assert list(flat.groups(0, flat.data.size)) == [(slice(0, 8), 0.1), (slice(8, 18), 1.0), (slice(18, 20), 6.0)]
    assert list(flat.groups(10, 12)) == [(slice(10, 12), 1.0)]
    same = optim.FlatVector(_parameters((1.0,) * 4))
    assert same.offsets == [slice(0, 6), slice(6, 8), slice(8, 16), slice(16, 20)]


def test_a_factor_that_changes_later_is_seen_by_the_next_optimizer() -> None:
    """The vectors are laid out anew for it."""
    parameters = _parameters((1.0,) * 4)
    optim.SGD(parameters, 0.1)
    parameters[0].rate_factor = 3.0
    before, optimizer = parameters[0].data.copy(), optim.SGD(parameters, 0.1)
    parameters[0].grad = np.ones_like(before)
    optimizer.step()
    np.testing.assert_allclose(parameters[0].data, before - 0.3, rtol=1e-6)


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, "x"])
def test_a_factor_is_a_number_above_0(factor: Any) -> None:
    """The error names the parameter."""
    with pytest.raises(ValueError, match="Parameter W: expected a finite number 0 < rate_factor, received"):
        optim.SGD(_parameters((1.0, 1.0, factor, 1.0)), 0.1)


def test_a_plan_sets_them_by_name_and_processes_share_them() -> None:
    """Biases and scales; with two processes the weights are those of one, but for rounding."""
    rng = np.random.default_rng(0)
    rows = data.ArrayDataset(rng.standard_normal((64, 3)).astype(np.float32), rng.integers(0, 2, 64))
    states = []
    for processes in (1, 2):
        plan = training.TrainingPlan(
            training.Architecture((3, 8, 2), "selu", init="ntk", input_scale=True),
            nn.SoftmaxCrossEntropy,
            rate_factors={"b": 0.1, "s": 6.0},
            epochs=3,
            batch_size=16,
            processes=processes,
        )
        model = training.train_network(plan, rows, rows, []).model
        assert [parameter.rate_factor for parameter in model.parameters()] == [6.0, 1.0, 0.1, 1.0, 0.1]
        states.append(model.state_dict())
    for name, values in states[0].items():
        np.testing.assert_allclose(values, states[1][name], rtol=1e-4, atol=1e-5)


def test_an_error_in_an_update_leaves_the_learning_rate() -> None:
    """Or a caller that goes on would train with that of a group."""

    class Failing(optim.SGD):
        def update(self, W: Any, dW: Any, *vectors: Any) -> None:
            raise RuntimeError("no update")

    optimizer = Failing(_parameters(FACTORS), 0.05)
    with pytest.raises(RuntimeError, match="no update"):
        optimizer.step()
    assert optimizer.learning_rate == 0.05
