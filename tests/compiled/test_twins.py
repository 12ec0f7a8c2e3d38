"""A twin gives the bytes of its text: for every optimizer, average, cut and loss, whatever the numbers."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from glassnet import compiled, data, nn, optim, training
from glassnet.optim.averaging import average
from glassnet.optim.clipping import clip
from glassnet.optim.denormals import flush_denormals

pytest.importorskip("numba", reason="the twins are compiled by numba, the extra `fast`")
from glassnet.compiled import network_loops, products, sequential
from glassnet.compiled.products import product_address

OPTIMIZERS: dict[str, Callable[[list[nn.Parameter]], optim.Optimizer]] = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9),
    "Nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "RMSProp": lambda p: optim.RMSProp(p, 0.01),
    "Adam": lambda p: optim.Adam(p, 0.01),
    "AdamW": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1),
    "AdamW with L1": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1, l1_decay=0.3),
}


def _numbers(rng: np.random.Generator, size: int, dtype: Any) -> Any:
    """Return numbers of all sizes, some of them 0, denormal, infinite or NaN."""
    values = rng.standard_normal(size) * 10.0 ** rng.integers(-12, 8, size)
    values[rng.random(size) < 0.1] = 0
    for special in (np.inf, -np.inf, np.nan, 1e-40, 1e30):
        values[rng.random(size) < 0.01] = special
    return values.astype(dtype)


def _bytes(arrays: Iterable[Any]) -> list[bytes]:
    """Return the bytes of arrays; of two NaN that are added, processors keep the sign of either."""
    return [np.where(np.isnan(array), array.dtype.type(np.nan), array).tobytes() for array in arrays]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the twins come in at any size."""
    monkeypatch.setattr(compiled, "LEAST", 0)
    monkeypatch.setattr(compiled, "ENOUGH", 0)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 7, 1000, 40_003])
def test_an_update_gives_the_same_bytes(name: str, dtype: Any, size: int) -> None:
    """Weights and slots, over several steps; the twin updates all at once, the text block by block."""
    results = []
    for compile_it in (False, True):
        rng = np.random.default_rng(size)
        weights = [
            nn.Parameter(_numbers(rng, size, dtype), "W"),
            nn.Parameter(np.ones(3, dtype), "b", weight_decay=False),
        ]
        optimizer = OPTIMIZERS[name](weights)
        update, _ = compiled.fastest(type(optimizer).update, optimizer.flat.data, 1)
        assert update is not type(optimizer).update
        for _ in range(4):
            optimizer.flat.grad[:] = _numbers(rng, size + 3, dtype)
            with np.errstate(all="ignore"):
                if compile_it:
                    optimizer.step()
                else:
                    optimizer.steps += 1
                    optimizer.update(optimizer.flat.data, optimizer.flat.grad, *optimizer.vectors())
        results.append(_bytes((optimizer.flat.data, *optimizer.slots.values())))
    assert results[0] == results[1]


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("text", "number"), [(average, 0.999), (clip, 0.5), (flush_denormals, 1e-20)])
def test_an_average_a_cut_and_a_flush_give_the_same_bytes(text: Callable[..., None], number: float, dtype: Any) -> None:
    """For the values that are cut or set to 0, and for the averaged ones."""
    rng = np.random.default_rng(0)
    arrays = [_numbers(rng, 5_000, dtype) for _ in range(2 if text is average else 1)]
    copies = [array.copy() for array in arrays]
    twin, _ = compiled.fastest(text, arrays[0], 1)
    assert twin is not text
    with np.errstate(all="ignore"):
        text(*arrays, number)
        twin(*copies, number)
    assert _bytes(arrays) == _bytes(copies)


