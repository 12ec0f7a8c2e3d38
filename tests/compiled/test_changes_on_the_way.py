"""What changes while a training is under way changes it in the same way with twins as without them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from glassnet import compiled, data, nn, optim, training
from glassnet.training.picked_rows import PickedRows, fastest_loader
from tests.compiled.same_bytes import bytes_of

pytest.importorskip("numba", reason="the twins are compiled by numba, the extra `fast`")


Both: TypeAlias = Callable[[Callable[[], list[bytes]]], None]


class Once(training.Callback):
    """Does something before the fourth of the training's ten batches, the last but one of its first epoch."""

    def __init__(self, change: Callable[[training.TrainingRun], object]) -> None:
        self.change = change

    def on_batch_begin(self, run: training.TrainingRun) -> None:
        if run.step == 3:
            self.change(run)


def rows(seed: int) -> data.ArrayDataset:
    rng = np.random.default_rng(seed)
    return data.ArrayDataset(rng.standard_normal((40, 5)).astype(np.float32), rng.integers(0, 4, 40))


def network(**options: Any) -> nn.Sequential:
    return nn.mlp([5, 33, 16, 4], rng=np.random.default_rng(0), **options)


def trained(
    model: nn.Sequential, optimizer: optim.Optimizer, change: Callable[..., object] | None = None, processes: int = 1
) -> list[bytes]:
    """Return the weights and the losses of a training of two epochs."""
    loader = data.DataLoader(rows(0), 8, shuffle=True)
    callbacks = [Once(change)] if change else []
    loss = nn.SoftmaxCrossEntropy()
    history = training.fit(model, loss, optimizer, loader, loader, 2, callbacks, processes=processes)
    losses = [np.array([row["train_loss"], row["gradient_norm"]]) for row in history]
    return bytes_of([*model.state_dict().values(), *losses])


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Both:
    """Check that something comes to the same with texts alone and with twins."""

    def check(train: Callable[[], list[bytes]]) -> None:
        results = []
        for least in (10**9, 0):
            for name, value in (("LEAST", least), ("ENOUGH", 0), ("LONG", 0)):
                monkeypatch.setattr(compiled, name, value)
            results.append(train())
        assert results[0] == results[1]

    return check


@pytest.mark.parametrize("part", [slice(0, 2), slice(4, None)])
def test_a_part_is_trained_after_the_whole(part: slice, both: Both) -> None:
    """The others' vector has then lost some parameters to another optimizer's."""

    def train() -> list[bytes]:
        model = network()
        optim.Adam(model.parameters())
        return trained(model, optim.Adam(model.parameters()[part]))

    both(train)


def _other_vector(run: training.TrainingRun) -> None:
    parameters = run.model.parameters()
    parameters[0].rate_factor = 0.5
    run.optimizer = optim.SGD(parameters, 0.1)


def _other_parameter(run: training.TrainingRun) -> None:
    dense: Any = vars(run.model)["layers"][0]
    dense.W = nn.Parameter(2 * dense.W.data, "W")


VECTORS: dict[str, Callable[[training.TrainingRun], object]] = {
    "another optimizer": _other_vector,
    "another parameter": _other_parameter,
}


@pytest.mark.parametrize("name", VECTORS)
def test_parameters_move(name: str, both: Both) -> None:
    """In the middle of an epoch."""

    def train() -> list[bytes]:
        model = network()
        return trained(model, optim.Adam(model.parameters()), VECTORS[name])

    both(train)


def _smoothing(run: training.TrainingRun) -> None:
    run.loss.label_smoothing = 0.1  # type: ignore[attr-defined]


def _weights(run: training.TrainingRun) -> None:
    run.loss.class_weights = np.arange(1.0, 5)  # type: ignore[attr-defined]


def _other_layers(run: training.TrainingRun) -> None:
    first, _, *others = vars(run.model)["layers"]
    vars(run.model)["layers"] = (first, nn.Tanh(), *others)


SETTINGS: dict[str, Callable[[training.TrainingRun], object]] = {
    "label smoothing": _smoothing,
    "class weights": _weights,
    "other layers": _other_layers,
}


def test_another_loss_and_model_serve_from_the_next_batch_on(both: Both) -> None:
    """As for whatever a callback puts in their place."""
    seen: list[str] = []

    class Seen(nn.SoftmaxCrossEntropy):
        def backward(self) -> Any:
            seen.append("loss")
            return super().backward()

    def change(run: training.TrainingRun) -> None:
        run.loss, run.model = Seen(), nn.Sequential(run.model)
        run.model.on_forward(lambda model, X, Y: seen.append("model") if model.training else None)

    def train() -> list[bytes]:
        model = network()
        return trained(model, optim.Adam(model.parameters()), change)

    both(train)
    assert seen == 2 * 7 * ["model", "loss"]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("options", [{}, {"normalization": "batch"}])
def test_hooks_see_all_batches_from_the_next_one_on(processes: int, options: dict[str, Any], both: Both) -> None:
    """Those of the network, whose layers several processes replace by divided ones, and until they are taken away."""
    seen: list[int] = []

    def change(run: training.TrainingRun) -> None:
        remove = run.model.on_forward(lambda model, X, Y: look(remove) if model.training else None)

    def look(remove: Callable[[], None]) -> None:
        seen.append(1)
        if len(seen) % 4 == 0:
            remove()

    def train() -> list[bytes]:
        model = network(**options)
        return trained(model, optim.Adam(model.parameters()), change, processes)

    both(train)
    assert len(seen) == 2 * 4


def _smaller_batches(run: training.TrainingRun) -> None:
    run.train_loader.batch_size = 4


def _augmentation(run: training.TrainingRun) -> None:
    run.train_loader.augmentation = lambda X, epoch, batch: 2 * X


def _other_rows(run: training.TrainingRun) -> None:
    run.train_loader.dataset = rows(1)


def _other_features(run: training.TrainingRun) -> None:
    vars(run.train_loader.dataset)["X"] = rows(1).X


BATCHES: dict[str, Callable[[training.TrainingRun], object]] = {
    "smaller batches": _smaller_batches,
    "an augmentation": _augmentation,
    "other rows": _other_rows,
    "other features, which rows in memory keep to themselves": _other_features,
}


CHANGES = {**SETTINGS, **BATCHES}


@pytest.mark.parametrize("name", CHANGES)
def test_settings_and_batches_change(name: str, both: Both) -> None:
    """In the middle of an epoch."""

    def train() -> list[bytes]:
        model = network()
        return trained(model, optim.Adam(model.parameters()), CHANGES[name])

    both(train)


def test_targets_in_a_file_are_read_as_without_twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the file, not from its map, whose pages would stay in memory."""
    for name in ("LEAST", "ENOUGH", "LONG"):
        monkeypatch.setattr(compiled, name, 0)
    text = rows(0)
    np.save(tmp_path / "y.npy", text.y)
    mapped = data.ArrayDataset(text.X, np.load(tmp_path / "y.npy", mmap_mode="r"))
    twin = fastest_loader(data.DataLoader(mapped, 8), 1).dataset
    index = np.array([3, 0, 3])
    assert type(twin) is PickedRows
    assert type(twin[index][1]) is np.ndarray
    assert [part.tobytes() for part in twin[index]] == [part.tobytes() for part in text[index]]
