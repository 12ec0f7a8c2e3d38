"""The fully connected layer, by hand and at its edges."""

from typing import Any

import numpy as np
import pytest

from glassnet import nn


def test_worked_example() -> None:
    layer = nn.Dense(2, 3, init="zeros", dtype=np.float64)
    layer.W.data = np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0]])
    layer.b.data = np.array([[0.5, -1.0, 2.0]])
    X = np.array([[1.0, 2.0], [3.0, -1.0]])
    # row 1: 1·1+2·(-1)+0.5 = -0.5;  1·2+2·0.5-1 = 2;     1·0+2·3+2 = 8
    # row 2: 3·1-1·(-1)+0.5 =  4.5;  3·2-1·0.5-1 = 4.5;   3·0-1·3+2 = -1
    np.testing.assert_array_equal(layer.forward(X), [[-0.5, 2.0, 8.0], [4.5, 4.5, -1.0]])
    dX = layer.backward(np.array([[1.0, 0.0, 2.0], [-1.0, 1.0, 0.5]]))
    # dW = Xᵀ dZ: [1·1+3·(-1), 1·0+3·1, 1·2+3·0.5] = [-2, 3, 3.5];  [2·1-1·(-1), 2·0-1·1, 2·2-1·0.5] = [3, -1, 3.5]
    np.testing.assert_array_equal(layer.W.grad, [[-2.0, 3.0, 3.5], [3.0, -1.0, 3.5]])
    # db: [1-1, 0+1, 2+0.5]
    np.testing.assert_array_equal(layer.b.grad, [[0.0, 1.0, 2.5]])
    # dX = dZ Wᵀ: row 1: [1·1+0·2+2·0, 1·(-1)+0·0.5+2·3] = [1, 5];  row 2: [-1+2+0, 1+0.5+1.5] = [1, 3]
    np.testing.assert_array_equal(dX, [[1.0, 5.0], [1.0, 3.0]])


def test_the_input_is_left_alone() -> None:
    X = np.ones((2, 3), np.float32)
    layer = nn.Dense(3, 2, rng=np.random.default_rng(0))
    layer.backward(np.ones_like(layer.forward(X)))
    assert (X == 1).all()


def test_same_seed_same_weights_in_both_dtypes() -> None:
    first, second = (nn.Dense(5, 4, rng=np.random.default_rng(7)) for _ in range(2))
    wide = nn.Dense(5, 4, rng=np.random.default_rng(7), dtype=np.float64)
    other = nn.Dense(5, 4, rng=np.random.default_rng(8))
    assert first.W.data.tobytes() == second.W.data.tobytes()
    np.testing.assert_array_equal(wide.W.data.astype(np.float32), first.W.data)
    assert (first.W.data != other.W.data).any()


def test_biases_start_at_zero_and_do_not_decay() -> None:
    layer = nn.Dense(3, 2, rng=np.random.default_rng(0))
    assert (layer.b.data == 0).all()
    assert (layer.W.decays, layer.b.decays) == (True, False)


@pytest.mark.parametrize("sizes", [(0, 2), (2, 0), (-1, 2), (2.0, 3), (True, 3), ("3", 3)])
def test_sizes_must_be_whole_and_positive(sizes: Any) -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        nn.Dense(*sizes, init="zeros")


def test_another_dtype_is_refused() -> None:
    with pytest.raises(TypeError, match="expected .*received"):
        nn.Dense(2, 2, init="zeros", dtype=np.int32)


def test_random_weights_need_a_generator() -> None:
    with pytest.raises(ValueError, match="expected .*received None"):
        nn.Dense(2, 2)
