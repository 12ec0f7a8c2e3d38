"""Saved state, copies, names and modes of a model."""

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

from glassnet import nn, optim


def model(seed: int = 0) -> nn.Sequential:
    """A network with every kind of state: weights, biases, scales, running averages, and a generator."""
    return nn.mlp([3, 4, 2], normalization="batch", dropout=0.3, rng=np.random.default_rng(seed))


def batch(seed: int = 0, n: int = 6) -> nn.FloatArray:
    return np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)


def test_state_round_trip_bit_for_bit_with_buffers() -> None:
    original, other = model(0), model(1)
    original.forward(batch())  # moves the running averages
    state = original.state_dict()
    other.load_state_dict(state)
    assert set(state) == {
        "0.W", "0.b", "1.gamma", "1.beta", "1.running_mean", "1.running_var", "4.W", "4.b",
    }  # fmt: skip
    assert all(other.state_dict()[name].tobytes() == array.tobytes() for name, array in state.items())
    assert original.eval().forward(batch(1)).tobytes() == other.eval().forward(batch(1)).tobytes()


def test_state_dict_is_a_copy() -> None:
    original = model()
    state = original.state_dict()
    state["0.W"][:] = 0
    assert (original.state_dict()["0.W"] != 0).any()


def test_a_state_that_does_not_fit_lists_all_problems_and_changes_nothing() -> None:
    original = model()
    before = original.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    del state["0.W"], state["1.running_var"]
    state["extra"], state["more"] = np.ones(1), np.ones(1)
    state["4.W"] = np.ones((9, 9), np.float32)
    state["4.b"] = np.ones((1, 2), np.float64)
    with pytest.raises(ValueError, match="does not fit") as error:
        original.load_state_dict(state)
    for part in ("missing 0.W", "missing 1.running_var", "unexpected extra", "unexpected more"):
        assert part in str(error.value)
    assert "4.W: expected float32 array of shape (4, 2), received float32 array of shape (9, 9)" in str(error.value)
    assert "4.b: expected float32 array of shape (1, 2), received float64 array of shape (1, 2)" in str(error.value)
    for name, array in original.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"])
def test_a_copy_is_equal_and_independent(duplicate: Callable[[nn.Sequential], nn.Sequential]) -> None:
    original = model()
    optimizer = optim.SGD(original.parameters(), 0.1)
    original.forward(batch())  # a pending forward does not travel along
    twin = duplicate(original)
    with pytest.raises(RuntimeError, match="expected a forward pass"):
        twin.backward(np.ones((6, 2), np.float32))
    np.testing.assert_array_equal(twin.forward(batch(2)), original.forward(batch(2)))  # the same masks, too
    kept = twin.state_dict()
    original.backward(np.ones((6, 2), np.float32))
    optimizer.step()
    original.forward(batch(3))
    assert (original.state_dict()["4.b"] != kept["4.b"]).any()
    for name, array in twin.state_dict().items():
        np.testing.assert_array_equal(array, kept[name])
    assert all((parameter.grad == 0).all() for parameter in twin.parameters())


def test_modes_reach_every_module_inside() -> None:
    outer = nn.Sequential(model(), nn.ReLU())
    assert outer.eval() is outer
    assert not any(module.training for module in outer.modules())
    assert outer.train() is outer
    assert all(module.training for module in outer.modules())


def test_randomness_is_reported_only_where_a_mask_would_be_drawn() -> None:
    network = model()
    assert network.is_random
    assert not network.eval().is_random
    assert not nn.mlp([3, 4, 2], rng=np.random.default_rng(0)).is_random


def test_parameters_are_found_in_order_and_a_shared_one_once() -> None:
    shared = nn.Dense(3, 3, rng=np.random.default_rng(0))
    other = nn.Dense(3, 3, rng=np.random.default_rng(1))
    other.W = shared.W
    network = nn.Sequential(shared, nn.Tanh(), other)
    assert [name for name, _ in network.named_parameters()] == ["0.W", "0.b", "2.b"]
    assert len(network.parameters()) == 3


def test_a_shared_weight_receives_both_contributions() -> None:
    """With `Y = XW·W` for 1×1 weights, `dW = 2XW`: 2·3·5 = 30 at x = 3, w = 5."""
    first, second = (nn.Dense(1, 1, init="zeros", dtype=np.float64) for _ in range(2))
    second.W = first.W
    first.W.data = np.array([[5.0]])
    network = nn.Sequential(first, second)
    assert network(np.array([[3.0]])).item() == 75.0
    network.backward(np.array([[1.0]]))
    assert first.W.grad.item() == 30.0


def test_modules_as_attributes_are_found() -> None:
    class TwoLayers(nn.Module):
        def __init__(self) -> None:
            self.inner = nn.Dense(2, 3, init="zeros")
            self.norm = nn.BatchNorm(3)

    assert sorted(TwoLayers().state_dict()) == [
        "inner.W", "inner.b", "norm.beta", "norm.gamma", "norm.running_mean", "norm.running_var",
    ]  # fmt: skip
