"""A parameter: accumulation, the promised zeros, assignment in place, and copies that stand alone."""

import copy
import pickle

import numpy as np
import pytest

from glassnet import optim
from glassnet.nn import Parameter


def make() -> Parameter:
    return Parameter(np.array([[1.0, 2.0], [3.0, 4.0]]), "W")


def test_contributions_add_up_until_zero_grad() -> None:
    parameter = make()
    parameter.accumulate(np.full((2, 2), 2.0))
    parameter.accumulate(np.full((2, 2), 3.0))
    np.testing.assert_array_equal(parameter.grad, np.full((2, 2), 5.0))
    parameter.zero_grad()
    np.testing.assert_array_equal(parameter.grad, np.zeros((2, 2)))


def test_the_first_contribution_after_zero_grad_replaces_the_old_sum() -> None:
    parameter = make()
    parameter.accumulate(np.full((2, 2), 2.0))
    parameter.zero_grad()
    parameter.accumulate(np.full((2, 2), 7.0))
    np.testing.assert_array_equal(parameter.grad, np.full((2, 2), 7.0))


def test_a_product_accumulates_like_any_other_contribution() -> None:
    left, right = np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]])  # the product: [[3, 4], [6, 8]]
    parameter = make()
    parameter.accumulate(np.ones((2, 2)))
    parameter.zero_grad()
    parameter.accumulate_product(left, right)
    np.testing.assert_array_equal(parameter.grad, [[3, 4], [6, 8]])
    parameter.accumulate_product(left, right)
    np.testing.assert_array_equal(parameter.grad, [[6, 8], [12, 16]])


@pytest.mark.parametrize("gradient", [np.ones((2, 1)), np.ones((2, 2), np.float32)])
def test_a_gradient_of_another_shape_or_dtype_is_refused(gradient: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="expected .*received"):
        make().accumulate(gradient)


def test_assignment_copies_into_the_array_that_is_there() -> None:
    parameter = make()
    array, value = parameter.data, np.full((2, 2), 9.0)
    parameter.data = value
    value[0, 0] = 0
    assert parameter.data is array
    assert (array == 9).all()


def test_gradients_can_be_scaled_in_place() -> None:
    parameter = make()
    parameter.grad = np.full((2, 2), 4.0)
    parameter.grad *= 0.5
    np.testing.assert_array_equal(parameter.grad, np.full((2, 2), 2.0))


def test_assigning_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        make().data = np.ones(4)
    with pytest.raises(ValueError, match="expected .*received"):
        make().grad = np.ones((2, 2), np.float32)


def test_only_floats_can_be_learnt() -> None:
    with pytest.raises(TypeError, match="expected .*received"):
        Parameter(np.array([1, 2]), "W")


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))], ids=["copy", "pickle"])
def test_a_copy_shares_nothing_with_the_optimizer_of_the_original(duplicate) -> None:  # type: ignore[no-untyped-def]
    parameter = make()
    optimizer = optim.SGD([parameter], 1.0)
    twin = duplicate(parameter)
    parameter.grad = np.ones((2, 2))
    optimizer.step()
    np.testing.assert_array_equal(twin.data, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(parameter.data, [[0, 1], [2, 3]])
    assert twin.flat is None
    assert (twin.name, twin.decays) == ("W", True)
