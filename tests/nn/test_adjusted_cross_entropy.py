"""Cross-entropy with class weights whose minimum is the classes' own probabilities."""

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.diagnostics import gradient_check

WEIGHTS = [1.0, 20.0, 4.0]


def test_it_is_the_weighted_loss_of_shifted_logits() -> None:
    """With smoothing too; and its gradient is checked."""
    rng = np.random.default_rng(0)
    Z, y = rng.standard_normal((6, 3)), rng.integers(0, 3, 6)
    plain = nn.SoftmaxCrossEntropy(0.1, WEIGHTS)
    assert nn.AdjustedCrossEntropy(WEIGHTS, 0.1).forward(Z, y) == plain.forward(Z + np.log(WEIGHTS), y)
    model = nn.mlp([4, 5, 3], rng=rng, dtype=np.float64)
    X = rng.standard_normal((6, 4))
    assert gradient_check(model, nn.AdjustedCrossEntropy(WEIGHTS, 0.1), X, y).max_relative_error < 1e-6


def test_its_minimum_is_at_the_fractions_of_the_rows() -> None:
    """Where plain class weights lead a network that knows nothing of the rows to probabilities of even classes."""
    y = np.repeat([0, 1, 2], [90, 3, 7])
    X = np.ones((100, 1))
    model = nn.mlp([1, 3], init="zeros", dtype=np.float64)
    optimizer, loss = optim.Adam(model.parameters(), learning_rate=0.1), nn.AdjustedCrossEntropy([1, 30, 12])
    for _ in range(500):
        optimizer.zero_grad()
        loss.forward(model(X), y)
        model.backward(loss.backward())
        optimizer.step()
    np.testing.assert_allclose(nn.softmax(model(X))[0], [0.9, 0.03, 0.07], atol=1e-3)


def test_it_is_judged_without_weights_but_for_the_answers() -> None:
    """Losses of trainings with other weights are compared; a row counts as right by the largest `w_c p_c`."""
    Z, y = np.log([[0.9, 0.05, 0.05], [0.97, 0.01, 0.02]]), np.array([1, 0])
    loss = nn.AdjustedCrossEntropy(WEIGHTS)
    measure = loss.for_evaluation()
    assert measure.forward(Z, y) == nn.SoftmaxCrossEntropy().forward(Z, y)
    assert loss.score_sum(Z, y) == measure.score_sum(Z, y) == 2
    assert nn.SoftmaxCrossEntropy().score_sum(Z, y) == 1


def test_weights_that_are_none() -> None:
    """Of 0 there is no logarithm."""
    for weights in ([0.0, 1.0], [-1.0, 1.0], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="class_weights"):
            nn.AdjustedCrossEntropy(weights)
    with pytest.raises(ValueError, match="expected 2 class weights"):
        nn.AdjustedCrossEntropy(WEIGHTS).forward(np.zeros((1, 2)), np.array([0]))
    assert repr(nn.AdjustedCrossEntropy([1, 2])).startswith("AdjustedCrossEntropy(label_smoothing=0, class_weights=")
    for weights, smoothing in (([1.0, 2.0], 1.5), ([1.0, -2.0], 0.0)):
        with pytest.raises(ValueError, match=r"^AdjustedCrossEntropy: expected"):
            nn.AdjustedCrossEntropy(weights, smoothing)
