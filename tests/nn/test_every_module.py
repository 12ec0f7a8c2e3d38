"""What every module promises: a right gradient, its dtype kept, clear errors, and one backward for one forward."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet import nn
from glassnet.diagnostics import gradient_check

TOLERANCE = 1e-6
MESSAGE = r"(?s)expected.*received"


class WeightedSum:
    """`ℓ = Σ R·Y`, whose gradient is R: it sees every output, of any shape, with a weight of its own."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.R = np.random.default_rng(99).standard_normal(shape)

    def forward(self, outputs: nn.FloatArray, targets: npt.NDArray[Any]) -> float:
        return float(np.sum(self.R * outputs))

    def backward(self) -> nn.FloatArray:
        return self.R.copy()


def frozen_dropout(width: int, dtype: npt.DTypeLike) -> nn.Module:
    dropout = nn.Dropout(0.4, rng=np.random.default_rng(3))
    dropout.frozen = True
    return dropout


def shifted(layer: nn.BatchNorm | nn.LayerNorm) -> nn.Module:
    """Move scale and shift away from 1 and 0, where a mistake could hide."""
    rng = np.random.default_rng(4)
    layer.gamma.data = rng.uniform(0.5, 2, layer.gamma.shape).astype(layer.gamma.dtype)
    layer.beta.data = rng.standard_normal(layer.beta.shape).astype(layer.beta.dtype)
    return layer


MAKERS: dict[str, Callable[[int, npt.DTypeLike], nn.Module]] = {
    "dense": lambda width, dtype: nn.Dense(width, 3, rng=np.random.default_rng(1), dtype=dtype),
    "relu": lambda width, dtype: nn.ReLU(),
    "leaky_relu": lambda width, dtype: nn.LeakyReLU(0.1),
    "sigmoid": lambda width, dtype: nn.Sigmoid(),
    "tanh": lambda width, dtype: nn.Tanh(),
    "gelu": lambda width, dtype: nn.GELU(),
    "silu": lambda width, dtype: nn.SiLU(),
    "batch_norm": lambda width, dtype: shifted(nn.BatchNorm(width, dtype=dtype)),
    "layer_norm": lambda width, dtype: shifted(nn.LayerNorm(width, dtype=dtype)),
    "dropout": frozen_dropout,
    "mlp": lambda width, dtype: nn.mlp(
        [width, 5, 3], normalization="layer", activation="silu", rng=np.random.default_rng(2), dtype=dtype
    ),
}
ELEMENTWISE = ("relu", "leaky_relu", "sigmoid", "tanh", "gelu", "silu", "dropout")

every_module = pytest.mark.parametrize("name", MAKERS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def normals(n: int, width: int, seed: int = 0, dtype: npt.DTypeLike = np.float64) -> nn.FloatArray:
    return np.random.default_rng(seed).standard_normal((n, width)).astype(dtype)


def worst_error(model: nn.Module, X: nn.FloatArray) -> float:
    shape = model.forward(X).shape
    loss = WeightedSum((shape[0], shape[1]))
    return gradient_check(model, loss, X, np.zeros(len(X), np.int64)).max_relative_error


@every_module
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("n", "width"), [(5, 4), (3, 1), (7, 2)])
def test_gradient(name: str, training: bool, n: int, width: int) -> None:
    model = MAKERS[name](width, np.float64)
    assert worst_error(model.train() if training else model.eval(), normals(n, width)) <= TOLERANCE


@every_module
@pytest.mark.parametrize("width", [1, 4])
def test_gradient_of_a_single_example(name: str, width: int) -> None:
    model = MAKERS[name](width, np.float64)
    model = model.eval() if name == "batch_norm" else model.train()
    assert worst_error(model, normals(1, width)) <= TOLERANCE


@every_module
@settings(derandomize=True, deadline=None, max_examples=12)
@given(n=st.integers(3, 8), width=st.integers(3, 6), seed=st.integers(0, 1000))
def test_gradient_at_any_shape(name: str, n: int, width: int, seed: int) -> None:
    assert worst_error(MAKERS[name](width, np.float64), normals(n, width, seed)) <= TOLERANCE


