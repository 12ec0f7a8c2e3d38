"""Penalty and data loss apart, averaged weights, the plateau schedule in a training, and regression."""

from typing import Any

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.diagnostics import gradient_check
from glassnet.training import (
    BestWeights,
    Callback,
    EarlyStopping,
    LearningRateSchedule,
    TrainingRun,
    WeightAveraging,
    evaluate,
    fit,
    predict,
    recompute_batch_statistics,
)


def _rows(n: int = 64) -> ArrayDataset:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 3)).astype(np.float32)
    return ArrayDataset(X, (X[:, 0] > 0).astype(np.int64))


def _fit(model: nn.Module, optimizer: optim.Optimizer, callbacks: Any = (), epochs: int = 3, **options: Any) -> Any:
    loaders = DataLoader(_rows(), 16, shuffle=True), DataLoader(_rows(), 64)
    return fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, epochs, callbacks, **options)


def _model(seed: int = 1) -> nn.Sequential:
    return nn.mlp([3, 8, 2], rng=np.random.default_rng(seed), dtype=np.float32)


def test_the_penalty_is_reported_apart_and_shrinks_the_weights() -> None:
    """The losses stay data losses: what `evaluate` says of the final weights; ½λΣW² stands beside them."""
    free, bound = _model(), _model()
    without = _fit(free, optim.SGD(free.parameters(), 0.1), epochs=20)
    history = _fit(bound, optim.SGD(bound.parameters(), 0.1), epochs=20, penalty=nn.L2Penalty(0.1))
    weights = [parameter.data for parameter in bound.parameters() if parameter.decays]
    assert history[-1]["penalty"] == pytest.approx(0.05 * sum(np.sum(np.square(W)) for W in weights), rel=1e-6)
    assert without[-1]["penalty"] == 0
    scores = evaluate(bound, nn.SoftmaxCrossEntropy(), DataLoader(_rows(), 64))
    assert scores["loss"] == history[-1]["validation_loss"]
    assert np.linalg.norm(weights[0]) < 0.7 * np.linalg.norm(free.parameters()[0].data)


def test_for_sgd_a_penalty_is_weight_decay() -> None:
    """η·λ·W taken off each weight beside the gradient's own step: one batch, by hand."""
    model = _model()
    before = model.state_dict()
    rows = DataLoader(_rows(), 64)
    optimizer = optim.SGD(model.parameters(), 0.1)
    loss = nn.SoftmaxCrossEntropy()
    X, y = next(iter(rows))
    loss.forward(model.forward(X), y)
    model.zero_grad()
    model.backward(loss.backward())
    gradient = model.parameters()[0].grad.copy()
    fit(model, loss, optimizer, rows, rows, 1, penalty=nn.L2Penalty(0.5))
    expected = before["0.W"] - 0.1 * gradient - 0.1 * 0.5 * before["0.W"]
    np.testing.assert_allclose(model.state_dict()["0.W"], expected, rtol=1e-5, atol=1e-7)


def test_penalty_and_weight_decay_together_are_refused() -> None:
    """Before anything is trained, naming both; either alone is fine, and so is one of them at zero."""
    model = _model()
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"received both: L2Penalty\(0.1\) and AdamW\(weight_decay=0.01\)"):
        _fit(model, optim.AdamW(model.parameters()), penalty=nn.L2Penalty(0.1))
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    _fit(model, optim.AdamW(model.parameters(), weight_decay=0.0), penalty=nn.L2Penalty(0.1), epochs=1)
    _fit(model, optim.AdamW(model.parameters()), penalty=nn.L2Penalty(0.0), epochs=1)


class _Weights(Callback):
    """Keeps what a training has in place at its turning points."""

    def __init__(self) -> None:
        self.after_batches: list[Any] = []
        self.after_epochs: list[Any] = []

    def on_batch_end(self, run: TrainingRun) -> None:
        self.after_batches.append(run.model.state_dict())

    def on_epoch_end(self, run: TrainingRun) -> None:
        self.after_epochs.append(run.model.state_dict())


