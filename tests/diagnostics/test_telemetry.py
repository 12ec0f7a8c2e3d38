"""Telemetry: what it measures, when, and that it leaves the training as it was."""

import csv
from pathlib import Path

import numpy as np
import pytest

from glassnet import data, nn, optim, training
from glassnet.diagnostics import Telemetry, write_telemetry
from glassnet.training import Callback, TrainingRun
from tests.nn.modules import MODULES


def _fit(model: nn.Module, callbacks: list[Callback], epochs: int = 2) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((70, 4)).astype(np.float32), rng.integers(0, 3, 70)
    rows = data.ArrayDataset(X, y)
    loaders = data.DataLoader(rows, 10, shuffle=True), data.DataLoader(rows, 32)
    optimizer = optim.SGD(model.parameters(), 0.1)
    training.fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, epochs=epochs, callbacks=callbacks)


def _model(activation: str = "relu") -> nn.Sequential:
    return nn.mlp([4, 6, 3], activation=activation, dropout=0.1, rng=np.random.default_rng(1))


class _Spy(Callback):
    """Keeps the gradient of the first step and the weights before and after it."""

    def on_gradients_ready(self, run: TrainingRun) -> None:
        if run.step == 0:
            self.gradient = run.parameters[0].grad.copy()
            self.before = run.parameters[0].data.copy()

    def on_batch_end(self, run: TrainingRun) -> None:
        if run.step == 1:
            self.after = run.parameters[0].data.copy()


def test_rows_are_tidy_and_say_what_numpy_says() -> None:
    """Of the first step: gradient and update of the first weights, activations of every layer."""
    telemetry, spy = Telemetry(every=5), _Spy()
    _fit(_model(), [telemetry, spy])
    assert sorted({row.step for row in telemetry.rows}) == [0, 5, 7, 10, 14]  # every fifth step, and both epochs' ends
    first = {(row.layer, row.statistic): row.value for row in telemetry.rows if row.step == 0}
    assert {layer for layer, statistic in first if statistic == "mean"} == {"0", "1", "2", "3"}
    assert {layer for layer, statistic in first if statistic == "gradient_norm"} == {"0.W", "0.b", "3.W", "3.b"}
    assert {layer for layer, statistic in first if statistic == "update_ratio"} == {"0.W", "3.W"}  # biases are zero
    assert first["0.W", "gradient_norm"] == pytest.approx(np.linalg.norm(spy.gradient), rel=1e-6)
    assert first["0.W", "gradient_min"] == spy.gradient.min()
    assert first["0.W", "gradient_max"] == spy.gradient.max()
    ratio = np.linalg.norm(spy.after - spy.before) / np.linalg.norm(spy.before)
    assert first["0.W", "update_ratio"] == pytest.approx(ratio, rel=1e-5)
    assert first["1", "min"] == 0
    assert 0 < first["1", "zero_share"] < 1
    assert ("1", "saturated_share") not in first


def test_activations_are_measured_as_they_are() -> None:
    """Mean, deviation, extremes and the saturated share of the first batch are NumPy's."""
    outputs: list[nn.FloatArray] = []

    class Watched(nn.Tanh):
        def forward(self, X: nn.FloatArray) -> nn.FloatArray:
            outputs.append(super().forward(X))
            return outputs[-1]

    telemetry = Telemetry(every=1000)
    dense = nn.Dense(4, 3, rng=np.random.default_rng(0), init=8.0)
    _fit(nn.Sequential(dense, Watched()), [telemetry], epochs=1)
    values = {row.statistic: row.value for row in telemetry.rows if row.layer == "1"}
    Y = outputs[0]
    assert values["mean"] == pytest.approx(Y.mean(), abs=1e-6)
    assert values["std"] == pytest.approx(Y.std(), rel=1e-5)
    assert [values["min"], values["max"]] == [float(Y.min()), float(Y.max())]
    assert values["saturated_share"] == np.mean(np.abs(Y) > 0.999) > 0.5


def test_units_that_never_fire_are_counted_over_the_whole_validation_set() -> None:
    """Two units of six are pushed far below zero; the batches of 32 are seen together, not one at a time."""
    model = _model()
    bias = model.parameters()[1]
    bias.data = np.array([[0, -1e6, 0, 0, -1e6, 0]], dtype=np.float32)
    telemetry = Telemetry()
    _fit(model, [telemetry])
    assert [(row.step, row.value) for row in telemetry.rows if row.statistic == "dead_units"] == [(7, 2.0), (14, 2.0)]


def test_it_leaves_the_training_and_the_model_as_they_were() -> None:
    """The same weights with and without, and no layer keeps a forward of its own."""
    plain, observed = _model("sigmoid"), _model("sigmoid")
    _fit(plain, [])
    _fit(observed, [Telemetry(every=1)])
    theirs = observed.state_dict()
    assert all(array.tobytes() == theirs[name].tobytes() for name, array in plain.state_dict().items())
    assert not any("forward" in vars(module) for module in observed.modules())


@pytest.mark.parametrize("name", MODULES)
def test_each_module_is_measured_by_name_and_trains_on_as_without(name: str) -> None:
    """Inside a network: finite numbers for every leaf, and the weights of a training that nobody watched."""
    states = []
    for telemetry in (Telemetry(every=5), None):
        rng = np.random.default_rng(2)
        inner = MODULES[name](4, np.float32)
        model = nn.Sequential(nn.Dense(4, 4, rng=rng), inner, nn.Dense(4, 3, rng=rng))
        _fit(model, [telemetry] if telemetry else [], epochs=1)
        states.append([array.tobytes() for array in model.state_dict().values()])
        if telemetry:
            leaves = {layer for layer, module in model.named_modules() if not list(module.children())}
            assert leaves <= {row.layer for row in telemetry.rows if row.statistic == "mean"}
            assert all(np.isfinite(row.value) for row in telemetry.rows)
    assert states[0] == states[1]


def test_rows_are_written_as_csv(tmp_path: Path) -> None:
    """Four columns, one measurement a line, floats in full."""
    telemetry = Telemetry(every=7)
    _fit(_model(), [telemetry])
    write_telemetry(tmp_path / "telemetry.csv", telemetry.rows)
    with (tmp_path / "telemetry.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(int(r["step"]), r["layer"], r["statistic"], float(r["value"])) for r in lines] == telemetry.rows


def test_a_bad_interval_is_refused() -> None:
    """The setting, what was expected, what came."""
    with pytest.raises(ValueError, match=r"Telemetry: expected every .*received int 0"):
        Telemetry(0)
