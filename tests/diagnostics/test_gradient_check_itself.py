"""The gradient check can fail: broken backward passes of each kind are caught, and it leaves the model alone."""

from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.diagnostics import directional_gradient_check, gradient_check
from glassnet.nn import FloatArray


class _NoMean(nn.SoftmaxCrossEntropy):
    """Forgets the 1/N of the mean."""

    def backward(self) -> FloatArray:
        dZ = super().backward()
        return dZ * len(dZ)


class _Transposed(nn.Dense):
    """Multiplies by W where it should by Wᵀ; the shapes fit because the layer is square."""

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        super().backward(dout, input_gradient)
        return dout @ self.W.data


class _WrongAxis(nn.Dense):
    """Sums the bias gradient over features instead of examples; the shapes fit because the batch is square."""

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        dX = super().backward(dout, input_gradient)
        self.b.grad = dout.sum(axis=1, keepdims=True).T.copy()
        return dX


class _NoMask(nn.ReLU):
    """Lets every gradient through."""

    def backward(self, dout: FloatArray) -> FloatArray:
        return dout


class _NoDropoutMask(nn.Dropout):
    """Lets every gradient through."""

    def backward(self, dout: FloatArray) -> FloatArray:
        self.saved(dout)
        return dout


def _network(middle: nn.Module) -> nn.Sequential:
    rng = np.random.default_rng(0)
    ends = [nn.Dense(4, size, rng=rng, dtype=np.float64) for size in (4, 3)]
    return nn.Sequential(ends[0], middle, ends[1])


X = np.random.default_rng(1).standard_normal((4, 4))
Y = np.array([0, 1, 2, 0])


