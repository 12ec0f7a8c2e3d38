"""A last layer that starts at zero lets no gradient pass at the first step; that is none that vanishes."""

from functools import partial

import numpy as np
import pytest

from glassnet import nn, optim
from glassnet.data import ArrayDataset
from glassnet.diagnostics import Setup, Telemetry, diagnose, training_of
from glassnet.training import Architecture, TrainingPlan, train_network


@pytest.mark.parametrize("zero_output", [False, True])
@pytest.mark.parametrize(("activation", "layers", "vanishes"), [("selu", 2, False), ("sigmoid", 8, True)])
def test_the_first_step_is_not_the_one_to_judge_by(
    activation: str, layers: int, vanishes: bool, zero_output: bool
) -> None:
    """A healthy network is called healthy, and eight sigmoid layers are found at the next step that was measured."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((96, 4)).astype(np.float32)
    rows = ArrayDataset(X, (X[:, 0] * X[:, 1] > 0).astype(np.int64))
    sizes = (4, *[12] * layers, 2)
    architecture = Architecture(sizes, activation, init="xavier_normal", zero_output=zero_output)
    plan = TrainingPlan(architecture, nn.SoftmaxCrossEntropy, partial(optim.Adam, learning_rate=0.01), epochs=6)
    telemetry = Telemetry(2)
    trained = train_network(plan, rows, rows, [telemetry])
    setup = Setup(hidden_sizes=sizes[1:-1], activation=activation, zero_output=zero_output)
    found = [finding.name for finding in diagnose(training_of(trained.history, telemetry.rows, setup, 2))]
    assert ("vanishing gradients" in found) is vanishes
