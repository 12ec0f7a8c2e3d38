"""What every module keeps: shapes and dtypes, forward before backward, state, copies, modes."""

import copy
import math
import pickle
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from glassnet import nn
from glassnet.optim import SGD
from tests.nn.modules import MODULES

WITH_A_WIDTH = ("dense", "neural_tangent", "scale", "batch_norm", "layer_norm")


def _modules(dtype: type, names: Iterable[str] = MODULES) -> list[nn.Module]:
    return [MODULES[name](4, dtype) for name in names]


def test_every_module_of_the_front_door_is_in_the_table() -> None:
    """A new layer wants its row in `tests/nn/modules.py`."""
    public = {each for each in vars(nn).values() if isinstance(each, type) and issubclass(each, nn.Module)}
    tried = {type(inner) for module in _modules(np.float32) for inner in module.modules()}
    assert tried == public - {nn.Module}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_module_changes_the_dtype(dtype: type, training: bool) -> None:
    """float32 in, float32 out, forwards and backwards; float64 likewise."""
    X: nn.FloatArray = np.random.default_rng(1).standard_normal((6, 4)).astype(dtype)
    for module in _modules(dtype):
        module._set_mode(training=training)
        Y = module.forward(X)
        assert Y.dtype == dtype, module
        assert module.backward(Y).dtype == dtype, module
        assert all(parameter.grad.dtype == dtype for parameter in module.parameters()), module
        assert all(buffer.dtype == dtype for _, buffer in module.named_buffers()), module


@pytest.mark.parametrize(
    "X",
    [
        [[1.0, 2.0, 3.0, 4.0]],
        np.ones((2, 4), dtype=np.int64),
        np.array([["a", "b", "c", "d"]]),
        np.ones((2, 4), dtype=object),
        np.ones(4, dtype=np.float32),
        np.ones((2, 2, 4), dtype=np.float32),
        np.ones((0, 4), dtype=np.float32),
        np.ones((2, 0), dtype=np.float32),
    ],
)
def test_what_is_no_batch_is_refused(X: Any) -> None:
    """The error names the module, what it expected and what it received."""
    for module in _modules(np.float32):
        with pytest.raises((TypeError, ValueError)) as caught:
            module.forward(X)
        assert any(type(inner).__name__ in str(caught.value) for inner in module.modules())
        assert "expected" in str(caught.value)
        assert "received" in str(caught.value)


def test_width_and_dtype_must_be_the_layers_own() -> None:
    """Nothing is broadcast, and float64 data do not turn a float32 network into a float64 one."""
    for module in _modules(np.float32, WITH_A_WIDTH):
        with pytest.raises(ValueError, match=r"expected shape \(N, 4\), received float32 array of shape \(2, 5\)"):
            module.forward(np.ones((2, 5), dtype=np.float32))
        with pytest.raises(TypeError, match="expected dtype float32, received float64"):
            module.forward(np.ones((2, 4)))


def test_backward_belongs_to_one_forward() -> None:
    """Before it, twice after it, or with a gradient of another shape or dtype: an error each."""
    dout = np.ones((2, 4), dtype=np.float32)
    for module in _modules(np.float32):
        with pytest.raises(RuntimeError, match="expected a forward pass"):
            module.backward(dout)
        module.forward(dout)
        with pytest.raises(ValueError, match=r"expected shape \(2, 4\), received"):
            module.backward(dout[:1])
        with pytest.raises(TypeError, match="expected float32"):
            module.backward(dout.astype(np.float64))
        module.backward(dout)
        with pytest.raises(RuntimeError, match="expected a forward pass"):
            module.backward(dout)


@pytest.mark.parametrize("make", [
    lambda rng: nn.mlp([4, 6, 3], normalization="batch", rng=rng), lambda rng: nn.Residual(nn.Dense(4, 4, rng=rng)),
    lambda rng: nn.Sequential(nn.Residual(nn.Dense(4, 4, rng=rng)), nn.LayerNorm(4)), lambda rng: nn.BatchNorm(4),
])  # fmt: skip
def test_the_gradients_of_parameters_do_not_need_that_of_the_input(make: Any) -> None:
    """`backward_parameters` leaves the same bytes in every gradient, and the module as `backward` leaves it."""
    X = np.random.default_rng(1).standard_normal((8, 4)).astype(np.float32)
    gradients = []
    for name in ("backward", "backward_parameters"):
        module: nn.Module = make(np.random.default_rng(0))
        Y = module.forward(X)
        getattr(module, name)(np.ones_like(Y) / 3)
        gradients.append([parameter.grad.tobytes() for parameter in module.parameters()])
        with pytest.raises(RuntimeError, match="expected a forward pass"):
            module.backward_parameters(np.ones_like(Y))
    assert gradients[0] == gradients[1]


