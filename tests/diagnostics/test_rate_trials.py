"""Short trainings at several rates: which are tried, what decides, and what is said if none goes on."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.diagnostics import RateTrials, learning_rate_range_test, rate_trials, try_learning_rates
from glassnet.training import Architecture, TrainingDivergedError, TrainingPlan, train_network
from glassnet.training.train import make_network


def _rows(seed: int, scale: float = 1.0) -> ArrayDataset:
    rng = np.random.default_rng(seed)
    X = (scale * rng.standard_normal((80, 4))).astype(np.float32)
    return ArrayDataset(X, (X[:, 0] * X[:, 1] > 0).astype(np.int64))


def _plan(**changes: Any) -> TrainingPlan:
    plan = TrainingPlan(Architecture((4, 16, 2)), nn.SoftmaxCrossEntropy, batch_size=16, epochs=8)
    return replace(plan, **changes)


def test_a_trial_is_the_training_of_the_plan_at_that_rate() -> None:
    """The best validation loss with the plan's own seed; of the three best with two seeds more."""
    trials = try_learning_rates(_plan(seed=5), _rows(0), _rows(1), [0.003, 0.01, 0.03])
    assert (trials.epochs, trials.steps) == (8, 40)
    for rate in (0.01, trials.best):
        for seed, loss in enumerate(trials.losses[rate], 5):
            plan = _plan(seed=seed, optimizer=partial(optim.Adam, learning_rate=rate))
            assert loss == train_network(plan, _rows(0), _rows(1), []).chosen["best_validation_loss"]
    assert trials.means[trials.best] == min(trials.means.values())
    firsts = sorted(losses[0] for losses in trials.losses.values())
    assert sorted(trials.losses[rate][0] for rate in trials.means) == firsts[:3]
    assert {len(losses) for losses in trials.losses.values()} == {1, 3}
    assert trials == try_learning_rates(_plan(seed=5), _rows(0), _rows(1), [0.03, 0.01, 0.003])


@pytest.mark.parametrize("begin", [[1e-4], [3.0], [1e-5, 1.0], [0.02]])
def test_the_best_rate_ends_up_among_others(monkeypatch: pytest.MonkeyPatch, begin: list[float]) -> None:
    """From far below, from far above, from both sides of it, and from close by."""

    def valley(*arguments: Any, **_: Any) -> float:
        return abs(math.log(arguments[3] / 0.05)) if arguments[3] < 2 else math.inf

    monkeypatch.setattr(rate_trials, "_best_loss", valley)
    trials = try_learning_rates(_plan(), _rows(0), _rows(1), begin)
    rates = list(trials.losses)
    place = rates.index(trials.best)
    assert rates == sorted(rates)
    assert 0 < place < len(rates) - 1 or len(rates) == rate_trials.MOST
    assert 0.05 / 1.6 < trials.best < 0.05 * 1.6 or begin == [1e-4]  # which stops at ten rates, on its way up


@pytest.mark.parametrize(
    ("rows", "batch_size", "epochs", "expected"),
    [(80, 16, 600, 400), (80, 16, 50, 50), (20_000, 256, 600, 5), (80_000, 16, 600, 3), (80_000, 16, 2, 2)],
)
def test_a_trial_is_short(
    monkeypatch: pytest.MonkeyPatch, rows: int, batch_size: int, epochs: int, expected: int
) -> None:
    """2,000 steps or 100,000 examples, at least three epochs, never more than the plan has; a warm-up fits into it."""
    plans: list[TrainingPlan] = []

    def keep(plan: TrainingPlan, *_: Any, **__: Any) -> float:
        plans.append(plan)
        return 1.0

    monkeypatch.setattr(rate_trials, "_best_loss", keep)
    many = ArrayDataset(np.zeros((rows, 1), np.float32), np.zeros(rows, np.int64))
    trials = try_learning_rates(_plan(epochs=epochs, batch_size=batch_size, warmup_epochs=1), many, many, [0.1])
    assert trials.epochs == expected == plans[0].epochs
    assert plans[0].warmup_epochs == 1


def test_a_rate_that_diverges_loses() -> None:
    """Without a warning: its infinite loss says it; the others are tried below it."""
    plan = _plan(optimizer=partial(optim.SGD, learning_rate=0.1))
    trials = try_learning_rates(plan, _rows(0, 100.0), _rows(1, 100.0), [1e4])
    assert trials.losses[1e4] == [math.inf]
    assert trials.best < 1e4


def test_what_no_rate_has_caused_is_an_error() -> None:
    """Validation rows that are not finite; and no rates at all."""
    broken = _rows(1)
    broken.X[3, 2] = np.nan
    with pytest.raises(TrainingDivergedError, match="1 of the validation data's examples have features"):
        try_learning_rates(_plan(), _rows(0), broken, [0.01])
    with pytest.raises(ValueError, match="expected at least one rate, received none"):
        try_learning_rates(_plan(), _rows(0), _rows(1), [])


def test_the_mean_over_the_seeds_decides() -> None:
    """Not the luck of one: neither of a rate that has all seeds, nor of one that has not."""
    losses = {0.1: [0.0, 3.0, 3.0], 0.2: [1.0, 1.0, 1.0], 0.3: [0.5], 0.4: [0.1, math.inf, 0.1]}
    trials = RateTrials(losses, 3, 9)
    assert trials.means == {0.1: 2.0, 0.2: 1.0, 0.4: math.inf}
    assert trials.best == 0.2


@pytest.mark.slow
def test_digits_get_a_rate_that_trains_well() -> None:
    """With 16 units: rates from 0.001 to 0.018 are within 1.3 of the best, 0.063 is far from it."""
    X, y = load_digits(return_X_y=True)
    X = ((X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-3)).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(X))
    train, validation = (ArrayDataset(X[rows], y[rows]) for rows in (order[:1_079], order[1_079:1_438]))
    plan = _plan(
        architecture=Architecture((64, 16, 10)),
        optimizer=partial(optim.Adam, learning_rate=0.01),
        schedule=lambda rate, steps, _: optim.cosine(rate, steps),
        epochs=60,
    )
    model, loss = make_network(plan, train)
    loader = DataLoader(train, 16, shuffle=True)
    test = learning_rate_range_test(model, loss, plan.optimizer(model.parameters()), loader)
    trials = try_learning_rates(plan, train, validation, test.choices.values())
    assert test.suggestion < 0.05
    assert 0.001 <= trials.best <= 0.02