def test_small_vectors_and_other_optimizers_keep_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small table is not to wait for a compiler, and an update of one's own has no twin."""

    class Own(optim.SGD):
        def update(self, W: nn.FloatArray, g: nn.FloatArray, *slots: nn.FloatArray) -> None:
            W -= g

    monkeypatch.setattr(compiled, "ENOUGH", 0)
    few, many = np.zeros(compiled.LEAST - 1, np.float32), np.zeros(compiled.LEAST, np.float32)
    assert compiled.fastest(optim.SGD.update, few, 64) == (optim.SGD.update, 64)
    assert compiled.fastest(optim.SGD.update, many, 64) != (optim.SGD.update, 64)
    assert compiled.fastest(Own.update, many, 64) == (Own.update, 64)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rows", "classes"), [(1, 1), (1, 2), (3, 7), (64, 10), (50, 33), (7, 300)])
@pytest.mark.parametrize("scale", [1e-3, 1, 30, 1e4])
def test_a_loss_gives_the_same_bytes(rows: int, classes: int, dtype: Any, scale: float) -> None:
    """Value, gradient and score, with ties among the logits."""
    rng = np.random.default_rng(rows)
    logits = (scale * rng.integers(-5, 5, (rows, classes)) / 2).astype(dtype)
    labels = rng.integers(0, classes, rows)
    loss = nn.SoftmaxCrossEntropy()
    twin = compiled.fastest_loss(loss, 1)
    assert twin is not loss
    text = (loss.forward(logits, labels), loss.backward().tobytes(), loss.score_sum(logits, labels))
    assert (twin.forward(logits, labels), twin.backward().tobytes(), twin.score_sum(logits, labels)) == text
    assert (loss.total_weight, loss.target_form) == (rows, "class ids")  # the twin's attributes are the loss's


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, 3.4e38])
def test_a_loss_of_logits_that_are_not_finite_is_the_texts(special: float) -> None:
    """So are their errors, and what the twin does not treat: other targets, weights and smoothing."""
    logits = np.array([[special, 1, 2], [0, -special, 1], [0, 1, 0]], np.float32)
    labels = np.array([1, 2, 1])
    one_hot = np.eye(3, dtype=np.float32)[labels]
    for settings, targets in (((), labels), ((), one_hot), ((0.1, [1, 2, 3]), labels)):
        losses = nn.SoftmaxCrossEntropy(*settings), compiled.fastest_loss(nn.SoftmaxCrossEntropy(*settings), 1)
        with np.errstate(all="ignore"):
            text, twin = (np.array(loss.forward(logits, targets)) for loss in losses)
            assert _bytes([text]) == _bytes([twin])
            assert _bytes([losses[0].backward()]) == _bytes([losses[1].backward()])
        assert losses[0].score_sum(logits, targets) == losses[1].score_sum(logits, targets)
        with pytest.raises(RuntimeError, match="backward expected a forward pass before it"):
            losses[1].backward()
    with pytest.raises(ValueError, match=r"expected class ids in \[0, 3\), received 1 to 3"):
        compiled.fastest_loss(nn.SoftmaxCrossEntropy(), 1).forward(np.zeros((2, 3), np.float32), np.array([1, 3]))


def test_a_loss_of_ones_own_has_no_twin() -> None:
    """Nor has that of a small network."""

    class Own(nn.SoftmaxCrossEntropy):
        pass

    own, ours = Own(), nn.SoftmaxCrossEntropy()
    assert compiled.fastest_loss(own, compiled.LEAST) is own
    assert compiled.fastest_loss(ours, compiled.LEAST - 1) is ours