def test_a_backward_of_ones_own_is_used_in_the_first_layer_too() -> None:
    """Where a subclass overrides `backward` alone, itself or by a class mixed in, `fit` does not pass it by."""

    class Halved(nn.Dense):
        def backward(self, dout: nn.FloatArray) -> nn.FloatArray:  # type: ignore[override]
            return super().backward(dout / 2)

    class Half:
        def backward(self, dout: nn.FloatArray) -> nn.FloatArray:
            return super().backward(dout / 2)  # type: ignore[misc]

    class Mixed(Half, nn.Dense):  # type: ignore[misc]
        pass

    class HalvedAll(nn.Sequential):
        def backward(self, dout: nn.FloatArray) -> nn.FloatArray:  # type: ignore[override]
            return super().backward(dout / 2)

    class HalvedAround(nn.Residual):
        def backward(self, dout: nn.FloatArray) -> nn.FloatArray:  # type: ignore[override]
            return super().backward(dout / 2)

    X = np.random.default_rng(1).standard_normal((8, 4))
    plain = nn.Dense(4, 4, init="zeros", dtype=np.float64)
    plain.forward(X)
    plain.backward(X)
    makes: list[Any] = [
        Halved, Mixed, lambda *a, **k: HalvedAll(nn.Dense(*a, **k)), lambda *a, **k: HalvedAround(nn.Dense(*a, **k)),
    ]  # fmt: skip
    for make in makes:
        module = nn.Sequential(make(4, 4, init="zeros", dtype=np.float64))
        module.forward(X)
        module.backward_parameters(X)
        np.testing.assert_allclose(module.parameters()[0].grad, plain.W.grad / 2, rtol=1e-14)


def test_dense_by_hand() -> None:
    """Z = XW + b and its gradients on numbers small enough to check in the head."""
    layer = nn.Dense(2, 2, init="zeros", dtype=np.float64)
    layer.W.data = np.array([[1.0, 2.0], [3.0, 4.0]])
    layer.b.data = np.array([[10.0, 20.0]])
    # [1 1]·W = [1+3, 2+4] = [4 6]; [2 0]·W = [2 4]; and the bias
    assert layer.forward(np.array([[1.0, 1.0], [2.0, 0.0]])).tolist() == [[14.0, 26.0], [12.0, 24.0]]
    # dX = dZ·Wᵀ: [1 0]·Wᵀ = [1 3]; [0 1]·Wᵀ = [2 4]
    assert layer.backward(np.array([[1.0, 0.0], [0.0, 1.0]])).tolist() == [[1.0, 3.0], [2.0, 4.0]]
    # dW = Xᵀ·dZ = [[1 2], [1 0]]·I; db sums the rows of dZ
    assert layer.W.grad.tolist() == [[1.0, 2.0], [1.0, 0.0]]
    assert layer.b.grad.tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize(
    ("activation", "values"),
    [
        (nn.ReLU(), [0.0, 0.0, 0.0, 2.0]),
        (nn.LeakyReLU(), [-0.02, -0.005, 0.0, 2.0]),
        (nn.Sigmoid(), [0.11920292202211755, 0.3775406687981454, 0.5, 0.8807970779778823]),
        (nn.Tanh(), [-0.9640275800758169, -0.46211715726000974, 0.0, 0.9640275800758169]),
        (nn.GELU(), [-0.04540230591222494, -0.15428599017485606, 0.0, 1.954597694087775]),
        (nn.SiLU(), [-0.2384058440442351, -0.1887703343990727, 0.0, 1.7615941559557646]),
    ],
)
def test_activations_have_the_values_of_their_definitions(activation: nn.Module, values: list[float]) -> None:
    """As PyTorch has them (GELU by tanh): a constant wrong in a function and its derivative alike passes all checks."""
    np.testing.assert_allclose(activation.forward(np.array([[-2.0, -0.5, 0.0, 2.0]])), [values], rtol=1e-14)


def test_gradients_accumulate_until_zeroed() -> None:
    """Two backward passes add up; after zero_grad a reader sees zeros, and the next pass starts anew."""
    rng = np.random.default_rng(0)
    layer = nn.Dense(3, 2, rng=rng, dtype=np.float64)
    X, dout = rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    for _ in range(2):
        layer.forward(X)
        layer.backward(dout)
    np.testing.assert_allclose(layer.W.grad, 2 * X.T @ dout, rtol=1e-14)
    layer.zero_grad()
    assert not layer.W.grad.any()
    layer.zero_grad()
    layer.forward(X)
    layer.backward(dout)
    np.testing.assert_array_equal(layer.W.grad, X.T @ dout)
    layer.W.grad += 1
    np.testing.assert_array_equal(layer.W.grad, X.T @ dout + 1)
    layer.zero_grad()
    layer.W.grad[0] = 5.0  # what is written after zero_grad stays, in place or whole
    assert layer.W.grad.tolist() == [[5.0, 5.0], [0.0, 0.0], [0.0, 0.0]]
    layer.zero_grad()
    layer.W.grad = np.ones((3, 2))
    assert layer.W.grad.tolist() == np.ones((3, 2)).tolist()


