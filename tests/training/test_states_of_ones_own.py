"""A killed training goes on to the same bytes with generators, loaders, losses and callbacks of the user's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.training import TIMING_COLUMNS, BestWeights, Callback, Checkpoints, LearningRateSchedule, TrainingRun, fit

rng = np.random.default_rng(0)
X = rng.standard_normal((130, 6)).astype(np.float32)
y = (X[:, :3] + 0.3 * rng.standard_normal((130, 3))).argmax(axis=1)


class _Killed(BaseException):
    """Stands for a kill."""


class _KillAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_batch_begin(self, run: TrainingRun) -> None:
        if run.step == self.step:
            raise _Killed


def _train(
    folder: Path,
    *callbacks: Callback,
    loss: type[nn.SoftmaxCrossEntropy] = nn.SoftmaxCrossEntropy,
    masks: type[np.random.BitGenerator] = np.random.PCG64,
    validation: dict[str, Any] | None = None,
    schedule: Callable[[int], float] = lambda step: 0.01,
) -> str:
    """Train for four epochs of six steps, from the last checkpoint on if there is one; return all that comes of it."""
    dropout_rng = np.random.Generator(masks(5))
    model = nn.mlp([6, 8, 3], dropout=0.3, rng=np.random.default_rng(1), dropout_rng=dropout_rng)
    history = fit(
        model,
        loss(),
        optim.Adam(model.parameters()),
        DataLoader(ArrayDataset(X[:90], y[:90]), 16, shuffle=True),
        DataLoader(ArrayDataset(X[90:], y[90:]), 7, **(validation or {})),
        epochs=4,
        callbacks=[LearningRateSchedule(schedule), *callbacks, Checkpoints(folder, {}, resume=True)],
    )
    rows = [{name: value for name, value in row.items() if name not in TIMING_COLUMNS} for row in history]
    return json.dumps([rows, {name: array.tolist() for name, array in model.state_dict().items()}])


def _assert_goes_on_to_the_same(folder: Path, *callbacks: Callback, **options: Any) -> None:
    whole = _train(folder / "whole", *callbacks, **options)
    with pytest.raises(_Killed):
        _train(folder / "killed", *callbacks, _KillAt(15), **options)
    assert _train(folder / "killed", *callbacks, **options) == whole


@pytest.mark.parametrize("masks", [np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM])
def test_every_kind_of_generator_is_saved(tmp_path: Path, masks: type[np.random.BitGenerator]) -> None:
    """Some keep arrays in their state."""
    _assert_goes_on_to_the_same(tmp_path, masks=masks)


def test_a_generator_of_another_kind_is_refused(tmp_path: Path) -> None:
    """In words, and before anything is restored."""
    with pytest.raises(_Killed):
        _train(tmp_path, _KillAt(15))
    with pytest.raises(ValueError, match=r"states of the random generators \['SFC64'\].*those of \['PCG64'\]"):
        _train(tmp_path, masks=np.random.SFC64)


def _brighter(batch: Any, epoch: int, number: int) -> Any:
    return batch + np.float32(0.01 * epoch)


@pytest.mark.parametrize("validation", [{"shuffle": True, "drop_last": True}, {"augmentation": _brighter}])
def test_validation_that_differs_from_epoch_to_epoch_goes_on_with_its_next_epoch(
    tmp_path: Path, validation: dict[str, Any]
) -> None:
    """The loader's epochs are counted on: other rows are left out, or changed otherwise, in each of them."""
    _assert_goes_on_to_the_same(tmp_path, validation=validation)


class _NoisyLoss(nn.SoftmaxCrossEntropy):
    """Draws noise for the logits from a generator of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(3)

    def forward(self, logits: nn.FloatArray, targets: Any) -> float:
        return super().forward(logits + 0.1 * self.rng.standard_normal(logits.shape, dtype=np.float32), targets)


def test_a_loss_that_draws_random_numbers_goes_on_with_its_next(tmp_path: Path) -> None:
    """Every random generator's state is saved, not the model's alone."""
    _assert_goes_on_to_the_same(tmp_path, loss=_NoisyLoss)


class _Remembering(Callback):
    """Has arrays in all layouts, and NumPy's scalars, for its state."""

    def __init__(self) -> None:
        grid = np.arange(12.0).reshape(3, 4)
        self.state: dict[str, Any] = {
            "transposed": grid.T, "every other": grid[:, ::2], "one value": np.broadcast_to(2.5, (5,)),
            "big-endian": grid.astype(">f8"), "no dimension": np.array(3.0), "empty": np.empty((0, 3)),
            "count": np.int64(3), "rate": np.float32(0.5), "flag": np.True_,
        }  # fmt: skip
        self.restored: dict[str, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        return self.state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.restored = state


def test_callbacks_get_back_what_they_gave_however_it_lay_in_memory(tmp_path: Path) -> None:
    """A checkpoint of such a state was damaged from the start: nothing could be resumed."""
    callback = _Remembering()
    _assert_goes_on_to_the_same(tmp_path, callback)
    assert callback.restored.keys() == callback.state.keys()
    for name, value in callback.state.items():
        assert np.shape(callback.restored[name]) == np.shape(value)
        np.testing.assert_array_equal(callback.restored[name], value)


def test_a_state_of_a_callback_without_its_numbers_is_named() -> None:
    """As of a checkpoint that another version of the callback wrote."""
    with pytest.raises(ValueError, match=r"expected a number as 'loss' of a callback's state, received NoneType"):
        BestWeights().load_state_dict({"epoch": 3, "loss": None})


def test_a_state_that_no_file_can_hold_is_named(tmp_path: Path) -> None:
    """At the first checkpoint, in one line."""
    callback = _Remembering()
    callback.state = {"seen": {1, 2}}
    with pytest.raises(TypeError, match=r"checkpoint: expected a state of arrays by name.*received set \{1, 2\}"):
        _train(tmp_path, callback)