def test_the_twins_wait_until_there_is_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short training is over before a compiler is loaded; a long one has them from its first step."""
    monkeypatch.setattr(compiled, "_work", 0)
    monkeypatch.setattr(compiled, "ENOUGH", 3 * compiled.LEAST)
    values, loss = np.zeros(compiled.LEAST, np.float32), nn.SoftmaxCrossEntropy()
    for _ in range(3):
        assert compiled.fastest_loss(loss, compiled.LEAST) is loss
        assert compiled.fastest(clip, values, 64) == (clip, 64)
    assert compiled.fastest(clip, values, 64) != (clip, 64)
    assert compiled.fastest_loss(loss, compiled.LEAST) is not loss
    monkeypatch.setattr(compiled, "_work", 0)
    compiled.expect(3, compiled.LEAST - 1)
    assert compiled.fastest_loss(loss, compiled.LEAST) is loss
    compiled.expect(3, compiled.LEAST)
    assert compiled.fastest_loss(loss, compiled.LEAST) is not loss


def test_a_training_gives_the_same_bytes_with_twins_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights, slots and history, in one process."""
    rng = np.random.default_rng(0)
    rows = data.ArrayDataset(rng.standard_normal((96, 5)).astype(np.float32), rng.integers(0, 3, 96))
    results = []
    for least in (0, 10**9):
        monkeypatch.setattr(compiled, "LEAST", least)
        monkeypatch.setattr(compiled, "ENOUGH", least)
        model = nn.mlp([5, 16, 8, 3], rng=np.random.default_rng(1))
        optimizer = optim.Adam(model.parameters(), 0.02)
        loader = data.DataLoader(rows, 16, shuffle=True)
        history = training.fit(model, nn.SoftmaxCrossEntropy(), optimizer, loader, loader, 4)
        numbers = [{key: row[key] for key in row if key not in training.TIMING_COLUMNS} for row in history]
        results.append((_bytes((optimizer.flat.data, *optimizer.slots.values())), numbers))
    assert results[0] == results[1]


MODELS: dict[str, Callable[[np.random.Generator, Any], nn.Sequential]] = {
    "rectified": lambda rng, dtype: nn.mlp([5, 33, 16, 4], rng=rng, dtype=dtype),
    "tanh": lambda rng, dtype: nn.mlp([5, 33, 16, 4], activation="tanh", rng=rng, dtype=dtype),
    "normalized": lambda rng, dtype: nn.mlp([5, 33, 16, 4], normalization="layer", rng=rng, dtype=dtype),
    "nested": lambda rng, dtype: nn.Sequential(
        nn.Dense(5, 5, rng=rng, dtype=dtype), nn.ReLU(), nn.ReLU(), nn.mlp([5, 4], rng=rng, dtype=dtype)
    ),
    "one unit": lambda rng, dtype: nn.Sequential(
        nn.Dense(5, 1, rng=rng, dtype=dtype), nn.ReLU(), nn.Dense(1, 4, rng=rng, dtype=dtype)
    ),
}


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 2, 7, 64])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("trained", ["all", "first", "none"])
def test_a_network_gives_the_same_bytes(name: str, rows: int, dtype: Any, trained: str) -> None:
    """Outputs, gradients of parameters and input, added up and fresh; some numbers are 0, −0, infinite and NaN."""
    results = []
    for twin in (False, True):
        rng = np.random.default_rng(rows)
        model = MODELS[name](rng, dtype)
        parameters = model.parameters()
        if trained != "none":
            optim.Adam(parameters if trained == "all" else parameters[:2])
        computed = compiled.fastest_model(model, 1) if twin else model
        assert (computed is model) is not twin
        X, dout = _numbers(rng, 5 * rows, dtype).reshape(rows, 5), _numbers(rng, rows * 4, dtype).reshape(rows, 4)
        arrays = []
        for batch, gradient in ((X, dout), (np.asfortranarray(X), dout)):
            with np.errstate(all="ignore"):
                arrays += [computed(batch), computed.backward(gradient.copy())]
                computed(batch)
                computed.backward_parameters(gradient)
                arrays += [parameter.grad.copy() for parameter in parameters]
                computed(batch)
                with nn.fresh_gradients(parameters[1:]):
                    computed.backward_parameters(gradient)
                arrays += [parameter.grad.copy() for parameter in parameters]
        results.append(_bytes(arrays))
    assert results[0] == results[1]


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("sizes", [[784, 128, 64, 10], [30, 301, 2], [3, 2]])
@pytest.mark.parametrize("rows", [32, 64, 255])
def test_a_network_of_the_size_of_real_ones_gives_the_same_bytes(sizes: list[int], rows: int) -> None:
    """BLAS treats large products block by block."""
    rng = np.random.default_rng(rows)
    model = nn.mlp(sizes, rng=rng)
    optimizer = optim.Adam(model.parameters())
    X = rng.standard_normal((rows, sizes[0])).astype(np.float32)
    dout = rng.standard_normal((rows, sizes[-1])).astype(np.float32)
    results = []
    for computed in (model, compiled.fastest_model(model, 1)):
        optimizer.zero_grad()
        results.append(_bytes([computed(X), computed.backward(dout), optimizer.flat.grad.copy()]))
    assert results[0] == results[1]
    assert product_address(np.dtype(np.float32)) != 0, "expected NumPy's wheel, whose BLAS is known"


