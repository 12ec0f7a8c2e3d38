"""A twin of a network, a step or picking rows gives the bytes of its text, and leaves to it what it does not know."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from glassnet import compiled, data, nn, optim, training
from glassnet.training.picked_rows import PickedRows, fastest_loader
from tests.compiled.same_bytes import bytes_of, numbers

pytest.importorskip("numba", reason="the twins are compiled by numba, the extra `fast`")
from glassnet.compiled import network_loops, products, sequential
from glassnet.compiled.products import product_address

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
        X, dout = numbers(rng, 5 * rows, dtype).reshape(rows, 5), numbers(rng, rows * 4, dtype).reshape(rows, 4)
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
        results.append(bytes_of(arrays))
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
        results.append(bytes_of([computed(X), computed.backward(dout), optimizer.flat.grad.copy()]))
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
    assert twin.stacked.layers == model.layers
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


@pytest.mark.usefixtures("always")
def test_a_loss_refuses_what_its_text_refuses() -> None:
    """In the same words, its own name among them."""
    text = nn.SoftmaxCrossEntropy(0.1)
    assert (
        repr(compiled.fastest_loss(text, 1))
        == repr(text)
        == "SoftmaxCrossEntropy(label_smoothing=0.1, class_weights=None)"
    )
    with pytest.raises(ValueError, match=r"^SoftmaxCrossEntropy\(.*expected class ids in \[0, 2\)"):
        compiled.fastest_loss(text, 1).forward(np.ones((2, 2), np.float32), np.array([0, 2]))


def _fused(model: nn.Sequential, loss: nn.Loss) -> Any:
    optim.Adam(model.parameters())
    return compiled.fused(compiled.fastest_model(model, 1), twin := compiled.fastest_loss(loss, 1), twin, 1)


@pytest.mark.usefixtures("always")
def test_a_fused_step_leaves_to_the_texts_what_it_does_not_know() -> None:
    """Other losses and layers; and, batch by batch, hooks, a single row, wrong labels, logits that are not finite."""
    rng = np.random.default_rng(0)
    model, X, labels = nn.mlp([3, 4, 2], rng=rng), np.ones((2, 3), np.float32), np.array([0, 1])
    step = _fused(model, nn.SoftmaxCrossEntropy())
    gradient = model.parameters()[0].flat.grad
    gradient[:] = 7
    unknown = [
        (X[:1], labels[:1]),
        (X, np.array([0, 2])),
        (X, labels.astype(np.int32)),
        (X * np.float32(np.inf), labels),
    ]
    with np.errstate(all="ignore"):
        assert [step.compute_gradients(*batch) for batch in unknown] == [None] * len(unknown)
    for hooked in (model, model.layers[1]):
        remove = hooked.on_forward(lambda module, inputs, outputs: None)
        assert step.compute_gradients(X, labels) is None
        remove()
    step.loss.label_smoothing = 0.1
    assert step.compute_gradients(X, labels) is None
    step.loss.label_smoothing = 0.0
    assert (gradient == 7).all()
    assert step.compute_gradients(X, labels) is not None
    assert (gradient != 7).all()
    assert _fused(nn.mlp([3, 4, 2], activation="tanh", rng=rng), nn.SoftmaxCrossEntropy()) is None
    assert _fused(nn.mlp([3, 4, 2], rng=rng), nn.MeanSquaredError()) is None


def test_a_loss_of_ones_own_trains_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fused step, which needs it, is not even looked at."""

    class Own(nn.SoftmaxCrossEntropy):
        pass

    monkeypatch.setitem(sys.modules, "glassnet.compiled.fused_step", None)
    monkeypatch.setattr(compiled, "_is_at_work", lambda: False)
    monkeypatch.setattr(compiled, "LEAST", 0)
    monkeypatch.setattr(compiled, "ENOUGH", 0)
    model, rng = nn.mlp([3, 4, 2], rng=np.random.default_rng(0)), np.random.default_rng(0)
    rows = data.ArrayDataset(rng.standard_normal((8, 3)).astype(np.float32), rng.integers(0, 2, 8))
    loader = data.DataLoader(rows, 4)
    assert len(training.fit(model, Own(), optim.Adam(model.parameters()), loader, loader, 1)) == 1


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("least", [0, 10**9])
def test_a_training_ends_as_its_texts_end_it(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For labels that are no classes, and for logits that are not finite."""
    monkeypatch.setattr(compiled, "LEAST", least)
    X = np.ones((4, 3), np.float32)
    for labels, weight, error in (
        ([0, 1, 2, 0], 1.0, ValueError),
        ([0, 1, 1, 0], np.inf, training.TrainingDivergedError),
    ):
        model = nn.mlp([3, 4, 2], rng=np.random.default_rng(0))
        model.parameters()[0].data *= np.float32(weight)
        loader = data.DataLoader(data.ArrayDataset(X, np.array(labels)), 4)
        with pytest.raises(error, match=r"class ids in \[0, 2\)|not finite|nan"), np.errstate(all="ignore"):
            training.fit(model, nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters()), loader, loader, 1)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_picked_as_their_text_picks_them(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By numbers of all kinds; with the same error for one that is no row."""
    monkeypatch.setattr(compiled, "LONG", 0)
    rng = np.random.default_rng(0)
    text = data.ArrayDataset(rng.standard_normal((9, 5)).astype(dtype), rng.integers(0, 3, 9))
    twin = fastest_loader(data.DataLoader(text, 2), 1).dataset
    assert type(twin) is PickedRows
    kinds = [[0], [], [8, 3, 3, 0], [-1, 2], np.arange(9)[::2], slice(2, 4), 3, np.arange(4, dtype=np.int32), [[1, 2]]]
    for index in [np.array(each, np.int64) if isinstance(each, list) else each for each in kinds]:
        assert [part.tobytes() for part in text[index]] == [part.tobytes() for part in twin[index]]
        assert [part.shape for part in text[index]] == [part.shape for part in twin[index]]
    for rows in (text, twin):
        with pytest.raises(IndexError, match="index 9 is out of bounds"):
            rows[np.array([0, 9])]


def test_rows_that_lie_otherwise_are_picked_by_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short rows, a small network, rows column by column, other sets of rows, other loaders."""

    class Own(data.DataLoader):
        pass

    X, y = np.zeros((4, 300), np.float32), np.zeros(4, np.int64)
    monkeypatch.setattr(compiled, "ENOUGH", 0)
    loader = data.DataLoader(data.ArrayDataset(X, y), 2)
    assert fastest_loader(loader, compiled.LEAST) is not loader
    assert fastest_loader(loader, compiled.LEAST - 1) is loader
    others = [data.ArrayDataset(X[:, :200], y), data.ArrayDataset(np.asfortranarray(X), y)]
    for other in [*(data.DataLoader(each, 2) for each in others), Own(loader.dataset, 2)]:
        assert fastest_loader(other, compiled.LEAST) is other