def test_state_restores_the_same_outputs_bit_for_bit() -> None:
    """Parameters and running averages, into a network that started elsewhere."""
    X = np.random.default_rng(1).standard_normal((8, 4)).astype(np.float32)
    first, second = (nn.mlp([4, 6, 3], normalization="batch", rng=np.random.default_rng(s)) for s in (0, 1))
    first.forward(X)
    second.load_state_dict(first.state_dict())
    assert first.eval()(X).tobytes() == second.eval()(X).tobytes()
    assert set(first.state_dict()) == {
        "0.W", "0.b", "1.gamma", "1.beta", "1.running_mean", "1.running_var", "3.W", "3.b"
    }  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_each_module_takes_the_state_of_its_like(name: str) -> None:
    """After training, and without what the other has had: the same outputs, bit for bit."""
    X = np.random.default_rng(1).standard_normal((8, 4)).astype(np.float32)
    first, second = _modules(np.float32, (name, name))
    optimizer = SGD(first.parameters(), 0.1) if first.parameters() else None
    first.forward(X)
    first.backward(X)
    if optimizer:
        optimizer.step()
    assert list(second.state_dict()) == list(first.state_dict())
    second.load_state_dict(first.state_dict())
    assert first.eval()(X).tobytes() == second.eval()(X).tobytes()


def test_a_state_that_does_not_fit_is_refused_whole() -> None:
    """Everything missing, extra or misshapen is listed at once, and nothing is loaded."""
    model = nn.mlp([4, 6, 3], rng=np.random.default_rng(0))
    before = model.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    del state["0.b"]
    state["9.W"] = state["2.W"]
    state["2.W"] = np.ones((6, 4), dtype=np.float32)
    state["0.W"] = state["0.W"].astype(np.float64)
    with pytest.raises(ValueError, match=r"missing 0\.b") as caught:
        model.load_state_dict(state)
    for part in ("unexpected 9.W", "2.W: expected", "received float32 array of shape (6, 4)", "0.W: expected float32"):
        assert part in str(caught.value)
    wrong: Any = [state]
    with pytest.raises(TypeError, match="Sequential: expected a state as arrays by name, received list"):
        model.load_state_dict(wrong)
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())


def test_evaluation_mode_touches_no_state_and_drops_nothing() -> None:
    """The same batch gives the same outputs, and running averages stay."""
    rng = np.random.default_rng(0)
    model = nn.mlp([4, 6, 3], normalization="batch", dropout=0.5, rng=rng).eval()
    X = rng.standard_normal((8, 4)).astype(np.float32)
    before = model.state_dict()
    assert model(X).tobytes() == model(X).tobytes()
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_stands_alone(duplicate: Any) -> None:
    """Changing the copy leaves the original as it was, optimizer or not."""
    model = nn.mlp([4, 3], rng=np.random.default_rng(0))
    SGD(model.parameters(), learning_rate=0.1)
    twin = duplicate(model)
    before = model.state_dict()
    twin.parameters()[0].data += 1
    assert model.state_dict()["0.W"].tobytes() == before["0.W"].tobytes()


