"""A twin gives the bytes of its text: for every optimizer, average, cut and loss, whatever the numbers."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from glassnet import compiled, data, nn, optim, training
from glassnet.optim.averaging import average
from glassnet.optim.clipping import clip
from glassnet.optim.denormals import flush_denormals
from tests.compiled.same_bytes import bytes_of, numbers

pytest.importorskip("numba", reason="the twins are compiled by numba, the extra `fast`")

OPTIMIZERS: dict[str, Callable[[list[nn.Parameter]], optim.Optimizer]] = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9),
    "Nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "RMSProp": lambda p: optim.RMSProp(p, 0.01),
    "Adam": lambda p: optim.Adam(p, 0.01),
    "AdamW": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1),
    "AdamW with L1": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1, l1_decay=0.3),
}


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
            nn.Parameter(numbers(rng, size, dtype), "W"),
            nn.Parameter(np.ones(3, dtype), "b", weight_decay=False),
        ]
        optimizer = OPTIMIZERS[name](weights)
        update, _ = compiled.fastest(type(optimizer).update, optimizer.flat.data, 1)
        assert update is not type(optimizer).update
        for _ in range(4):
            optimizer.flat.grad[:] = numbers(rng, size + 3, dtype)
            with np.errstate(all="ignore"):
                if compile_it:
                    optimizer.step()
                else:
                    optimizer.steps += 1
                    optimizer.update(optimizer.flat.data, optimizer.flat.grad, *optimizer.vectors())
        results.append(bytes_of((optimizer.flat.data, *optimizer.slots.values())))
    assert results[0] == results[1]


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("text", "number"), [(average, 0.999), (clip, 0.5), (flush_denormals, 1e-20)])
def test_an_average_a_cut_and_a_flush_give_the_same_bytes(text: Callable[..., None], number: float, dtype: Any) -> None:
    """For the values that are cut or set to 0, and for the averaged ones."""
    rng = np.random.default_rng(0)
    arrays = [numbers(rng, 5_000, dtype) for _ in range(2 if text is average else 1)]
    copies = [array.copy() for array in arrays]
    twin, _ = compiled.fastest(text, arrays[0], 1)
    assert twin is not text
    with np.errstate(all="ignore"):
        text(*arrays, number)
        twin(*copies, number)
    assert bytes_of(arrays) == bytes_of(copies)


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
            assert bytes_of([text]) == bytes_of([twin])
            assert bytes_of([losses[0].backward()]) == bytes_of([losses[1].backward()])
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


def test_a_numba_that_does_not_load_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each knows NumPy up to some version, and refuses to be imported with a later one."""
    assert compiled._is_at_work.__wrapped__()
    monkeypatch.setitem(sys.modules, "numba.core", None)  # so that importing it fails
    assert not compiled._is_at_work.__wrapped__()


@pytest.mark.parametrize("settings", [{}, {"label_smoothing": 0.1}, {"class_weights": [1, 2, 3]}])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_training_gives_the_same_bytes_with_twins_and_without(
    processes: int, dtype: Any, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights, slots and history; the last batch of an epoch has a single row."""
    rng = np.random.default_rng(0)
    rows = data.ArrayDataset(rng.standard_normal((97, 5)).astype(dtype), rng.integers(0, 3, 97))
    results = []
    for least in (0, 10**9):
        monkeypatch.setattr(compiled, "LEAST", least)
        monkeypatch.setattr(compiled, "ENOUGH", least)
        monkeypatch.setattr(compiled, "LONG", least)
        model = nn.mlp([5, 16, 8, 3], rng=np.random.default_rng(1), dtype=dtype)
        optimizer = optim.Adam(model.parameters(), 0.02)
        loader = data.DataLoader(rows, 16, shuffle=True)
        loss = nn.SoftmaxCrossEntropy(**settings)
        history = training.fit(model, loss, optimizer, loader, loader, 4, processes=processes)
        numbers = [{key: row[key] for key in row if key not in training.TIMING_COLUMNS} for row in history]
        results.append((bytes_of((optimizer.flat.data, *optimizer.slots.values())), numbers))
    assert results[0] == results[1]
