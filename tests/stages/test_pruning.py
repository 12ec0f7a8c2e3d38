"""Which trainings of a search are ended early: those behind most finished ones, from two fifths of the way on."""

from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from glassnet.runs import PrunedError
from glassnet.stages.pruning import FIRST, Pruner, make_pruner


@pytest.fixture
def study() -> optuna.Study:
    """With eight finished trials, of losses 0.1 to 0.8 all along."""
    study = optuna.create_study(pruner=make_pruner())
    for number in range(8):
        _train(study, [(8 - number) / 10] * 20)
    return study


def _train(study: optuna.Study, losses: list[float], epochs: int = 20) -> Pruner:
    """Train with these losses, epoch by epoch."""
    trial = study.ask()
    watcher = Pruner(trial)
    for epoch, loss in enumerate(losses, 1):
        reason = "early" if epoch == len(losses) < epochs else ""
        run: Any = SimpleNamespace(history=[{"validation_loss": loss}], epoch=epoch, epochs=epochs, stop_reason=reason)
        watcher.on_epoch_end(run)
    watcher.finish([], epochs)
    study.tell(trial, watcher.best)
    return watcher


def test_only_the_last_quarter_is_ended(study: optuna.Study) -> None:
    """And what is better than that is not."""
    _train(study, [0.62] * 20)
    with pytest.raises(
        PrunedError, match=r"after epoch 8 of 20, at a validation loss of 0.7: 75% of the finished trials"
    ):
        _train(study, [0.7] * 20)


def test_nothing_is_ended_before_two_fifths(study: optuna.Study) -> None:
    """A training that is slow to begin with may be the best."""
    watcher = _train(study, [9.0] * 7 + [0.05] * 13)
    assert watcher.losses == {1: 9.0, 2: 9.0, 3: 9.0, **dict.fromkeys(range(4, 11), 0.05)}


def test_what_counts_is_the_best_epoch_so_far(study: optuna.Study) -> None:
    """A loss that rises again is no worse: the weights of its best epoch are kept."""
    watcher = _train(study, [0.3] + [9.0] * 19)
    assert watcher.best == 0.3


def test_the_first_trials_are_not_ended() -> None:
    """There is nothing to compare with."""
    study = optuna.create_study(pruner=make_pruner())
    for number in range(FIRST):
        _train(study, [float(number)] * 20)
    with pytest.raises(PrunedError):
        _train(study, [9.0] * 20)


def test_trainings_of_any_length_are_compared_at_the_same_share(study: optuna.Study) -> None:
    """Of 5 epochs as of 200, and one that stopped early stands for what it would have been at the end."""
    with pytest.raises(PrunedError, match="after epoch 2 of 5,"):
        _train(study, [0.9] * 5, epochs=5)
    with pytest.raises(PrunedError, match="after epoch 80 of 200,"):
        _train(study, [0.9] * 200, epochs=200)
    assert _train(study, [0.2] * 3).losses == dict.fromkeys(range(1, 11), 0.2)


def test_a_training_that_ends_by_itself_is_not_ended(study: optuna.Study) -> None:
    """After its last epoch, or when it stops, nothing is saved any more."""
    assert _train(study, [0.9] * 8).best == 0.9


def test_a_finished_training_is_told_from_its_history(study: optuna.Study) -> None:
    """When a search goes on, nobody has watched it."""
    watcher = Pruner(study.ask())
    watcher.finish(({"epoch": float(epoch), "validation_loss": 1 / epoch} for epoch in range(1, 6)), epochs=10)
    assert watcher.losses == {**{step: 1 / step for step in range(1, 6)}, **dict.fromkeys(range(6, 11), 1 / 5)}