def test_batch_norm_by_its_definition() -> None:
    """Mean 0 and variance 1 per feature; running averages take 10% of each batch, the variance unbiased."""
    X = np.random.default_rng(0).standard_normal((50, 4)) * 3 + 5
    layer = nn.BatchNorm(4, dtype=np.float64)
    Y = layer.forward(X)
    np.testing.assert_allclose(Y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Y.var(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(layer.running_mean[0], 0.1 * X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(layer.running_var[0], 0.9 + 0.1 * X.var(axis=0, ddof=1), rtol=1e-12)
    layer.forward(X[:20])
    means = 0.9 * 0.1 * X.mean(axis=0) + 0.1 * X[:20].mean(axis=0)
    variances = 0.9 * (0.9 + 0.1 * X.var(axis=0, ddof=1)) + 0.1 * X[:20].var(axis=0, ddof=1)
    np.testing.assert_allclose(layer.running_mean[0], means, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var[0], variances, rtol=1e-12)
    expected = (X - means) / np.sqrt(variances + 1e-5)
    np.testing.assert_allclose(layer.eval().forward(X), expected, rtol=1e-12)
    layer.train()
    with pytest.raises(ValueError, match="at least 2 examples"):
        layer.forward(X[:1])


def test_layer_norm_by_its_definition() -> None:
    """Mean 0 and variance 1 per example."""
    Y = nn.LayerNorm(40, dtype=np.float64).forward(np.random.default_rng(0).standard_normal((3, 40)) * 3 + 5)
    np.testing.assert_allclose(Y.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(Y.var(axis=1), 1, atol=1e-5)


def test_a_small_variance_gives_way_to_epsilon() -> None:
    """At a variance of 3e−5, and ε = 1e−5 by default, √(3/4) of full size is left."""
    X = np.array([[1.0, -1.0], [-1.0, 1.0]]) * math.sqrt(3e-5)
    layers: list[nn.Module] = [nn.BatchNorm(2, dtype=np.float64), nn.LayerNorm(2, dtype=np.float64)]
    for layer in layers:
        np.testing.assert_allclose(np.abs(layer.forward(X)), math.sqrt(0.75), rtol=1e-12)


def test_equal_large_numbers_have_no_spread() -> None:
    """Their mean rounds, here by up to 0.06: taken for a deviation, that would be all of X̂, and 20 in evaluation."""
    X = np.full((7, 3), [1e6 / 3, 1e5 / 7, -2e6 / 3], dtype=np.float32)
    assert (X.mean(axis=0) != X[0]).any()
    layer = nn.BatchNorm(3, momentum=1.0)
    assert not layer.forward(X).any()
    assert layer.running_mean.tolist() == X[:1].tolist()
    assert not layer.eval().forward(X).any()
    assert not nn.LayerNorm(7).forward(np.ascontiguousarray(X.T)).any()


def test_dropout_keeps_the_mean_and_uses_one_mask_both_ways() -> None:
    """A million units of 1 at p = 0.3: the mean's standard error is 0.00065; 0.004 is passed by chance once in 1e9."""
    layer = nn.Dropout(0.3, rng=np.random.default_rng(0))
    X = np.ones((1000, 1000), dtype=np.float32)
    Y = layer.forward(X)
    assert abs(float(Y.mean(dtype=np.float64)) - 1) < 0.004
    assert layer.backward(X).tobytes() == Y.tobytes()
    layer.frozen = True
    assert layer(X).tobytes() == Y.tobytes()
    with pytest.raises(
        ValueError, match=r"Dropout.*expected the shape of its mask \(1000, 1000\), received \(1, 1000\)"
    ):
        layer(X[:1])
    assert layer.eval()(X) is X


@pytest.mark.parametrize(
    ("init", "variance"),
    [
        ("he_normal", 2 / 400), ("he_uniform", 2 / 400), ("xavier_normal", 2 / 700), ("xavier_uniform", 2 / 700),
        (0.01, 1e-4), ("zeros", 0.0), ("local", 2 / 400),
    ],
)  # fmt: skip
def test_initial_weights_have_the_variance_they_promise(init: Any, variance: float) -> None:
    """120,000 draws: the sample variance of a normal is off by 0.41% (one sigma), so 2.5% by chance once in 1e9."""
    W = nn.Dense(400, 300, rng=np.random.default_rng(0), init=init, dtype=np.float64).W.data
    assert W.var() == pytest.approx(variance, rel=0.025)
    assert abs(W.mean()) <= 6.2 * math.sqrt(variance / W.size)


def test_local_weights_look_at_one_place_of_a_square_image() -> None:
    """Each unit's squares add up to 2, and nearly all of them stand within half the side of the middle of its place."""
    side = 20
    W = nn.Dense(side**2, 300, rng=np.random.default_rng(0), init="local", dtype=np.float64).W.data
    np.testing.assert_allclose((W**2).sum(axis=0), 2, rtol=1e-12)
    squares, pixels = W**2 / 2, np.indices((side, side)).reshape(2, side**2)
    middles = pixels @ squares
    distances = np.hypot(*(pixels[:, :, np.newaxis] - middles[:, np.newaxis]))
    near = (squares * (distances <= side / 2)).sum(axis=0)
    assert near.min() > 0.9
    assert np.ptp(middles, axis=1).min() > 0.8 * side  # all over the image
    with pytest.raises(ValueError, match="init: expected the pixels of a square image for local, received 13 inputs"):
        nn.Dense(13, 3, rng=np.random.default_rng(0), init="local")


@pytest.mark.parametrize("sizes", [[16, 8, 6, 3], [16, 3]])
def test_the_first_layer_alone_is_local(sizes: list[int]) -> None:
    """The units of the others have no place; a network without hidden units has its pixels in the only layer."""
    network = nn.mlp(sizes, init="local", rng=np.random.default_rng(1), dtype=np.float64)
    rng = np.random.default_rng(1)
    for layer, rule in zip(network.layers[::2], ("local", "he_normal", "he_normal"), strict=False):
        assert isinstance(layer, nn.Dense)
        expected = nn.Dense(layer.in_features, layer.out_features, rng=rng, init=rule, dtype=np.float64)
        np.testing.assert_array_equal(layer.W.data, expected.W.data)


def test_randomness_needs_a_seed_and_a_known_rule() -> None:
    """The same seed gives the same weights in float32 and float64; no generator, or an unknown rule, is an error."""
    narrow, wide = (nn.Dense(3, 2, rng=np.random.default_rng(4), dtype=d).W.data for d in (np.float32, np.float64))
    assert narrow.tobytes() == wide.astype(np.float32).tobytes()
    with pytest.raises(ValueError, match="expected rng="):
        nn.Dense(3, 2)
    with pytest.raises(ValueError, match="expected one of he_normal"):
        nn.Dense(3, 2, rng=np.random.default_rng(0), init="hex")
    with pytest.raises(ValueError, match="out_features"):
        nn.Dense(3, 0, rng=np.random.default_rng(0))
    unusable: list[Any] = [np.float16, None, "nonsense", np.int32]
    for dtype in unusable:
        with pytest.raises(TypeError, match="float32 or float64, received"):
            nn.Dense(3, 2, rng=np.random.default_rng(0), dtype=dtype)


def test_weights_from_a_function_of_ones_own() -> None:
    """It is given shape and dtype, and must keep both; two layers for which it returns one array share nothing."""
    kept = np.eye(3, dtype=np.float32)

    def identity(rng: Any, fan_in: int, fan_out: int, dtype: Any) -> nn.FloatArray:
        assert (rng, fan_in, fan_out, dtype) == (None, 3, 3, np.float32)
        return kept

    first, second = nn.Dense(3, 3, init=identity), nn.Dense(3, 3, init=identity)
    first.W.data += 1
    assert second.W.data.tolist() == kept.tolist() == np.eye(3).tolist()
    wrong: list[Any] = [np.eye(2, dtype=np.float32), np.eye(3), [[1.0]]]
    for returned in wrong:
        with pytest.raises(ValueError, match=r"^init: expected weights float32 \(3, 3\), received [^\n]*$"):
            nn.Dense(3, 3, init=lambda *_, W=returned: W)


@pytest.mark.parametrize("size", [1000.0, 1e30, 3e38])
def test_huge_inputs_stay_finite(size: float) -> None:
    """No overflow (a warning would fail this test), no NaN, in either direction."""
    X = np.array([[size, -size, 0.0]], dtype=np.float32)
    for activation in nn.ACTIVATIONS.values():
        layer = activation()
        Y = layer.forward(X)
        assert np.isfinite(Y).all()
        assert np.isfinite(layer.backward(np.ones_like(Y))).all()


@pytest.mark.parametrize("size", [1e3, 1e19, 1e30, float(np.finfo(np.float32).max)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalization_of_huge_inputs_is_that_of_small_ones(size: float, dtype: type) -> None:
    """Squares that would overflow are never formed: the result is what the same rows give in the unit range."""
    size = size if dtype is np.float32 else size * 1e250
    X: nn.FloatArray = np.random.default_rng(0).uniform(-1, 1, (8, 4)).astype(dtype)
    X[0, 0] = 1
    for layer, exact in ((nn.BatchNorm, nn.BatchNorm(4, eps=1e-60, dtype=np.float64)), (nn.LayerNorm, None)):
        module = layer(4, dtype=dtype)
        reference = exact if exact is not None else nn.LayerNorm(4, eps=1e-60, dtype=np.float64)
        Y = module.forward(X * dtype(size))
        np.testing.assert_allclose(Y, reference.forward(X.astype(np.float64)), atol=1e-4)
        assert np.isfinite(module.backward(np.ones_like(Y))).all()
        assert np.isfinite(module.eval().forward(X * dtype(size))).all()
        assert all(np.isfinite(buffer).all() for _, buffer in module.named_buffers())


def test_residual_adds_and_keeps_the_shape() -> None:
    """y = x + f(x), dX = dY + f's own; what changes the shape, or is no module, is refused."""
    inner = nn.Dense(2, 2, init="zeros", dtype=np.float64)
    inner.W.data = np.array([[0.0, 1.0], [0.0, 0.0]])
    block = nn.Residual(inner)
    # [3 5]·W = [0 3]; added to the input [3 8]
    assert block.forward(np.array([[3.0, 5.0]])).tolist() == [[3.0, 8.0]]
    # [1 10]·Wᵀ = [10 0]; added to the gradient [11 10]
    assert block.backward(np.array([[1.0, 10.0]])).tolist() == [[11.0, 10.0]]
    assert [name for name, _ in block.named_parameters()] == ["inner.W", "inner.b"]
    with pytest.raises(ValueError, match=r"Residual.*expected the inner module to keep .*\(1, 2\).*received \(1, 3\)"):
        nn.Residual(nn.Dense(2, 3, init="zeros")).forward(np.ones((1, 2), dtype=np.float32))
    wrong: Any = "relu"
    with pytest.raises(TypeError, match="Residual: expected a module, received str"):
        nn.Residual(wrong)


def test_fifty_layers_keep_the_scale_under_he_and_lose_it_under_a_constant() -> None:
    """Each He layer keeps `E[x²]` but for sampling noise (a few % at width 512); at 0.01 each loses a factor 0.16.

    √(512/2)·0.01 = 0.16 a layer, so 0.16^50 = 1e−40 at the end.
    """

    def scale_after(init: Any) -> float:
        rng = np.random.default_rng(0)
        layers = [module for _ in range(50) for module in (nn.Dense(512, 512, rng=rng, init=init), nn.ReLU())]
        X = rng.standard_normal((64, 512)).astype(np.float32)
        return float(np.sqrt(np.mean(np.square(nn.Sequential(*layers).forward(X), dtype=np.float64))))

    assert 0.3 < scale_after("he_normal") < 3
    assert 0.3 < scale_after("he_uniform") < 3
    assert scale_after(0.01) < 1e-35


def test_bad_settings_of_layers_are_refused() -> None:
    """Each names the layer, the setting, what was expected and what came."""
    wrong: Any = "x"
    wrong_count: Any = 3
    ragged: Any = [1, [2]]
    twice = nn.Tanh()
    cases: list[tuple[str, Any]] = [
        ("LeakyReLU: expected .*negative_slope", lambda: nn.LeakyReLU(wrong)),
        ("LeakyReLU: expected .*negative_slope", lambda: nn.LeakyReLU(-0.1)),
        ("Dropout: expected .*p < 1", lambda: nn.Dropout(1.0, rng=np.random.default_rng(0))),
        ("Dropout: expected rng", lambda: nn.Dropout(0.5, rng=wrong)),
        ("BatchNorm: expected features", lambda: nn.BatchNorm(0)),
        ("BatchNorm: expected .*momentum <= 1", lambda: nn.BatchNorm(3, momentum=1.1)),
        ("BatchNorm: expected .*eps", lambda: nn.BatchNorm(3, eps=0.0)),
        ("BatchNorm: expected an eps that float32 can hold", lambda: nn.BatchNorm(3, eps=1e-50)),
        ("LayerNorm: expected features", lambda: nn.LayerNorm(wrong)),
        ("LayerNorm: expected .*eps", lambda: nn.LayerNorm(3, eps=math.nan)),
        ("SoftmaxCrossEntropy: expected .*label_smoothing", lambda: nn.SoftmaxCrossEntropy(wrong)),
        ("SoftmaxCrossEntropy: expected class_weights", lambda: nn.SoftmaxCrossEntropy(class_weights=["a", "b"])),
        ("L2Penalty: expected .*coefficient", lambda: nn.L2Penalty(-1.0)),
        ("Sequential: expected at least one module", lambda: nn.Sequential()),
        ("Sequential: expected each module once", lambda: nn.Sequential(*[nn.ReLU()] * 2)),
        ("Sequential: expected each module once", lambda: nn.Sequential(twice, nn.Residual(twice))),
        ("mlp: expected activation to be one of mish, relu", lambda: nn.mlp([3, 2], activation="step")),
        ("mlp: expected normalization to be one of batch", lambda: nn.mlp([3, 2], normalization="group")),
        ("mlp: expected .*dropout < 1", lambda: nn.mlp([3, 2], dropout=1.0)),
        ("mlp: expected at least", lambda: nn.mlp([3])),
        ("mlp: expected each size", lambda: nn.mlp(wrong)),
        ("mlp: expected at least", lambda: nn.mlp(wrong_count)),
        ("mlp: expected each size", lambda: nn.mlp([3, 2.5])),  # type: ignore[list-item]
        ("mlp: expected each size", lambda: nn.mlp(np.ones((2, 2)))),
        ("Dense: expected rng", lambda: nn.Dense(3, 2)),
        ("Dense: expected rng", lambda: nn.mlp([3, 2])),
        ("Dropout: expected rng=.*default_rng", lambda: nn.Dropout(0.5)),
        ("SoftmaxCrossEntropy: expected class_weights", lambda: nn.SoftmaxCrossEntropy(class_weights=ragged)),
    ]
    for message, make in cases:
        with pytest.raises(ValueError, match=message + ".*received"):
            make()


def test_sizes_come_in_any_sequence() -> None:
    """An array, a tuple, a range."""
    sequences: list[Any] = [np.array([3, 4, 2]), (3, 4, 2), [np.int32(3), 4, 2]]
    for sizes in sequences:
        assert repr(nn.mlp(sizes, init="zeros")) == "Sequential(Dense(3, 4), ReLU(), Dense(4, 2))"
    assert repr(nn.mlp(range(2, 4), init="zeros")) == "Sequential(Dense(2, 3))"


class _Frame:
    """Shows itself in several lines, as a table does."""

    def __repr__(self) -> str:
        return "   a  b\n0  1  2\n1  3  4"


def test_messages_are_one_line_and_name_the_users_own_module() -> None:
    """Whatever was passed, and whatever the module is called."""
    frame: Any = _Frame()
    for call in (
        lambda: nn.Dense(4, 3, init="zeros").forward(frame), lambda: nn.Sequential(frame), lambda: nn.Residual(frame),
        lambda: nn.SoftmaxCrossEntropy(class_weights=frame), lambda: nn.mlp([4, 3], activation=frame),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match=r"^[^\n]*expected[^\n]*received[^\n]*a b 0 1 2 1 3 4[^\n]*$"):
            call()
    assert repr(_Scale()) == "_Scale()"
    with pytest.raises(RuntimeError, match=r"^_Scale\(\): backward expected a forward pass"):
        _Scale().saved(np.ones((1, 1)))


class _Half(nn.Module):
    def forward(self, X: nn.FloatArray) -> nn.FloatArray:
        return X / 2


class _Bare(nn.Loss):
    pass


def test_what_a_subclass_lacks_is_named() -> None:
    """A module without a backward, and a loss without anything: by name, and what is to be written."""
    X = np.ones((2, 3), np.float32)
    for call, line in (
        (lambda: nn.Module().forward(X), r"Module: expected a forward\(X\) of its own"),
        (lambda: _Half().backward_parameters(X), r"_Half: expected a backward\(dout\) of its own"),
        (lambda: _Bare().forward(X, X), r"_Bare: expected a forward\(outputs, targets\) of its own"),
        (lambda: _Bare().backward(), r"_Bare: expected a backward\(\) of its own"),
        (lambda: _Bare().score_sum(X, X), r"_Bare: expected a score_name, and a score_sum"),
    ):
        with pytest.raises(NotImplementedError, match=line):
            call()


@pytest.mark.parametrize("hold", [list, tuple, lambda layers: {str(k): layer for k, layer in enumerate(layers)}])
def test_what_is_hidden_in_a_list_is_refused_instead_of_left_untrained(hold: Any) -> None:
    """Beside layers that are found; a list of what are attributes too, and Sequential's own tuple, are fine."""

    class Hiding(nn.Module):
        def __init__(self, *hidden: Any) -> None:
            self.first = nn.Dense(4, 4, rng=np.random.default_rng(0))
            self.rest = hold([self.first, *hidden])

    assert len(Hiding().train().state_dict()) == 2
    for hidden in (nn.ReLU(), nn.Parameter(np.zeros(2), "a")):
        for model in (Hiding(hidden), nn.Sequential(nn.Residual(Hiding(hidden)))):
            for use in (model.train, model.eval, model.state_dict, lambda: model.load_state_dict({})):  # noqa: B023
                with pytest.raises(TypeError, match=r"^Hiding: expected every parameter .*'rest', where they are not"):
                    use()


def test_a_parameter_has_any_shape_and_memory_of_its_own() -> None:
    """A scalar stays one; an array that cannot be written to is copied, and learns."""
    scalar = nn.Parameter(np.array(2.0), "scale")
    assert scalar.shape == scalar.grad.shape == ()
    scalar.accumulate(np.array(3.0))
    fixed = np.ones((2, 3), dtype=np.float32)
    fixed.flags.writeable = False
    parameter = nn.Parameter(fixed, "W")
    for values in ([scalar], [parameter]):
        SGD(values, 0.5).step()
    assert (scalar.shape, scalar.data.item()) == ((), 0.5)
    parameter.data += 1
    assert fixed.tolist() == np.ones((2, 3)).tolist()
    own = np.ones((2, 3))
    assert nn.Parameter(own, "W").data is own


def test_a_parameter_takes_only_what_fits() -> None:
    """Nothing is broadcast into it, and its dtype stays; a shallow copy of it shares no memory either."""
    parameter = nn.Parameter(np.zeros((2, 3), dtype=np.float32), "W")
    for data in (np.ones(3, dtype=np.int64), [1.0]):
        with pytest.raises(TypeError, match="Parameter W: expected a float32 or float64 array, received"):
            nn.Parameter(data, "W")  # type: ignore[arg-type]  # that is the test
    wrong: list[Any] = [np.ones((1, 3), np.float32), np.ones((2, 1), np.float32), np.ones((2, 3)), 1.0]
    for value in wrong:
        for name in ("data", "grad"):
            with pytest.raises(ValueError, match=r"Parameter W: expected float32 of shape \(2, 3\), received"):
                setattr(parameter, name, value)
    for value in wrong[:3]:
        with pytest.raises(ValueError, match=r"Parameter W: expected a gradient like float32 array of shape \(2, 3\)"):
            parameter.accumulate(value)
    twin = copy.copy(parameter)
    twin.data += 1
    twin.grad += 1
    assert not parameter.data.any()
    assert not parameter.grad.any()


def test_the_summary_counts_parameters() -> None:
    """13·16 + 16 = 224, and 16·3 + 3 = 51."""
    text = nn.mlp([13, 16, 3], normalization="layer", rng=np.random.default_rng(0)).summary()
    assert [line.split()[-1] for line in text.splitlines()[2:-2]] == ["224", "32", "0", "51"]
    assert text.splitlines()[-1].split() == ["total", "307"]


class _Branches(nn.Module):
    """Two layers side by side, and a scale of its own: a composite of a user's."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.left, self.right = nn.Dense(4, 6, rng=rng), nn.Sequential(nn.Dense(4, 2, rng=rng), nn.Tanh())
        self.scale = nn.Parameter(np.ones((1, 8), dtype=np.float32), "scale")

    def forward(self, X: nn.FloatArray) -> nn.FloatArray:
        return np.hstack([self.left(X), self.right(X)]) * self.scale.data


def _rows(table: str) -> list[list[str]]:
    return [re.split(r"  +", line.strip()) for line in table.splitlines()[2:-2]]


def test_the_summary_of_any_wiring() -> None:
    """Branches run side by side; a composite's own parameter has a row, and the total is the number of values."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(_Branches(rng), nn.Residual(nn.Dense(8, 8, rng=rng)), nn.Dense(8, 3, rng=rng))
    before = model.state_dict()
    table = model.summary()
    assert _rows(table) == [
        ["0", "_Branches", "(N, 8)", "8"],
        ["0.left", "Dense(4, 6)", "(N, 6)", "30"],
        ["0.right.0", "Dense(4, 2)", "(N, 2)", "10"],
        ["0.right.1", "Tanh()", "(N, 2)", "0"],
        ["1.inner", "Dense(8, 8)", "(N, 8)", "72"],
        ["2", "Dense(8, 3)", "(N, 3)", "27"],
    ]
    assert table.splitlines()[-1].split() == ["total", "147"]
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    assert "forward" not in vars(model)


def test_the_summary_counts_a_shared_parameter_once() -> None:
    """For its first owner."""
    rng = np.random.default_rng(0)
    first, second = nn.Dense(4, 4, rng=rng), nn.Dense(4, 4, rng=rng)
    second.W = first.W
    table = nn.Sequential(first, second).summary()
    assert [row[-1] for row in _rows(table)] == ["20", "4"]
    assert table.splitlines()[-1].split() == ["total", "24"]


class _Scale(nn.Module):
    """A layer whose parameter does not tell the width of its input."""

    def __init__(self) -> None:
        self.factor = nn.Parameter(np.ones((1, 1), dtype=np.float32), "factor")

    def forward(self, X: nn.FloatArray) -> nn.FloatArray:
        return X * self.factor.data


def test_the_width_of_a_summary_is_the_users_where_no_module_states_it() -> None:
    """One line asks for it; so it does where the first width stated is not that of the input."""
    assert _rows(_Scale().summary(in_features=5)) == [["_Scale()", "(N, 5)", "1"]]
    assert _rows(nn.Sequential(nn.ReLU(), nn.Tanh()).summary(3))[1] == ["1", "Tanh()", "(N, 3)", "0"]
    assert _rows(nn.Sequential(_Scale(), nn.LayerNorm(7)).summary())[0] == ["0", "_Scale()", "(N, 7)", "1"]
    with pytest.raises(ValueError, match=r"^_Scale.summary: expected .* in_features .*received none; give [^\n]*$"):
        _Scale().summary()
    with pytest.raises(ValueError, match=r"Sequential.summary: expected in_features .*1 or more, received int 0"):
        nn.mlp([3, 2], init="zeros").summary(0)

    class Crossed(nn.Module):
        def __init__(self) -> None:
            self.second, self.first = (nn.Dense(*sizes, init="zeros") for sizes in ((8, 3), (4, 8)))

        def forward(self, X: nn.FloatArray) -> nn.FloatArray:
            return self.second(self.first(X))

    with pytest.raises(ValueError, match=r"a batch \(1, 8\); give summary\(in_features=…\).*Dense\(4, 8\): expected"):
        Crossed().summary()
    assert _rows(Crossed().summary(4))[0] == ["second", "Dense(8, 3)", "(N, 3)", "27"]


def test_as_batch_lifts_one_example() -> None:
    """(D,) becomes (1, D), a batch stays, anything else is an error."""
    assert nn.as_batch(np.ones(3)).shape == (1, 3)
    assert nn.as_batch(np.ones((2, 3))).shape == (2, 3)
    with pytest.raises(ValueError, match="expected shape"):
        nn.as_batch(np.ones((2, 3, 4)))


def test_the_first_lines_that_one_types_say_what_they_lack() -> None:
    """A generator, then the dtype: either message holds what to type, and the lines of the documentation run."""
    with pytest.raises(ValueError, match=r"Dense: expected rng=np\.random\.default_rng\(seed\), received None"):
        nn.Dense(3, 2)
    layer = nn.Dense(3, 2, rng=np.random.default_rng(0))
    remedy = r"pass X\.astype\(np\.float32\), or make the model with dtype=np\.float64"
    with pytest.raises(TypeError, match=rf"Dense\(3, 2\): expected dtype float32, received float64 .*; {remedy}"):
        layer.forward(np.array([[1.0, 2, 3]]))
    lines = [line[4:] for line in (nn.__doc__ or "").splitlines() if line.startswith("    ")]
    names = {"nn": nn, "np": np}
    exec("\n".join(lines), names)  # noqa: S102
    assert names["dX"].shape == (1, 3)
