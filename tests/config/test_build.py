"""Plans built from settings: every optimizer and schedule that conf/ offers, in a training."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from glassnet import nn, optim
from glassnet.config import UserError, parse_settings, plan_of_baseline, training_plan
from glassnet.data import ArrayDataset
from glassnet.training import (
    Callback,
    Row,
    TrainingRun,
    predict,
    retrain_network,
    train_network,
)
from glassnet.training.plan import constant
from tests.settings import PROJECT, params, read_choice


def _choices(group: str) -> list[str]:
    return sorted(path.stem for path in (PROJECT / "conf" / group).glob("*.yaml"))


def _train(**changes: Any) -> tuple[bytes, list[Row]]:
    values = params()
    for section, change in changes.items():
        values[section] = {**values[section], **change} if section == "training" else change
    values["training"]["epochs"] = 8
    plan = training_plan(parse_settings(values, "test"), 4, 3)
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = (np.eye(3, 4)[y] * 3 + rng.standard_normal((90, 4))).astype(np.float32)
    train, validation = ArrayDataset(X[:60], y[:60]), ArrayDataset(X[60:], y[60:])
    trained = train_network(plan, train, validation, [])
    return b"".join(array.tobytes() for array in trained.model.state_dict().values()), trained.history


def _group(group: str, choice: str) -> Any:
    return read_choice(group, choice)


OF_LONG_TRAININGS = {"capstone"}  # their rates are for thousands of steps


@pytest.mark.parametrize("choice", sorted({*_choices("optimizer")} - OF_LONG_TRAININGS))
def test_every_optimizer_learns(choice: str) -> None:
    """With the settings in its file the loss falls; the same settings give the same bytes."""
    weights, history = _train(optimizer=_group("optimizer", choice))
    assert history[-1]["validation_loss"] < 0.8 * history[0]["validation_loss"]
    assert _train(optimizer=_group("optimizer", choice))[0] == weights


@pytest.mark.parametrize(
    ("choice", "change", "rates"),
    [
        ("constant", {}, (1, 1)),
        ("step", {"every_epochs": 4}, (0.1, 1)),
        ("exponential", {"every_epochs": 4}, (0.01, 0.6)),
        ("coslog4", {}, (0, 0.55)),
        ("cosine", {}, (0.01, 0.99)),
        ("one_cycle", {}, (0, 0.3)),
        ("capstone", {}, (0, 1)),
        ("plateau", {"patience": 1, "minimum_change": 5.0}, (0, 1)),
        ("constant", {"warmup_epochs": 2}, (1, 0.5)),
        ("plateau", {"patience": 1, "minimum_change": 5.0, "warmup_epochs": 2}, (0, 0.5)),
    ],
)
def test_every_schedule_steers_the_rate(choice: str, change: dict[str, Any], rates: tuple[float, float]) -> None:
    """The last rate of the training, and that of its first epoch, as shares of the optimizer's rate of 0.01."""
    _, history = _train(schedule={**_group("schedule", choice), **change})
    last, first = (history[at]["learning_rate"] / 0.01 for at in (-1, 0))
    assert (last, first) == pytest.approx(rates, abs=0.06)


def test_an_unknown_choice_is_refused() -> None:
    """It was taken for Adam, or for a constant rate."""
    settings = parse_settings(params(), "test")
    for group in ("optimizer", "schedule"):
        unknown = getattr(settings, group).model_copy(update={"name": "lion"})
        with pytest.raises(ValueError, match=rf"{group}: expected .*, received 'lion'"):
            training_plan(settings.model_copy(update={group: unknown}), 4, 3)


def test_the_schedule_starts_from_the_rate_that_the_optimizer_has() -> None:
    """An optimizer may change the rate that it is given: it is the only owner."""

    class Tenth(optim.SGD):
        def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float) -> None:
            super().__init__(parameters, learning_rate / 10)

    plan = training_plan(parse_settings(params(), "test"), 4, 3)
    y = np.arange(60) % 3
    rows = ArrayDataset(np.eye(3, 4, dtype=np.float32)[y], y)
    for make, rate in ((Tenth, 0.02), (optim.SGD, 0.2)):
        of_own = replace(plan, optimizer=partial(make, learning_rate=0.2), schedule=constant, epochs=1)
        assert train_network(of_own, rows, rows, []).history[0]["learning_rate"] == pytest.approx(rate)


