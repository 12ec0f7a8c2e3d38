"""What a diagnosis looks at, and what it finds."""

import math
import shlex
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.diagnostics.telemetry import TelemetryRow
from glassnet.evaluation import wilson_interval
from glassnet.training import Row

FloatVector: TypeAlias = npt.NDArray[np.float64]

# Fractions of the random baseline, by which losses are judged.
HIGH = 0.3  # far from learnt; below, rises, small updates and a small network do little harm
LOST = 0.9  # next to nothing is learnt


@dataclass(frozen=True)
class Finding:
    """One thing that could be better.

    Attributes:
        name: what, such as "overfitting".
        severity: from 0 to 1: how much is to be gained by mending it.
        evidence: the numbers that show it.
        advice: the one change to try next.
        command: a command line that tries it.
    """

    name: str
    severity: float
    evidence: str
    advice: str
    command: str


@dataclass(frozen=True)
class Training:
    """A finished training, as its files tell of it.

    Its losses are given on a scale from `floor` (0) to `random_baseline` (1).

    Attributes:
        history: one row an epoch.
        telemetry: measurements of steps; may be empty, then what needs them is not looked for.
        best_epoch: whose weights were kept, counted from 1.
        random_baseline: the loss of knowing nothing: ln C for C classes, 1 for a standardized target.
        settings: the sections model, optimizer, training, as conf/ has them.
        overrides: what takes conf/ to the settings of this run.
        standalone: whether it was started by hand, and not by DVC.
        validation_baseline: the validation loss of knowing nothing, where that is another: with few rows far from all
            others, the variance of the validation targets is not that of the training targets.
        validation_majority: how many validation rows there are, and how many of them are of the most frequent class;
            None for a regression, or where that is not known.

    Raises:
        ValueError: if there is no epoch, or one of the sections of `settings` is missing.
    """

    history: list[Row]
    telemetry: list[TelemetryRow]
    best_epoch: int
    random_baseline: float
    settings: dict[str, Any]
    overrides: tuple[str, ...] = ()
    standalone: bool = False
    validation_baseline: float | None = None
    validation_majority: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be looked at."""
        if not self.history:
            raise ValueError("Training: expected a history of one epoch or more, received none")
        if missing := [name for name in ("model", "optimizer", "training") if name not in self.settings]:
            raise ValueError(
                f"Training: expected settings with the sections model, optimizer and training, as conf/ has them, "
                f"received none called {' or '.join(missing)}"
            )

    @property
    def beats_majority(self) -> bool:
        """Whether the network was right more often than the most frequent class would be, beyond chance.

        Its loss may be no better for all that: a network that has learnt its few training rows by heart is as sure of
        its errors as of the rest.
        """
        if self.validation_majority is None:
            return False
        rows, most = self.validation_majority
        best = max(row["validation_accuracy"] for row in self.history)
        return wilson_interval(round(best * rows), rows)[0] > most / rows

    @property
    def floor(self) -> float:
        """The loss of a network that has learnt all that it was taught: 0 without label smoothing.

        With smoothing ε it is taught to give the true class `1 − ε + ε/C`; the history's loss, which is measured
        without smoothing, is then `−ln(1 − ε + ε/C)`.
        """
        smoothing = self.settings["training"]["label_smoothing"]
        if not smoothing or "train_accuracy" not in self.history[0]:
            return 0.0
        classes = round(math.exp(self.random_baseline))
        return -math.log(1 - smoothing + smoothing / classes)

    @property
    def train(self) -> FloatVector:
        """The training losses, 0 for the floor and 1 for the random baseline."""
        return self._fraction([row["train_loss"] for row in self.history])

    @property
    def validation(self) -> FloatVector:
        """The validation losses, 0 for the floor and 1 for the random baseline."""
        return self._fraction([row["validation_loss"] for row in self.history])

    def _fraction(self, losses: list[float]) -> FloatVector:
        return (np.array(losses) - self.floor) / (self.random_baseline - self.floor)

    def loss(self, fraction: float) -> float:
        """Return the loss, as the history has it, that `train` or `validation` gives as this fraction."""
        return self.floor + fraction * (self.random_baseline - self.floor)

    def measured(self, statistic: str) -> dict[str, list[float]]:
        """Return the values of a statistic by layer, in the order of the steps."""
        values: dict[str, list[float]] = {}
        for row in self.telemetry:
            if row.statistic == statistic:
                values.setdefault(row.layer, []).append(row.value)
        return values

    def of_weights(self, statistic: str) -> dict[str, list[float]]:
        """Return the values of a statistic for the weight matrices alone, the first layer first."""
        return {layer: values for layer, values in self.measured(statistic).items() if layer.endswith(".W")}

    @property
    def largest_update(self) -> float:
        """The largest fraction of themselves by which an update changed a layer's weights, the median over the layers.

        The largest and not the usual one, since schedules take the rate to zero, and dead layers stop moving: what the
        rate can do shows in the strongest step that was measured. NaN without telemetry.
        """
        ratios = self.of_weights("update_ratio")
        return float(np.median([max(values) for values in ratios.values()])) if ratios else float("nan")

    @property
    def largest_dead_fraction(self) -> float:
        """The fraction of dead units in the layer that has most of them, at the end; 0 without telemetry."""
        return max([values[-1] for values in self.measured("dead_share").values()], default=0.0)

    @property
    def largest_saturated_fraction(self) -> float:
        """The fraction of saturated outputs in the layer that has most, median of the steps; 0 without telemetry."""
        fractions = self.measured("saturated_share").values()
        return max([float(np.median(values)) for values in fractions], default=0.0)

    def command(self, *changes: str) -> str:
        """Return the command line that repeats this training with a change of settings."""
        if not self.standalone:
            return " ".join(["dvc exp run", *(f"-S {shlex.quote(c)}" for c in [*self._kept(changes), *changes])])
        return shlex.join(["python", "-m", "glassnet.stages.train", *self._kept(changes), *changes])

    def sweep(self, *changes: str) -> str:
        """Return the command line that repeats this training once for each value of a change, to be compared.

        What is compared learns from the training rows alone, also where this one is a final model.
        """
        if self.settings["training"].get("final"):
            changes = ("training.final=false", *changes)
        return shlex.join(["python", "-m", "glassnet.stages.train", "-m", *self._kept(changes), *changes])

    def _kept(self, changes: tuple[str, ...]) -> list[str]:
        """Return the overrides that no change replaces."""
        changed = [change.partition("=")[0] for change in changes]

        def is_replaced(override: str) -> bool:
            key = override.partition("=")[0].lstrip("+")
            return any(key == name or key.startswith(f"{name}.") for name in changed)

        return [override for override in self.overrides if not is_replaced(override)]


def late_fall(losses: FloatVector) -> float:
    """Return by what fraction of itself a loss fell from the last fifth but one of the epochs to the last fifth."""
    n = max(2, len(losses) // 5)
    if len(losses) < 2 * n:
        return 0.0
    before, after = float(losses[-2 * n : -n].mean()), float(losses[-n:].mean())
    return (before - after) / before if before > 0 else 0.0
