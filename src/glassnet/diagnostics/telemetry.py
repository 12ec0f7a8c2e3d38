"""Telemetry: what activations, gradients and updates look like inside a network while it trains."""

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.nn.checks import check_count
from glassnet.nn.module import Hook
from glassnet.optim.clipping import euclidean_norm
from glassnet.training import Callback, State, TrainingRun

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
    "max"; for ReLU "zero_share", the fraction of entries that are exactly 0; for Sigmoid and Tanh "saturated_share",
    the fraction within 1e−3 of a limit. For each parameter, of its gradient: "gradient_norm", "gradient_min",
    "gradient_max", "gradient_zero_share"; and "update_ratio", the norm of the update over the norm of the values before
    it (about 1e−3 is healthy). Gradients are taken as they are when this callback is called: before clipping if it
    stands earlier in the list of callbacks than the clipping, after it if later.

    After each epoch, for each ReLU: "dead_units", how many units were 0 for every example of the validation data, and
    "dead_share", the fraction of them.

    Nothing is measured between the sampled steps: the hooks on the layers (see `Module.on_forward`) are taken away.

    Chapter 3 of the course, docs/learn/3-forward.md, sees saturation with it.
    """

    def __init__(self, every: int = 50) -> None:
        """Sample every so many steps, beginning with the first."""
        self.every = check_count("Telemetry", "every", every)
        self._samples: list[tuple[int, str, dict[str, float]]] = []
        self._layers: list[tuple[str, nn.Module]] = []
        self._parameters: list[tuple[str, nn.Parameter]] = []
        self._outputs: list[tuple[str, nn.Module, FloatArray]] = []
        self._before: list[FloatArray] = []
        self._fired: dict[str, npt.NDArray[np.bool_]] = {}
        self._is_sampling = False
        self._hooks: list[Callable[[], None]] = []  # that take the hooks away again

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
            self._hooks = [layer.on_forward(self._keep(name)) for name, layer in self._layers]

    def on_gradients_ready(self, run: TrainingRun) -> None:
        """Measure the activations and the gradients, and keep the values that the update will change."""
        if not self._is_sampling:
            return
        self._remove_hooks()
        for name, layer, Y in self._outputs:
            self._samples.append((run.step, name, activation_statistics(layer, Y)))
        for name, parameter in self._parameters:
            self._samples.append((run.step, name, gradient_statistics(parameter)))
        self._before = [parameter.data.copy() for _, parameter in self._parameters]

    def on_batch_end(self, run: TrainingRun) -> None:
        """Measure the update."""
        if not self._is_sampling:
            return
        for (name, parameter), before in zip(self._parameters, self._before, strict=True):
            size = euclidean_norm(before)
            if size > 0:  # a bias starts at zero: against nothing, every update is infinitely large, and says nothing
                change = np.subtract(parameter.data, before, out=before)
                self._samples.append((run.step - 1, name, {"update_ratio": euclidean_norm(change) / size}))
        self._outputs, self._before = [], []

    def on_validation_begin(self, run: TrainingRun) -> None:
        """Watch which units fire for any example of the validation data."""
        self._fired = {}
        self._hooks = [
            layer.on_forward(self._watch(name)) for name, layer in self._layers if isinstance(layer, nn.ReLU)
        ]

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Count the units that never fired."""
        self._remove_hooks()
        for name, fired in self._fired.items():
            dead = int(np.count_nonzero(~fired))
            self._samples.append((run.step, name, {"dead_units": float(dead), "dead_share": dead / fired.size}))

    def on_abort(self, run: TrainingRun) -> None:
        """Leave no hook behind."""
        self._remove_hooks()

    def state_dict(self) -> State:
        """Return the measurements so far."""
        return {"samples": self._samples}

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""
        samples: Any = state["samples"]  # lists, where JSON has no tuples
        self._samples = [(int(step), layer, statistics) for step, layer, statistics in samples]

    def _keep(self, name: str) -> Hook:
        return lambda layer, X, Y: self._outputs.append((name, layer, Y))

    def _watch(self, name: str) -> Hook:
        def note(layer: nn.Module, X: FloatArray, Y: FloatArray) -> None:
            fired: npt.NDArray[np.bool_] = np.any(Y > 0, axis=0)
            self._fired[name] = np.logical_or(fired, self._fired.get(name, fired))

        return note

    def _remove_hooks(self) -> None:
        for remove in self._hooks:
            remove()
        self._hooks = []


def write_telemetry(path: Path, rows: Sequence[TelemetryRow]) -> None:
    """Write the rows as CSV: step, layer, statistic, value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TelemetryRow._fields)
        writer.writerows([row.step, row.layer, row.statistic, repr(row.value)] for row in rows)


def read_telemetry(path: Path) -> list[TelemetryRow]:
    """Read what `write_telemetry` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected the telemetry of a training here, found no file; run train first")
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        if tuple(header) != TelemetryRow._fields:
            raise ValueError(header)
        return [TelemetryRow(int(step), layer, statistic, float(value)) for step, layer, statistic, value in rows]
    except ValueError as error:
        raise ValueError(
            f"{path}: expected the telemetry of a training, received a damaged file; train again"
        ) from error


def activation_statistics(layer: nn.Module, Y: FloatArray) -> dict[str, float]:
    """Return the statistics of a layer's output `Y (N, D)`: mean, std, min, max, and what its kind can suffer from."""
    with np.errstate(over="ignore"):
        mean = Y.sum() / Y.dtype.type(Y.size)
    if not np.isfinite(mean) and np.isfinite(Y).all():
        mean = Y.dtype.type(Y.mean(dtype=np.float64))  # the sum has left the range of float32
    statistics = {
        "mean": float(mean),
        "std": euclidean_norm(Y - mean) / math.sqrt(Y.size),
        "min": float(Y.min()),
        "max": float(Y.max()),
    }
    if isinstance(layer, nn.ReLU):
        statistics["zero_share"] = _fraction(Y == 0)
    elif isinstance(layer, nn.Sigmoid):
        statistics["saturated_share"] = _fraction(np.abs(Y - Y.dtype.type(0.5)) > 0.5 - SATURATED)
    elif isinstance(layer, nn.Tanh):
        statistics["saturated_share"] = _fraction(np.abs(Y) > 1 - SATURATED)
    return statistics


def gradient_statistics(parameter: nn.Parameter) -> dict[str, float]:
    """Return norm, min, max and the fraction of exact zeros of a parameter's gradient."""
    gradient = parameter.grad
    return {
        "gradient_norm": euclidean_norm(gradient),
        "gradient_min": float(gradient.min()),
        "gradient_max": float(gradient.max()),
        "gradient_zero_share": _fraction(gradient == 0),
    }


def _fraction(which: npt.NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(which)) / which.size


def leaf_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules that have no inner modules, with their dotted names, in the order of the forward pass."""
    for name, module in model.named_modules():
        if next(module.children(), None) is None:
            yield name, module