@pytest.mark.usefixtures("always")
def test_layers_that_share_a_parameter_give_the_same_bytes() -> None:
    """Its gradient is the sum of those that reach it."""
    results = []
    for twin in (False, True):
        rng = np.random.default_rng(0)
        first, second = (nn.Dense(4, 4, rng=rng) for _ in range(2))
        second.W = first.W
        model = nn.Sequential(first, nn.ReLU(), second)
        optimizer = optim.Adam(model.parameters())
        computed = compiled.fastest_model(model, 1) if twin else model
        X = rng.standard_normal((3, 4)).astype(np.float32)
        with nn.fresh_gradients(model.parameters()):
            computed.backward_parameters(computed(X))
        results.append(optimizer.flat.grad.tobytes())
    assert results[0] == results[1]


@pytest.mark.usefixtures("always")
def test_where_numpys_product_is_not_known_the_texts_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a BLAS that names its functions otherwise."""
    monkeypatch.setattr(sequential, "product_address", lambda dtype: 0)
    model = nn.mlp([3, 4, 2], rng=np.random.default_rng(0))
    optim.Adam(model.parameters())
    twin = sequential.CompiledSequential(model)
    assert twin.stacked == list(model.layers)
    assert np.array_equal(twin(X := np.ones((2, 3), np.float32)), model(X))


def test_a_product_that_is_not_numpys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of the same name may round otherwise."""
    monkeypatch.setattr(network_loops, "product", lambda address, left, right: left @ right * np.float32(1.0001))
    assert product_address.__wrapped__(np.dtype(np.float32)) == 0
    monkeypatch.setattr(products, "NAMES", {np.dtype(np.float32): "no_such_function"})
    assert product_address.__wrapped__(np.dtype(np.float32)) == 0


@pytest.mark.usefixtures("always")
def test_a_network_with_hooks_shows_them_what_its_text_shows() -> None:
    """Between a dense layer and its rectifier too, and only while they are there."""
    rng = np.random.default_rng(0)
    dense, seen = nn.Dense(3, 4, rng=rng), []
    model = nn.Sequential(dense, nn.ReLU(), nn.Dense(4, 2, rng=rng))
    optim.Adam(model.parameters())
    twin = compiled.fastest_model(model, 1)
    X = np.ones((2, 3), np.float32)
    remove = dense.on_forward(lambda module, inputs, outputs: seen.append(outputs.copy()))
    with_hook = twin(X)
    assert np.array_equal(seen[0], X @ dense.W.data + dense.b.data)
    twin.backward(np.ones((2, 2), np.float32))
    remove()
    assert np.array_equal(twin(X), with_hook)
    assert len(seen) == 1
    model.on_forward(lambda module, inputs, outputs: seen.append(outputs))
    assert twin(X) is seen[1]


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("is_trained", [True, False])
def test_a_network_refuses_what_its_text_refuses(is_trained: bool) -> None:
    """In the same words."""
    for is_compiled in (False, True):
        model = nn.mlp([3, 4, 2], rng=np.random.default_rng(0))
        if is_trained:
            optim.Adam(model.parameters())
        computed = compiled.fastest_model(model, 1) if is_compiled else model
        with pytest.raises(ValueError, match=r"Dense\(3, 4\): expected shape \(N, 3\)"):
            computed(np.ones((2, 4), np.float32))
        with pytest.raises(RuntimeError, match="backward expected a forward pass before it"):
            computed.backward(np.ones((2, 2), np.float32))
        computed(np.ones((2, 3), np.float32))
        with pytest.raises(ValueError, match=r"Dense\(4, 2\): backward expected shape \(2, 2\)"):
            computed.backward(np.ones((2, 3), np.float32))