@pytest.mark.parametrize("first", [True, False])
def test_averaged_weights_are_evaluated_and_saved_while_training_goes_on(first: bool) -> None:
    """The training's own weights move as without averaging; the average is validated, kept as best, and remains."""
    plain, averaged = _model(), _model()
    recorder, spy, best, averaging = _Weights(), _Weights(), BestWeights(), WeightAveraging(0.8)
    _fit(plain, optim.Adam(plain.parameters(), 0.05), [recorder])
    callbacks = [averaging, best, spy] if first else [best, spy, averaging]
    history = _fit(averaged, optim.Adam(averaged.parameters(), 0.05), callbacks)
    for ours, theirs in zip(spy.after_batches, recorder.after_batches, strict=True):
        assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
    expected = _model().state_dict()["0.W"].astype(np.float64)
    for state in recorder.after_batches:
        expected = 0.8 * expected + 0.2 * state["0.W"]
    np.testing.assert_allclose(spy.after_epochs[-1]["0.W"], expected, rtol=1e-5)
    assert best.epoch == 3
    assert averaged.state_dict()["0.W"].tobytes() == spy.after_epochs[-1]["0.W"].tobytes()
    scores = evaluate(averaged, nn.SoftmaxCrossEntropy(), DataLoader(_rows(), 64))
    assert scores["loss"] == history[-1]["validation_loss"]


def test_averaged_weights_have_batch_statistics_of_their_own() -> None:
    """The mean over all training rows of what the averaged layer sees; the training's own go on undisturbed."""

    def model() -> nn.Sequential:
        return nn.mlp([3, 8, 2], normalization="batch", dropout=0.5, rng=np.random.default_rng(1))

    plain, averaged = model(), model()
    recorder, spy = _Weights(), _Weights()
    _fit(plain, optim.SGD(plain.parameters(), 0.5), [recorder])
    history = _fit(averaged, optim.SGD(averaged.parameters(), 0.5), [WeightAveraging(0.9), spy])
    for ours, theirs in zip(spy.after_batches, recorder.after_batches, strict=True):
        assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
    dense, norm, *_ = averaged.layers
    assert isinstance(norm, nn.BatchNorm)
    Z = dense.forward(np.asarray(_rows().X))  # what it sees, of all 64 rows, which came in batches of 16
    np.testing.assert_allclose(norm.running_mean, Z.mean(axis=0, keepdims=True), rtol=1e-4, atol=1e-6)
    assert norm.momentum == 0.1
    scores = evaluate(averaged, nn.SoftmaxCrossEntropy(), DataLoader(_rows(), 64))
    assert scores["loss"] == history[-1]["validation_loss"]


def test_recomputed_batch_statistics_weigh_rows_not_batches() -> None:
    """Of batches of 4 and 2 rows the mean is that of the six; modes, momentum and random streams stay as they were."""
    X = np.array([[1.0], [2.0], [3.0], [6.0], [10.0], [14.0]], dtype=np.float32)
    layer, dropout = nn.BatchNorm(1), nn.Dropout(0.5, rng=np.random.default_rng(0))
    model = nn.Sequential(dropout, layer)
    state = dropout.rng.bit_generator.state
    recompute_batch_statistics(model, DataLoader(ArrayDataset(X, np.zeros(6, dtype=np.int64)), 4))
    assert float(layer.running_mean[0, 0]) == pytest.approx(6)
    assert float(layer.running_var[0, 0]) == pytest.approx((4 * X[:4].var(ddof=1) + 2 * X[4:].var(ddof=1)) / 6)
    assert layer.training
    assert layer.momentum == 0.1
    assert dropout.rng.bit_generator.state == state


def test_a_plateau_lowers_the_rate_in_a_training_also_behind_a_warm_up() -> None:
    """With a threshold so large that nothing counts as a fall, each epoch after the first halves the rate."""
    for warm in (False, True):
        model = _model()
        plateau = optim.ReduceOnPlateau(0.1, factor=0.5, patience=1, minimum_change=10.0)
        before = optim.with_warmup(plateau, 2)
        schedule = LearningRateSchedule(before if warm else plateau)
        history = _fit(model, optim.SGD(model.parameters(), 0.1), [schedule], epochs=4)
        assert [row["learning_rate"] for row in history] == [0.1, 0.1, 0.05, 0.025]
        again = _model()
        history = _fit(again, optim.SGD(again.parameters(), 0.1), [schedule], epochs=2)
        assert [row["learning_rate"] for row in history] == [0.1, 0.1]  # not where the training before has left it


def test_a_plateau_does_not_watch_the_warm_up() -> None:
    """Four steps an epoch, eight of warm-up: epoch 3 has the full rate, the first whose loss is noted."""
    model = _model()
    plateau = optim.ReduceOnPlateau(0.1, factor=0.5, patience=1, minimum_change=10.0)
    schedule = LearningRateSchedule(optim.with_warmup(plateau, 8))
    rates = [row["learning_rate"] for row in _fit(model, optim.SGD(model.parameters(), 0.1), [schedule], epochs=5)]
    assert rates[1:] == pytest.approx([0.1 * 8 / 9, 0.1, 0.1, 0.05])


