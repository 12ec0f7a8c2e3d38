"""A twin gives the bytes of its text: for every optimizer, average and cut, whatever the numbers."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from glassnet import compiled, nn, optim
from glassnet.optim.averaging import average
from glassnet.optim.clipping import clip

pytest.importorskip("numba", reason="the twins are compiled by numba, the extra `fast`")

OPTIMIZERS: dict[str, Callable[[list[nn.Parameter]], optim.Optimizer]] = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9),
    "Nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "RMSProp": lambda p: optim.RMSProp(p, 0.01),
    "Adam": lambda p: optim.Adam(p, 0.01),
    "AdamW": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1),
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
@pytest.mark.parametrize(("text", "number"), [(average, 0.999), (clip, 0.5)])
def test_an_average_and_a_cut_give_the_same_bytes(text: Callable[..., None], number: float, dtype: Any) -> None:
    """For the values that are cut, and for the averaged ones."""
    rng = np.random.default_rng(0)
    arrays = [_numbers(rng, 5_000, dtype) for _ in range(2 if text is average else 1)]
    copies = [array.copy() for array in arrays]
    twin, _ = compiled.fastest(text, arrays[0], 1)
    assert twin is not text
    with np.errstate(all="ignore"):
        text(*arrays, number)
        twin(*copies, number)
    assert _bytes(arrays) == _bytes(copies)


def test_small_vectors_and_other_optimizers_keep_the_text() -> None:
    """A small table is not to wait for a compiler, and an update of one's own has no twin."""

    class Own(optim.SGD):
        def update(self, W: nn.FloatArray, g: nn.FloatArray, *slots: nn.FloatArray) -> None:
            W -= g

    few, many = np.zeros(compiled.LEAST - 1, np.float32), np.zeros(compiled.LEAST, np.float32)
    assert compiled.fastest(optim.SGD.update, few, 64) == (optim.SGD.update, 64)
    assert compiled.fastest(optim.SGD.update, many, 64) != (optim.SGD.update, 64)
    assert compiled.fastest(Own.update, many, 64) == (Own.update, 64)