def test_every_choice_of_schedule_is_tried_above() -> None:
    """A new file in conf/schedule wants its row."""
    tried = test_every_schedule_steers_the_rate.pytestmark[0].args[1]
    assert {choice for choice, *_ in tried} == set(_choices("schedule"))


def test_penalty_clipping_and_averaging_take_part() -> None:
    """Each setting changes the weights; the penalty shows in the history."""
    plain, history = _train()
    assert history[-1]["penalty"] == 0
    for change in ({"l2": 0.01}, {"max_gradient_norm": 0.01}, {"max_gradient_value": 0.001}, {"average_decay": 0.9}):
        weights, history = _train(training=change)
        assert weights != plain, change
        assert (history[-1]["penalty"] > 0) == ("l2" in change)


class _At(Callback):
    """Keeps the weights that the network has after an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch, self.state = epoch, b""

    def on_epoch_end(self, run: TrainingRun) -> None:
        if run.epoch == self.epoch:
            self.state = b"".join(array.tobytes() for array in run.model.state_dict().values())


def test_the_final_network_learns_from_both_splits_for_the_chosen_epochs() -> None:
    """It is what a training on all rows, under the schedule of all epochs, has after as many as were chosen."""
    values = params()
    values["training"] |= {"epochs": 8, "average_decay": 0.5}
    plan = training_plan(parse_settings(values, "test"), 4, 3)
    X, y = np.random.default_rng(0).standard_normal((90, 4)).astype(np.float32), np.arange(90) % 3
    train, validation = ArrayDataset(X[:60], y[:60]), ArrayDataset(X[60:], y[60:])
    seen = _At(5)
    whole = train_network(plan, ArrayDataset(X, y), validation, [seen])
    model = retrain_network(plan, train, validation, 5, [])
    assert b"".join(array.tobytes() for array in model.state_dict().values()) == seen.state
    assert len(whole.history) == 8


def test_a_final_training_cannot_follow_a_plateau() -> None:
    """There is no validation split left that could be flat."""
    values = params()
    values["schedule"] = _group("schedule", "plateau")
    values["training"]["final"] = True
    with pytest.raises(UserError, match=r"schedule: expected one other than plateau"):
        parse_settings(values, "test")


@pytest.mark.parametrize(("rows", "features"), [(120, 5), (1_200, 40), (5_000, 100)])
def test_the_baseline_is_as_good_as_softmax_regression_gets(rows: int, features: int) -> None:
    """Whatever the network's batch size: within 3% of scikit-learn's log-loss on rows that neither has seen."""
    rng = np.random.default_rng(rows)
    X = rng.standard_normal((2 * rows, features)).astype(np.float32)
    X += X[:, :1]  # correlated, as real features are
    logits = X @ rng.standard_normal((features, 4)) / np.sqrt(features)
    y = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
    learn, choose = (
        ArrayDataset(X[:rows], y[:rows]),
        ArrayDataset(X[rows : rows + rows // 4], y[rows : rows + rows // 4]),
    )
    test = slice(rows + rows // 4, None)
    trained = []
    for change in ({}, {"batch_size": 8}):
        values = params()
        values["training"] |= change
        plan = plan_of_baseline(parse_settings(values, "test"), features, 4, rows)
        trained.append(train_network(plan, learn, choose, []))
    states = [b"".join(array.tobytes() for array in each.model.state_dict().values()) for each in trained]
    assert states[0] == states[1]
    loss = metrics.log_loss(y[test], predict(trained[0].model, X[test]), labels=range(4))
    best = min(
        metrics.log_loss(y[test], LogisticRegression(C=C, max_iter=500).fit(learn.X, learn.y).predict_proba(X[test]))
        for C in (0.01, 1.0)
    )
    assert loss < 1.03 * best