CHECKS: list[Any] = [gradient_check, directional_gradient_check]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("broken", [_Transposed, _WrongAxis])
def test_broken_dense_layers_are_caught(broken: type[nn.Dense], check: Any) -> None:
    """The same network with the right layer passes; element by element and along random directions."""
    for layer, passes in ((nn.Dense, True), (broken, False)):
        model = _network(layer(4, 4, rng=np.random.default_rng(2), dtype=np.float64))
        assert (check(model, nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6) == passes


@pytest.mark.parametrize("check", CHECKS)
def test_a_forgotten_mask_and_a_forgotten_mean_are_caught(check: Any) -> None:
    """Of an activation, of Dropout, and of the loss."""
    frozen = nn.Dropout(0.5, rng=np.random.default_rng(0)), _NoDropoutMask(0.5, rng=np.random.default_rng(0))
    for layer in frozen:
        layer.frozen = True
    for right in (nn.ReLU(), frozen[0]):
        assert check(_network(right), nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6
    for broken in (_NoMask(), frozen[1]):
        assert check(_network(broken), nn.SoftmaxCrossEntropy(), X, Y).max_relative_error > 0.01
    assert check(_network(nn.ReLU()), _NoMean(), X, Y).max_relative_error > 0.1


@pytest.mark.parametrize("check", CHECKS)
def test_a_normalization_that_forgets_its_statistics_is_caught(check: Any) -> None:
    """The commonest mistake in BatchNorm: mean and variance taken for constants."""

    class Direct(nn.BatchNorm):
        def backward(self, dout: FloatArray) -> FloatArray:
            super().backward(dout)
            return dout * self.gamma.data

    for layer, passes in ((nn.BatchNorm, True), (Direct, False)):
        model = _network(layer(4, dtype=np.float64))
        assert (check(model, nn.SoftmaxCrossEntropy(), X, Y).max_relative_error < 1e-6) == passes


def test_a_kink_within_reach_and_a_sharp_curve_raise_no_false_alarm() -> None:
    """A pre-activation 2e−6 from a ReLU's kink; and a BatchNorm over rows that hardly differ, where ℓ‴ is large."""
    layer = nn.Dense(1, 1, init="zeros", dtype=np.float64)
    layer.W.data = np.ones((1, 1))
    near = np.array([[2e-6]])
    assert gradient_check(nn.Sequential(layer, nn.ReLU()), nn.MeanSquaredError(), near, -near).max_relative_error < 1e-6
    rng = np.random.default_rng(0)
    rows = 1 + 0.003 * rng.standard_normal((6, 4))
    norm, dense = nn.BatchNorm(4, eps=1e-12, dtype=np.float64), nn.Dense(4, 3, rng=rng, dtype=np.float64)
    result = gradient_check(nn.Sequential(norm, nn.SiLU(), dense), nn.SoftmaxCrossEntropy(), rows, np.arange(6) % 3)
    assert result.max_relative_error < 1e-6


SEEDS = range(10)


def _zero_row(n: int, features: int, seed: int) -> FloatArray:
    rows = np.random.default_rng(seed + 1000).standard_normal((n, features))
    rows[2] = 0
    return rows


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("sizes", [[1, 1, 3, 2], [4, 3, 3, 2]])
def test_fresh_relu_networks_with_dead_units_raise_no_false_alarm(sizes: list[int], check: Any) -> None:
    """A unit that is 0 for an example leaves the next layer at its bias, 0: at the corner, for some seeds of each."""
    corners = 0
    for seed in SEEDS:
        model = nn.mlp(sizes, rng=np.random.default_rng(seed))
        batch = np.random.default_rng(seed + 1000).standard_normal((8, sizes[0]))
        result = check(model, nn.SoftmaxCrossEntropy(), batch, np.arange(8) % 2)
        assert result.max_relative_error < 1e-6, (seed, result)
        assert isinstance(result.max_relative_error, float)
        corners += result.corners
    assert corners > len(SEEDS)


def test_a_row_of_zeros_and_a_constant_batch_raise_no_false_alarm() -> None:
    """Every unit of the first layer is at its corner: for one row; and, normalized over equal rows, for all of them."""
    for seed in SEEDS:
        model = nn.mlp([4, 6, 3], rng=np.random.default_rng(seed))
        result = gradient_check(model, nn.SoftmaxCrossEntropy(), _zero_row(5, 4, seed), np.arange(5) % 3)
        assert result.max_relative_error < 1e-6, (seed, result)
        # The four entries of the row of zeros, and the six biases; a weight moves nothing there.
        assert (result.checked, result.corners) == (61, 10)
    model = nn.mlp([4, 6, 3], normalization="batch", rng=np.random.default_rng(0))
    constant = np.tile(np.random.default_rng(1).standard_normal((1, 4)), (5, 1))
    result = gradient_check(model, nn.SoftmaxCrossEntropy(), constant, np.arange(5) % 3)
    assert result.max_relative_error < 1e-6, result
    assert result.corners == 5 * 4 + 6  # each element of X, and each shift


@pytest.mark.parametrize("distance", [0.0, 1e-12, 1e-8, 1e-7, 2e-7, 3e-7, 6e-7, 7e-7, 2e-6, -1e-8, -5e-7, -3e-6])
def test_a_corner_at_any_distance_is_left_out_or_stepped_around(distance: float) -> None:
    """One unit beside another that is far from its corner; what is compared is right, and the rest is counted."""
    layer = nn.Dense(1, 2, init="zeros", dtype=np.float64)
    layer.W.data = np.array([[1.0, 1.0]])
    layer.b.data = np.array([[0.0, 2.0]])
    model = nn.Sequential(layer, nn.ReLU(), nn.Dense(2, 1, rng=np.random.default_rng(0), dtype=np.float64))
    result = gradient_check(model, nn.MeanSquaredError(), np.array([[distance]]), np.ones((1, 1)))
    assert result.max_relative_error < 1e-6
    assert result.checked + result.corners == 8
    assert (result.corners > 0) == (abs(distance) < 1e-5 / 16)


def test_a_point_with_nothing_to_compare_is_refused() -> None:
    """A ReLU alone, at 0: one line that says what to do."""
    with pytest.raises(ValueError, match=r"expected a point where the loss has a derivative.*another X"):
        gradient_check(nn.ReLU(), nn.MeanSquaredError(), np.zeros((2, 3)), np.ones((2, 3)))


class _OneUnitUnmasked(nn.ReLU):
    """Lets the gradient of unit 1 through where the unit is 0."""

    def backward(self, dout: FloatArray) -> FloatArray:
        dX = super().backward(dout)
        dX[:, 1] = dout[:, 1]
        return dX


class _Scaled(nn.ReLU):
    """Returns a gradient that is 0.1% too large."""

    def backward(self, dout: FloatArray) -> FloatArray:
        return super().backward(dout) * 1.001


class _OneElementOff(nn.Dense):
    """Has one element of dW, the largest, off by 0.1%."""

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        dX = super().backward(dout, input_gradient)
        self.W.grad.flat[np.abs(self.W.grad).argmax()] *= 1.001
        return dX


@pytest.mark.parametrize("size", [1.0, 1000.0])
def test_small_mistakes_are_found_beside_corners_and_in_large_features(size: float) -> None:
    """In networks with a row of zeros, where corners are; the coarser grid of large numbers is taken for none."""
    broken: list[Any] = [
        lambda rng: (nn.Dense(4, 4, rng=rng, dtype=np.float64), _OneUnitUnmasked()),
        lambda rng: (nn.Dense(4, 4, rng=rng, dtype=np.float64), _Scaled()),
        lambda rng: (_OneElementOff(4, 4, rng=rng, dtype=np.float64), nn.ReLU()),
    ]
    for seed in range(4):
        for make in broken:
            rng = np.random.default_rng(seed)
            model = nn.Sequential(*make(rng), nn.Dense(4, 3, init=1 / size, rng=rng, dtype=np.float64))
            result = gradient_check(model, nn.SoftmaxCrossEntropy(), size * _zero_row(6, 4, seed), np.arange(6) % 3)
            assert result.max_relative_error > 1e-4, (seed, model, result)


def test_what_backward_returns_must_fit_the_input() -> None:
    """A first layer that returns too many rows, none, or another dtype: one line each."""
    wrong: list[tuple[Any, type[Exception], str]] = [
        (lambda dX: np.tile(dX, (2, 1)), ValueError, r"float64 array of shape \(4, 4\), received .*shape \(8, 4\)"),
        (lambda dX: None, TypeError, "received NoneType None"),
        (lambda dX: dX.astype(np.float32), TypeError, r"received float32 array of shape \(4, 4\)"),
    ]
    for change, error, message in wrong:

        class Broken(nn.Dense):
            def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
                return change(super().backward(dout, input_gradient))  # noqa: B023

        model = nn.Sequential(Broken(4, 3, rng=np.random.default_rng(0), dtype=np.float64))
        with pytest.raises(error, match="gradient_check: expected the gradient of X as a .*" + message):
            gradient_check(model, nn.SoftmaxCrossEntropy(), X, Y)


@pytest.mark.parametrize("check", CHECKS)
def test_what_fit_uses_is_checked_too(check: Any) -> None:
    """A first layer whose `backward_parameters` forgets the bias."""

    class Forgetful(nn.Dense):
        def backward_parameters(self, dout: FloatArray) -> None:
            (X,) = self.saved(dout)
            self.W.accumulate(X.T, dout)

    model = nn.Sequential(Forgetful(4, 3, rng=np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"expected backward_parameters to leave .*received another of 0\.b, off by"):
        check(model, nn.SoftmaxCrossEntropy(), X, Y)


@pytest.mark.parametrize("check", CHECKS)
def test_a_backward_replaced_from_outside_is_caught_by_its_numbers(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a first layer, whose `backward_parameters` goes its own way and is still right."""
    right = nn.Dense.backward

    def wrong(layer: nn.Dense, dout: FloatArray) -> FloatArray:
        dX = right(layer, dout)
        layer.b.grad *= 1.1
        return dX

    monkeypatch.setattr(nn.Dense, "backward", wrong)
    result = check(_network(nn.Tanh()), nn.SoftmaxCrossEntropy(), X, Y)
    assert result.max_relative_error == pytest.approx(0.1 / 2.1, rel=1e-3)
    assert result.worst[0].endswith(".b")


class _TooLarge(nn.Dense):
    """Has dW too large by a tenth."""

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        dX = super().backward(dout, input_gradient)
        self.W.grad *= 1.1
        return dX


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("offset", [1e4, 1e6])
def test_noise_is_taken_for_no_corner(offset: float, check: Any) -> None:
    """Features far from zero, in front of a BatchNorm: large numbers cancel, and the loss is noisier than it is large.

    The wrong gradient in the layer that they pass is seen all the same, and the right one is not doubted.
    """
    for layer, passes in ((nn.Dense, True), (_TooLarge, False)):
        for seed in range(2):
            rng = np.random.default_rng(seed)
            first, last = layer(4, 4, rng=rng, dtype=np.float64), nn.Dense(4, 3, rng=rng, dtype=np.float64)
            model = nn.Sequential(first, nn.BatchNorm(4, dtype=np.float64), nn.Tanh(), last)
            far = rng.standard_normal((9, 4)) + offset
            result = check(model, nn.SoftmaxCrossEntropy(), far, np.arange(9) % 3)
            assert (result.max_relative_error < 1e-6) == passes, (seed, result)


@pytest.mark.parametrize("check", CHECKS)
def test_a_network_that_knows_its_examples_has_no_corners(check: Any) -> None:
    """A loss of 1e−9 rounds as the sum of 1 and little more that it is the logarithm of; it is smooth all the same."""
    model = nn.mlp([3, 8, 2], activation="tanh", rng=np.random.default_rng(0), dtype=np.float64)
    loss, optimizer = nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters(), 0.1)
    features, labels = X[:2, :3], np.array([0, 1])
    while (value := loss.forward(model.forward(features), labels)) > 1e-9:
        if value > 1e-3:
            optimizer.zero_grad()
            model.backward(loss.backward())
            optimizer.step()
        else:  # as many more steps would, only sooner
            model.parameters()[-2].data *= 1.1
    result = check(model, loss, features, labels)
    assert result.max_relative_error < 1e-6, result
    assert result.corners == 0


class _Steep(nn.Module):
    """`tanh(10⁵·x)`, with a gradient half as large again."""

    def forward(self, X: FloatArray) -> FloatArray:
        A = np.tanh(1e5 * X)
        self.save_for_backward(A, A)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        (A,) = self.saved(dout)
        return np.asarray(1.5e5 * dout * (1 - A * A))


@pytest.mark.parametrize("check", CHECKS)
def test_a_wrong_gradient_of_a_steep_loss_is_not_taken_for_a_corner(check: Any) -> None:
    """Its slopes on the two sides of a point differ, but less the nearer they are taken."""
    model = nn.Sequential(_Steep(), nn.Dense(4, 3, rng=np.random.default_rng(0), dtype=np.float64))
    result = check(model, nn.SoftmaxCrossEntropy(), 1e-5 * X, Y)
    assert result.max_relative_error > 0.1
    assert result.corners == 0


class _FirstRowOff(nn.Dense):
    """Gets the gradient of the first input's weights wrong by 1 in 100."""

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        dX = super().backward(dout, input_gradient)
        self.W.grad[0] *= 1.01
        return dX


@pytest.mark.parametrize("size", [1e-2, 1e-4, 1e-6])
def test_mistakes_in_small_gradients_are_found(size: float) -> None:
    """Those of the weights of an input that is small itself: a difference with a long step tells, one with a short one
    is nothing but rounding there.
    """
    features = X * [size, 1, 1, 1]
    result = gradient_check(
        _FirstRowOff(4, 3, rng=np.random.default_rng(0), dtype=np.float64), nn.SoftmaxCrossEntropy(), features, Y
    )
    assert result.max_relative_error > 1e-3
    assert result.worst[1][0] == 0


@pytest.mark.parametrize("check", CHECKS)
def test_wrong_arguments_are_refused(check: Any) -> None:
    """A seed for a generator, and a model that is none: one line each."""
    with pytest.raises(TypeError, match=r"gradient_check: expected rng=np\.random\.default_rng.*received int 0"):
        check(_network(nn.Tanh()), nn.SoftmaxCrossEntropy(), X, Y, rng=0)
    with pytest.raises(TypeError, match="gradient_check: expected a module to check, received str 'mlp'"):
        check("mlp", nn.SoftmaxCrossEntropy(), X, Y)


def test_the_worst_element_is_named() -> None:
    """A single wrong number in the bias of the middle layer is found there."""

    class Off(nn.Dense):
        def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
            dX = super().backward(dout, input_gradient)
            self.b.grad[0, 2] += 0.5
            return dX

    result = gradient_check(
        _network(Off(4, 4, rng=np.random.default_rng(2), dtype=np.float64)), nn.SoftmaxCrossEntropy(), X, Y
    )
    assert result.worst == ("1.b", (0, 2))
    assert result.analytic - result.numerical == pytest.approx(0.5, abs=1e-6)


def test_live_dropout_is_refused_and_the_model_left_alone() -> None:
    """Frozen it is checked; weights, gradients, mode and running averages of the caller's float32 model stay."""
    model = nn.mlp([4, 6, 3], dropout=0.5, normalization="batch", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="Dropout in training mode"):
        gradient_check(model, nn.SoftmaxCrossEntropy(), X, Y)
    before = model.state_dict()
    gradient_check(model.eval(), nn.SoftmaxCrossEntropy(), X, Y)
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    assert not any(parameter.grad.any() for parameter in model.parameters())


def test_a_large_model_is_checked_on_a_random_subset() -> None:
    """As many elements of each array as asked for."""
    model = nn.mlp([30, 40, 3], activation="tanh", rng=np.random.default_rng(0), dtype=np.float64)
    batch = np.random.default_rng(1).standard_normal((5, 30))
    result = gradient_check(model, nn.SoftmaxCrossEntropy(), batch, np.arange(5) % 3, max_elements=20)
    assert result.checked == 20 + 20 + 20 + 3 + 20
    assert result.max_relative_error < 1e-6


def test_the_numbers_that_are_reported_give_the_error_that_is() -> None:
    """There is no error of 0 beside two gradients that differ; what rounding explains is reported too."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((6, 2)).astype(np.float32), np.array([0, 1, 0, 1, 1, 0])
    found = gradient_check(nn.mlp([2, 3, 2], rng=rng), nn.SoftmaxCrossEntropy(), X, y)
    difference = abs(found.analytic - found.numerical)
    assert found.max_relative_error == difference / max(1e-8, abs(found.analytic) + abs(found.numerical)) > 0
    shifted = nn.Sequential(nn.Dense(2, 3, rng=rng), nn.BatchNorm(3))  # a bias, of which the loss knows nothing
    found = gradient_check(shifted, nn.MeanSquaredError(), X, np.zeros((6, 3)))
    assert found.max_relative_error <= 1e-7
    assert found.rounding > 0