@every_module
@both_dtypes
@pytest.mark.parametrize("training", [True, False])
def test_dtype_is_kept_forward_and_backward(name: str, dtype: npt.DTypeLike, training: bool) -> None:
    model = MAKERS[name](4, dtype)
    model = model.train() if training else model.eval()
    Y = model.forward(normals(5, 4, dtype=dtype))
    dX = model.backward(np.ones_like(Y))
    assert Y.dtype == dtype
    assert dX.dtype == dtype
    assert dX.shape == (5, 4)
    assert all(array.dtype == dtype for array in model.state_dict().values())
    assert all(parameter.grad.dtype == dtype for parameter in model.parameters())


@every_module
@pytest.mark.parametrize(
    "bad",
    [
        [[1.0, 2.0, 3.0, 4.0]],
        np.ones((2, 4), dtype=np.int64),
        np.ones((2, 4), dtype=np.float16),
        np.ones(4, dtype=np.float32),
        np.ones((2, 4, 1), dtype=np.float32),
        np.ones((0, 4), dtype=np.float32),
    ],
    ids=["list", "integers", "float16", "1-D", "3-D", "empty"],
)
def test_what_is_no_batch_is_refused(name: str, bad: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=MESSAGE):
        MAKERS[name](4, np.float32).forward(bad)


@pytest.mark.parametrize("name", sorted(set(MAKERS) - set(ELEMENTWISE)))
def test_wrong_width_and_wrong_dtype_are_refused(name: str) -> None:
    model = MAKERS[name](4, np.float32)
    with pytest.raises(ValueError, match=r"expected shape \(N, 4\), received float32 array of shape \(2, 5\)"):
        model.forward(np.ones((2, 5), dtype=np.float32))
    with pytest.raises(TypeError, match="expected dtype float32, received float64"):
        model.forward(np.ones((2, 4)))


@every_module
def test_backward_needs_a_forward_of_its_own(name: str) -> None:
    model = MAKERS[name](4, np.float32)
    with pytest.raises(RuntimeError, match=MESSAGE):
        model.backward(np.ones((5, 4 if name in ELEMENTWISE or "norm" in name else 3), np.float32))
    dout = np.ones_like(model.forward(normals(5, 4, dtype=np.float32)))
    model.backward(dout)
    with pytest.raises(RuntimeError, match=MESSAGE):
        model.backward(dout)


@every_module
def test_backward_refuses_a_gradient_that_does_not_fit(name: str) -> None:
    model = MAKERS[name](4, np.float32)
    Y = model.forward(normals(5, 4, dtype=np.float32))
    with pytest.raises(ValueError, match=MESSAGE):
        model.backward(np.ones((1, Y.shape[1]), np.float32))
    with pytest.raises(TypeError, match=MESSAGE):
        model.backward(np.ones(Y.shape, np.float64))


@pytest.mark.parametrize("name", ["dense", "batch_norm", "layer_norm", "mlp"])
def test_two_backward_passes_add_their_gradients(name: str) -> None:
    model = MAKERS[name](4, np.float64)
    singles = []
    for seed in (1, 2):
        model.zero_grad()
        model.backward(np.ones_like(model.forward(normals(5, 4, seed))))
        singles.append([parameter.grad.copy() for parameter in model.parameters()])
    model.zero_grad()
    for seed in (1, 2):
        model.backward(np.ones_like(model.forward(normals(5, 4, seed))))
    for parameter, first, second in zip(model.parameters(), *singles, strict=True):
        np.testing.assert_allclose(parameter.grad, first + second, rtol=1e-12, atol=1e-14)
    model.zero_grad()
    assert all((parameter.grad == 0).all() for parameter in model.parameters())


@every_module
def test_evaluation_touches_no_state(name: str) -> None:
    model = MAKERS[name](4, np.float32).eval()
    before = model.state_dict()
    first = model.forward(normals(5, 4, dtype=np.float32)).copy()
    model.forward(normals(6, 4, seed=1, dtype=np.float32))
    np.testing.assert_array_equal(model.forward(normals(5, 4, dtype=np.float32)), first)
    for key, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[key])
