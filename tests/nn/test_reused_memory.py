"""Memory that is used anew from step to step: nothing is allocated any more, and nobody's kept array ever changes."""

import copy
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from glassnet import data, nn, optim, training
from glassnet.buffers import SHAPES, SPARE, Buffers

F32 = np.dtype(np.float32)
ROWS = 16_384  # of a batch


def _batches(rows: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, 20)).astype(np.float32), rng.integers(0, 3, rows)


@pytest.mark.parametrize("layer", [
    lambda rng: nn.Dense(20, 20, rng=rng), *(lambda rng, name=name: nn.ACTIVATIONS[name]() for name in nn.ACTIVATIONS),
    lambda rng: nn.Dropout(0.5, rng=rng), lambda rng: nn.Residual(nn.Dense(20, 20, rng=rng)),
    *(lambda rng, name=name: nn.NORMALIZATIONS[name](20) for name in nn.NORMALIZATIONS),
])  # fmt: skip
@pytest.mark.parametrize("look", [lambda A: A, lambda A: A[1:], lambda A: A.T, lambda A: A.reshape(-1)[::2]])
def test_an_output_or_gradient_that_is_kept_stays_as_it_was(layer: Callable[..., nn.Module], look: Any) -> None:
    """Or a view of it: ten further steps leave it alone."""
    module = layer(np.random.default_rng(0))
    kept, copies = [], []
    for step in range(10):
        X = np.random.default_rng(step).standard_normal((8, 20)).astype(np.float32)
        Y = module.forward(X)
        dX = module.backward(np.ones_like(Y))
        kept += [look(Y), look(dX)]
        copies += [look(Y).copy(), look(dX).copy()]
        del Y, dX
    for array, copied in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(array, copied)


def test_batches_and_loss_gradients_that_are_kept_stay_as_they_were() -> None:
    """The loader's batches are those of the data set, however many are kept; so are the gradients of the loss."""
    X, y = _batches(50)
    batches = list(data.DataLoader(data.ArrayDataset(X, y), 8))
    np.testing.assert_array_equal(np.concatenate([each for each, _ in batches]), X)
    np.testing.assert_array_equal(np.concatenate([each for _, each in batches]), y)
    loss, gradients = nn.SoftmaxCrossEntropy(), []
    for each, labels in batches:
        loss.forward(each[:, :3], labels)
        gradients.append(loss.backward())
    for gradient, (each, labels) in zip(gradients, batches, strict=True):
        expected = (nn.softmax(each[:, :3]) - np.eye(3)[labels]) / len(labels)
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-8)


def _settled_step(model: nn.Module, loss: nn.Loss, targets: str) -> Callable[[], None]:
    X, y = _batches(4 * ROWS)
    Y: Any = {"class ids": y, "distributions": np.eye(3)[y], "values": X[:, :3].copy()}[targets]
    model.train()
    optimizer = optim.Adam(model.parameters())
    loader = data.DataLoader(data.ArrayDataset(X, Y), ROWS, shuffle=True)
    batches = iter([])  # type: ignore[var-annotated]

    def step() -> None:
        nonlocal batches
        batch = next(batches, None)
        if batch is None:
            batches = iter(loader)
            batch = next(batches)
        outputs = model.forward(batch[0])
        loss.forward(outputs, batch[1])
        loss.score_sum(outputs, batch[1])
        optimizer.zero_grad()
        model.backward_parameters(loss.backward())
        optim.clip_gradient_norm(model.parameters(), 1.0)
        optimizer.step()

    return step


def _perceptron(**options: Any) -> nn.Module:
    return nn.mlp([20, 32, 16, 3], rng=np.random.default_rng(0), **options)


def _with_residual(rng: np.random.Generator) -> nn.Module:
    return nn.Sequential(nn.Residual(nn.Sequential(nn.ReLU(), nn.Dense(20, 20, rng=rng))), nn.Dense(20, 3, rng=rng))