@pytest.mark.parametrize(
    "schedule", [optim.with_warmup(optim.constant(0.1), 20), optim.one_cycle(0.1, 40, rising_fraction=0.5)]
)
def test_early_stopping_waits_until_the_rate_no_longer_rises(schedule: optim.Schedule) -> None:
    """With a threshold so large that nothing counts as a fall, patience begins with the epoch of the highest rate.

    That is epoch 6 after 20 steps of warm-up, four an epoch, and epoch 5 where one-cycle climbs for 20 steps.
    """
    model = _model()
    callbacks = [LearningRateSchedule(schedule), EarlyStopping(2, minimum_change=10.0)]
    history = _fit(model, optim.SGD(model.parameters(), 0.1), callbacks, epochs=10)
    rates = [row["learning_rate"] for row in history]
    assert len(history) == 1 + rates.index(max(rates)) + 2


@pytest.mark.parametrize("rate", [None, "0.1", -0.1, float("nan"), np.array([0.1])])
def test_a_schedule_that_returns_no_rate_is_one_line(rate: Any) -> None:
    """Before it does anything to the weights."""
    model = _model()
    before = model.state_dict()["0.W"].tobytes()
    with pytest.raises(ValueError, match=r"LearningRateSchedule: expected a finite number 0 <= learning rate"):
        _fit(model, optim.SGD(model.parameters(), 0.1), [LearningRateSchedule(lambda step: rate)])
    assert model.state_dict()["0.W"].tobytes() == before


def test_the_rate_is_a_plain_number_whatever_float_the_schedule_returns() -> None:
    """A checkpoint and a history can hold no other."""
    model = _model()
    optimizer = optim.SGD(model.parameters(), 0.1)
    history = _fit(model, optimizer, [LearningRateSchedule(lambda step: np.float32(0.25))])  # type: ignore[arg-type,return-value]
    assert type(optimizer.learning_rate) is type(history[-1]["learning_rate"]) is float


class _Huber(nn.Loss):
    """A loss written to the docstring of `Loss` and no further: it says nothing of weights."""

    score_name = "mae"

    def forward(self, outputs: nn.FloatArray, targets: Any) -> float:
        errors = outputs.astype(np.float64) - targets
        self._memory = errors, outputs.dtype
        small = np.abs(errors) < 1
        return float(np.mean(np.where(small, errors**2 / 2, np.abs(errors) - 0.5)))

    def backward(self) -> nn.FloatArray:
        errors, dtype = self.recall()
        return (np.clip(errors, -1, 1) / errors.size).astype(dtype)

    def score_sum(self, outputs: nn.FloatArray, targets: Any) -> float:
        return float(np.abs(outputs - targets).sum())


def test_a_loss_of_ones_own_weighs_examples() -> None:
    """It passes the gradient check, trains, and unequal batches give the mean that one batch gives."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((70, 2)).astype(np.float32)
    rows = ArrayDataset(X, (2 * X[:, :1] - X[:, 1:]).astype(np.float32))
    model, loss = nn.mlp([2, 1], init="zeros"), _Huber()
    assert gradient_check(model, loss, X[:5], rows.y[:5]).max_relative_error < 1e-6
    fit(model, loss, optim.SGD(model.parameters(), 0.1), DataLoader(rows, 16), DataLoader(rows, 32), 1)
    parts, whole = (evaluate(model, loss, DataLoader(rows, size)) for size in (32, 70))
    assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-6)


def test_regression_from_end_to_end() -> None:
    """y = 2x₁ − x₂ + 1 is learnt exactly; the score is the mean absolute error, over examples of unequal batches."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((70, 2)).astype(np.float32)
    T = (2 * X[:, :1] - X[:, 1:] + 1).astype(np.float32)
    rows = ArrayDataset(X, T)
    model = nn.mlp([2, 1], init="zeros")
    loss, optimizer = nn.MeanSquaredError(), optim.SGD(model.parameters(), 0.2)
    history = fit(model, loss, optimizer, DataLoader(rows, 16, shuffle=True), DataLoader(rows, 32), 40)
    assert {"train_mae", "validation_mae"} < set(history[0])
    assert history[-1]["validation_loss"] < 1e-8
    np.testing.assert_allclose(model.state_dict()["0.W"][:, 0], [2, -1], atol=1e-4)
    predictions = predict(model, X, output=lambda outputs: outputs)
    parts = evaluate(model, loss, DataLoader(rows, 32))
    assert parts["mae"] == pytest.approx(np.abs(predictions.astype(np.float64) - T).mean(), rel=1e-9)
