"""Telemetry: what activations, gradients and updates look like inside a network while it trains."""

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.nn.arrays import check_count
from glassnet.training import Callback, TrainingRun

SATURATED = 1e-3  # a sigmoid or tanh unit this close to a limit hardly passes a gradient on


class TelemetryRow(NamedTuple):
    """One measurement.

    Attributes:
        step: after how many updates it was taken.
        layer: the dotted name of the layer ("2"), or of the parameter ("2.W") where the statistic is of its gradient.
        statistic: what was measured, see `Telemetry`.
        value: the number.
    """

    step: int
    layer: str
    statistic: str
    value: float


class Telemetry(Callback):
    """Measures a training batch now and then, and units that never fire once an epoch; keeps tidy rows.

    Every `every` steps, for each layer without inner modules, over its output for the batch: "mean", "std", "min",
    "max"; for ReLU "zero_share", the share of entries that are exactly 0; for Sigmoid and Tanh "saturated_share", the
    share within 1e−3 of a limit. For each parameter, of its gradient: "gradient_norm", "gradient_min", "gradient_max",
    "gradient_zero_share"; and "update_ratio", the norm of the update over the norm of the values before it (about 1e−3
    is healthy). Gradients are taken as they are when this callback is called: before clipping if it stands earlier in
    the list of callbacks than the clipping, after it if later.

    After each epoch, for each ReLU: "dead_units", how many units were 0 for every example of the validation data.

    Nothing is measured between the sampled steps, and nothing is left in the model: a layer that is to be observed gets
    a `forward` of its own for one call, which takes itself away again.
    """

    def __init__(self, every: int = 50) -> None:
        """Sample every so many steps, beginning with the first."""
        self.every = check_count("Telemetry", "every", every)
        self._samples: list[tuple[int, str, dict[str, float]]] = []
        self._layers: list[tuple[str, nn.Module]] = []
        self._parameters: list[tuple[str, nn.Parameter]] = []
        self._outputs: list[FloatArray] = []
        self._before: list[FloatArray] = []
        self._fired: dict[str, npt.NDArray[np.bool_]] = {}
        self._is_sampling = False

    @property
    def rows(self) -> list[TelemetryRow]:
        """The measurements, in the order in which they were taken."""
        return [
            TelemetryRow(step, layer, statistic, value)
            for step, layer, statistics in self._samples
            for statistic, value in statistics.items()
        ]

    def on_train_begin(self, run: TrainingRun) -> None:
        """Forget an earlier training, and look up the layers and parameters of this one."""
        self._samples = []
        self._layers = list(leaf_modules(run.model))
        self._parameters = list(run.model.named_parameters())

    def on_batch_begin(self, run: TrainingRun) -> None:
        """Have the layers observed if this is a step to sample."""
        self._is_sampling = run.step % self.every == 0
        if self._is_sampling:
            self._outputs = []
            for _, layer in self._layers:
                observe_next_output(layer, self._outputs.append)

    def on_gradients_ready(self, run: TrainingRun) -> None:
        """Measure the activations and the gradients, and keep the values that the update will change."""
        if not self._is_sampling:
            return
        for (name, layer), Y in zip(self._layers, self._outputs, strict=True):
            self._samples.append((run.step, name, activation_statistics(layer, Y)))
        for name, parameter in self._parameters:
            self._samples.append((run.step, name, gradient_statistics(parameter)))
        self._before = [parameter.data.copy() for _, parameter in self._parameters]

    def on_batch_end(self, run: TrainingRun) -> None:
        """Measure the update."""
        if not self._is_sampling:
            return
        for (name, parameter), before in zip(self._parameters, self._before, strict=True):
            size = _norm(before)
            if size > 0:  # a bias starts at zero: against nothing, every update is infinitely large, and says nothing
                change = np.subtract(parameter.data, before, out=before)
                self._samples.append((run.step - 1, name, {"update_ratio": _norm(change) / size}))
        self._outputs, self._before = [], []

    def on_validation_begin(self, run: TrainingRun) -> None:
        """Watch which units fire for any example of the validation data."""
        self._fired = {}
        for name, layer in self._layers:
            if isinstance(layer, nn.ReLU):
                self._watch(name, layer)

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Count the units that never fired."""
        for name, layer in self._layers:
            stop_observing(layer)
            if name in self._fired:
                dead = float(np.count_nonzero(~self._fired[name]))
                self._samples.append((run.step, name, {"dead_units": dead}))

    def write(self, path: Path) -> None:
        """Write the rows as CSV: step, layer, statistic, value."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(TelemetryRow._fields)
            writer.writerows([row.step, row.layer, row.statistic, repr(row.value)] for row in self.rows)

    def _watch(self, name: str, layer: nn.Module) -> None:
        def note(Y: FloatArray) -> None:
            fired: npt.NDArray[np.bool_] = np.any(Y > 0, axis=0)
            self._fired[name] = np.logical_or(fired, self._fired.get(name, fired))
            observe_next_output(layer, note)  # the next validation batch too, until on_epoch_end

        observe_next_output(layer, note)


def activation_statistics(layer: nn.Module, Y: FloatArray) -> dict[str, float]:
    """Return the statistics of a layer's output `Y (N, D)`: mean, std, min, max, and what its kind can suffer from."""
    mean = Y.sum() / Y.dtype.type(Y.size)
    statistics = {
        "mean": float(mean),
        "std": _norm(Y - mean) / math.sqrt(Y.size),
        "min": float(Y.min()),
        "max": float(Y.max()),
    }
    if isinstance(layer, nn.ReLU):
        statistics["zero_share"] = _share(Y == 0)
    elif isinstance(layer, nn.Sigmoid):
        statistics["saturated_share"] = _share(np.abs(Y - Y.dtype.type(0.5)) > 0.5 - SATURATED)
    elif isinstance(layer, nn.Tanh):
        statistics["saturated_share"] = _share(np.abs(Y) > 1 - SATURATED)
    return statistics


def gradient_statistics(parameter: nn.Parameter) -> dict[str, float]:
    """Return norm, min, max and the share of exact zeros of a parameter's gradient."""
    gradient = parameter.grad
    return {
        "gradient_norm": _norm(gradient),
        "gradient_min": float(gradient.min()),
        "gradient_max": float(gradient.max()),
        "gradient_zero_share": _share(gradient == 0),
    }


def _norm(values: FloatArray) -> float:
    return math.sqrt(np.vdot(values, values))


def _share(which: npt.NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(which)) / which.size


def leaf_modules(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules that have no inner modules, with their dotted names, in the order of the forward pass."""
    children = list(model.children())
    if not children:
        yield prefix.rstrip("."), model
    for name, child in children:
        yield from leaf_modules(child, f"{prefix}{name}.")


def observe_next_output(layer: nn.Module, note: Callable[[FloatArray], None]) -> None:
    """Have `note` called with the output of the layer's next forward pass, and of that one only."""

    def forward(X: FloatArray) -> FloatArray:
        stop_observing(layer)
        Y = layer.forward(X)
        note(Y)
        return Y

    layer.forward = forward  # type: ignore[method-assign]  # for one call, this object's own


def stop_observing(layer: nn.Module) -> None:
    """Take away what `observe_next_output` has put on the layer, if it is still there."""
    vars(layer).pop("forward", None)