@pytest.mark.parametrize("model", [
    *(_perceptron(activation=name) for name in nn.ACTIVATIONS),
    *(_perceptron(normalization=name) for name in nn.NORMALIZATIONS),
    _perceptron(dropout=0.2), _with_residual(np.random.default_rng(0)),
], ids=repr)  # fmt: skip
def test_a_settled_step_allocates_no_array(model: nn.Module) -> None:
    """At no instant of three steps are four bytes for each example of the batch allocated beyond what was there."""
    _assert_allocates_nothing(_settled_step(model, nn.SoftmaxCrossEntropy(), "class ids"))


@pytest.mark.parametrize(("loss", "targets"), [
    (nn.SoftmaxCrossEntropy(label_smoothing=0.1), "class ids"),
    (nn.SoftmaxCrossEntropy(class_weights=[1, 2, 3]), "class ids"),
    (nn.SoftmaxCrossEntropy(), "distributions"),
    (nn.MeanSquaredError(), "values"),
    (nn.MeanAbsoluteError(), "values"),
], ids=repr)  # fmt: skip
def test_a_settled_step_allocates_no_array_with_any_loss(loss: nn.Loss, targets: str) -> None:
    """Nor does counting the score."""
    _assert_allocates_nothing(_settled_step(_perceptron(), loss, targets))


def _assert_allocates_nothing(step: Callable[[], None]) -> None:
    for _ in range(9):  # two epochs and one batch: the next order of the rows is drawn outside
        step()
    buffer_size = np.setbufsize(1024)  # that in which NumPy converts dtypes: its usual 64 kB are a batch's size here
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(3):
            step()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        np.setbufsize(buffer_size)
    assert peak - before < 4 * ROWS, f"{peak - before} bytes"


def test_a_fit_of_many_steps_reuses_the_same_batch() -> None:
    """The memory of the batch is one array, or two that take turns, in all steps."""
    seen: set[int] = set()

    class Watch(training.Callback):
        """Notes where the network's input lies."""

        def on_train_begin(self, run: training.TrainingRun) -> None:
            """Look at each input."""
            forward = run.model.forward

            def watched(X: nn.FloatArray) -> nn.FloatArray:
                seen.add(X.ctypes.data)
                return forward(X)

            run.model.forward = watched  # type: ignore[method-assign]  # this object's own

    X, y = _batches(1024)
    rows = data.ArrayDataset(X, y)
    model = nn.mlp([20, 8, 3], rng=np.random.default_rng(0))
    training.fit(
        model, nn.SoftmaxCrossEntropy(), optim.Adam(model.parameters()), data.DataLoader(rows, 64, shuffle=True),
        data.DataLoader(data.ArrayDataset(X[:64], y[:64]), 64), epochs=3, callbacks=[Watch()],
    )  # fmt: skip
    assert len(seen) <= 3


def test_buffers_keep_a_bounded_number_of_arrays() -> None:
    """Of many shapes the latest few, of one shape a few; what they forget belongs to whoever holds it."""
    buffers = Buffers()
    held = [buffers.take((4,), F32) for _ in range(20)]
    assert len({id(array) for array in held}) == 20
    for size in range(1, 100):
        buffers.take((size,), F32)
    assert len(buffers._arrays) == SHAPES
    del held
    assert all(len(arrays) <= SPARE for arrays in buffers._arrays.values())
    first = id(buffers.take((99,), F32))
    assert id(buffers.take((99,), F32)) == first
    assert copy.deepcopy(buffers)._arrays == {}


def test_constants_are_kept_and_nobody_can_change_them() -> None:
    """The same array each time, as long as it is among the latest few."""
    buffers = Buffers()
    ones = buffers.constant(1, (2, 3), F32)
    np.testing.assert_array_equal(ones, np.ones((2, 3), np.float32), strict=True)
    assert buffers.constant(1, (2, 3), F32) is ones
    assert not buffers.constant(0, (2, 3), F32).any()
    with pytest.raises(ValueError, match="read-only"):
        ones += 1
    for size in range(100):
        buffers.constant(1, (size,), F32)
    assert len(buffers._constants) == SHAPES
    assert copy.deepcopy(buffers)._constants == {}
