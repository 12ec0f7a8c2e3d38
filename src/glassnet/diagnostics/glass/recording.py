"""The callback that records what the page shows of a training: bounded in size, the same each time, without a trace."""

import math
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.diagnostics.glass.passage import BothWays, pass_both_ways
from glassnet.diagnostics.glass.plane import picture_of_plane, region_of
from glassnet.diagnostics.glass.shown import AnyArray
from glassnet.diagnostics.glass.step import Step, Update, clipping_of, shown_of_step
from glassnet.diagnostics.glass.structure import Bounds, bounded, bounds_for, keyed, structure_of
from glassnet.diagnostics.glass.units import units_of
from glassnet.diagnostics.glass.update import Moment, after_update, in_one_vector, rule_of
from glassnet.files import JsonObject, JsonValue
from glassnet.nn import FloatArray
from glassnet.nn.checks import check_count
from glassnet.optim import Optimizer
from glassnet.optim.clipping import euclidean_norm
from glassnet.training import Callback, Row, State, TrainingRun

FRAMES = 24  # recorded epochs, at most
NUMBERS = 1_500_000  # of all frames together, about
PROBES = 1_024  # rows that dead and saturated units are counted over
POINTS = 400  # rows that are drawn in the plane of two features


@dataclass(frozen=True)
class Frame:
    """What is shown of one recorded epoch.

    Attributes:
        epoch: after which it was taken; 0 before the first.
        facts: numbers, and what is said of them.
        arrays: the arrays by their keys.
    """

    epoch: int
    facts: JsonObject
    arrays: dict[str, AnyArray]


@dataclass
class Album:
    """The frames of a training, and what they have in common.

    Attributes:
        structure: layers, arrays and updates, see `structure.structure_of`.
        frames: in the order of the epochs.
        bounds: how much of an array is kept; None until the first step settles it.
        expected: how many frames there will be, at most.
        points: rows to draw in the plane, of two features.
        labels: the targets of these.
        probes: rows to count dead and saturated units over.
        of_classes: whether the network tells classes apart.
    """

    structure: JsonObject = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    bounds: Bounds | None = None
    expected: int = 1
    points: FloatArray | None = None
    labels: npt.NDArray[Any] | None = None
    probes: FloatArray | None = None
    of_classes: bool = True

    def add_points(self, X: FloatArray, y: npt.NDArray[Any]) -> None:
        """Take rows to draw, if they have two features and there is room."""
        if X.shape[1] != 2:
            return
        if self.of_classes and y.ndim == 2:
            y = y.argmax(axis=1)
        have = self.points if self.points is not None else X[:0]
        labels = self.labels if self.labels is not None else y[:0]
        self.points, self.labels = np.concatenate([have, X])[:POINTS], np.concatenate([labels, y])[:POINTS]

    def look_at(self, model: nn.Module) -> tuple[JsonObject, dict[str, AnyArray]]:
        """Return what the model does as it is now: its units over the probes, its answers over the plane."""
        facts: JsonObject = {} if self.probes is None else {"units": units_of(model, self.probes)}
        if self.points is None:
            return facts, {}
        return facts, picture_of_plane(model, region_of(self.points), self.points.dtype, of_classes=self.of_classes)

    def describe(self, step: Step) -> tuple[JsonObject, dict[str, AnyArray]]:
        """Return what a step was; the first one settles how large arrays may be."""
        layers, updates = shown_of_step(step)
        arrays = keyed(layers, updates)
        if self.bounds is None:
            self.bounds = bounds_for(arrays, NUMBERS // self.expected)
        if not self.structure or (updates and not self.structure["updates"]):
            self.structure = structure_of(step, layers, updates, self.bounds)
        facts: dict[str, JsonValue] = {
            "loss": step.both.value,
            "rows": len(step.y),
            "training": step.both.model.training,
            "labels": np.asarray(step.y)[: self.bounds.rows].tolist(),
        }
        if step.update is not None:
            facts |= {
                "rule": step.update.rule,
                "penalty": step.update.penalty,
                "clipped": clipping_of(step, step.update),
                "norms": _norms_by_parameter(step.update),
                "factors": _rate_factors(step.update),
            }
        return facts, bounded(arrays, self.bounds)


def _norms_by_parameter(update: Update) -> JsonObject:
    """Return the norm of the gradient that went into the update, for each parameter."""
    offsets = update.optimizer.flat.offsets
    return {name: euclidean_norm(update.gradient[part]) for name, part in zip(update.names, offsets, strict=True)}


def _rate_factors(update: Update) -> JsonObject:
    """Return what the learning rate is multiplied by for a parameter, where that is not 1."""
    parameters = update.optimizer.flat.parameters
    factors = {name: each.rate_factor for name, each in zip(update.names, parameters, strict=True)}
    return {name: factor for name, factor in factors.items() if factor != 1}


@dataclass
class _Pending:
    """A step that is under way."""

    epoch: int
    both: BothWays
    y: npt.NDArray[Any]
    rule: JsonObject
    before: Moment
    averaged: bool
    gradient: FloatArray | None = None


class Recording(Callback):
    """Records a training for `look`: at some epochs the weights, and the next step with all that leads to it.

    A frame is taken before the first epoch, after each epoch to be recorded, and after the last. It holds the first
    step that follows: the batch, what passed forward and back, the gradient, and the optimizer's memory before and
    after. After the last epoch no step follows; there the passes alone are shown. Put it after what sets the learning
    rate or clips the gradient in the list of callbacks.

    It changes nothing of the training: it passes the batch through a copy, which draws the dropout masks that the
    training will draw, and looks at rows in evaluation mode.

    What it holds is bounded: 24 frames, where more epochs ask for a frame every second one is dropped, and about a
    million and a half numbers in all. Arrays are cut to the first 32 rows of a batch, in a large network to 16 or 8;
    those with more than 4,096 cells, 64 in the largest, to the number of largest magnitude in each of so many blocks.
    With fewer frames more of a large network is kept. For two features come pictures of the plane of 48 × 48 points,
    and of 24 × 24 for 128 units.

    Attributes:
        history: the rows of the training's history.
    """

    def __init__(self, every: int | None = None) -> None:
        """Take a frame every so many epochs; None for about twenty in all."""
        self.every = None if every is None else check_count("Recording", "every", every)
        self.history: list[Row] = []
        self._forget()

    def _forget(self) -> None:
        self._album = Album()
        self._step = self.every or 1
        self._pending: _Pending | None = None
        self._looked_at: FloatArray | None = None  # the weights then
        self._seen: tuple[JsonObject, dict[str, AnyArray]] | None = None  # of the weights that were evaluated

    @property
    def album(self) -> Album:
        """The frames taken so far.

        Raises:
            ValueError: if there is none.
        """
        if not self._album.frames:
            raise ValueError("Recording: expected a training to have been recorded, found none; pass it to fit first")
        return self._album

    @property
    def epochs(self) -> list[int]:
        """The epochs that there are frames of."""
        return [frame.epoch for frame in self._album.frames]

    def on_train_begin(self, run: TrainingRun) -> None:
        """Forget an earlier training, and choose the rows to look at."""
        self._forget()
        self.history = run.history
        self._step = self.every or max(1, math.ceil(run.epochs / 20))
        self._album.expected = min(FRAMES, run.epochs // self._step + 2)
        self._album.of_classes = _is_of_classes(run.loss)
        for X, y in run.train_loader.batches(0):
            self._album.add_points(X, y)
            if self._album.points is None or len(self._album.points) >= POINTS:
                break
        self._album.probes = _first_rows(run.val_loader, PROBES)
        self._seen = self._album.look_at(run.model)

    def on_batch_begin(self, run: TrainingRun) -> None:
        """Pass the first batch after a recorded epoch through a copy of the network, as the training will."""
        if run.batch or not self._is_due(run.epoch - 1):
            return
        X, y = next(iter(run.train_loader.batches(run.epoch - 1)))
        if self._seen is None:  # after a resumption
            self._seen = self._album.look_at(run.model)
        both = pass_both_ways(run.model, run.loss, X, y)
        before = Moment.of(run.optimizer)
        averaged = not np.array_equal(self._looked_at, before.W) if self._looked_at is not None else False
        self._pending = _Pending(run.epoch - 1, both, y, rule_of(run.optimizer), before, averaged)

    def on_gradients_ready(self, run: TrainingRun) -> None:
        """Keep the gradient that the update goes by."""
        if self._pending is not None:
            self._pending.gradient = run.optimizer.flat.grad.copy()

    def on_batch_end(self, run: TrainingRun) -> None:
        """Keep what the update has come to."""
        pending, self._pending = self._pending, None
        if pending is None or pending.gradient is None:
            return
        names = names_of(run.model, run.optimizer)
        penalty = run.penalty.coefficient if run.penalty is not None else 0.0
        after = Moment.of(run.optimizer)
        update = Update(run.optimizer, names, pending.rule, pending.before, pending.gradient, after, penalty)
        self._keep(pending.epoch, Step(pending.both, pending.y, update), run.step, averaged=pending.averaged)

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Look at the weights that the epoch was evaluated with."""
        is_due = self._is_due(run.epoch)
        self._seen = self._album.look_at(run.model) if is_due else None
        self._looked_at = run.optimizer.flat.data.copy() if is_due else None

    def on_safe_point(self, run: TrainingRun) -> None:
        """After the last epoch, which any callback may have made it, keep the pass that would come next."""
        if run.batch or not run.is_over:
            return
        self._seen = self._seen or self._album.look_at(run.model)
        X, y = next(iter(run.train_loader.batches(run.epoch)))
        self._keep(run.epoch, Step(pass_both_ways(run.model.train(), run.loss, X, y), y, None), run.step + 1)

    def on_abort(self, run: TrainingRun) -> None:
        """Keep the pass of a training that diverged in the step that was to be recorded; there is no update to it."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self._keep(pending.epoch, Step(pending.both, pending.y, None), run.step + 1)

    def state_dict(self) -> State:
        """Return the frames so far."""
        state: State = {
            "every": self._step,
            "bounds": self._album.bounds,
            "structure": self._album.structure,
            "frames": [{"epoch": frame.epoch, "facts": frame.facts} for frame in self._album.frames],
        }
        for number, frame in enumerate(self._album.frames):
            state |= {f"{number}:{key}": array for key, array in frame.arrays.items()}
        if self._seen is not None:
            state["seen"] = self._seen[0]
            state |= {f"seen:{key}": array for key, array in self._seen[1].items()}
        if self._looked_at is not None:
            state["looked at"] = self._looked_at
        return state

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""
        self._step = int(cast(int, state["every"]))
        bounds = cast("list[int] | None", state["bounds"])
        self._album.bounds = None if bounds is None else Bounds(*bounds)
        self._album.structure = cast(JsonObject, state["structure"])
        self._album.frames = [
            Frame(kept["epoch"], kept["facts"], _arrays_of(state, f"{number}:"))
            for number, kept in enumerate(cast("list[dict[str, Any]]", state["frames"]))
        ]
        self._seen = (cast(JsonObject, state["seen"]), _arrays_of(state, "seen:")) if "seen" in state else None
        self._looked_at = cast("FloatArray | None", state.get("looked at"))

    def _is_due(self, epoch: int) -> bool:
        return epoch % self._step == 0 and epoch not in self.epochs

    def _keep(self, epoch: int, step: Step, number: int, *, averaged: bool = False) -> None:
        """Add a frame; where there would be too many, drop every second one first."""
        frames = self._album.frames
        if len(frames) >= FRAMES:
            self._step *= 2
            frames[:] = [frame for frame in frames if frame.epoch % self._step == 0]
        facts, arrays = self._album.describe(step)
        seen_facts, seen = self._seen or ({}, {})
        told = {"step": number, "averaged": averaged, **facts, **seen_facts}
        frames.append(Frame(epoch, told, {**arrays, **seen}))


def _arrays_of(state: State, start: str) -> dict[str, AnyArray]:
    """Return the arrays of a state whose names begin so, by the rest of their names."""
    named = {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}
    return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}


def _is_of_classes(loss: nn.Loss) -> bool:
    return loss.score_name == "accuracy"


def _first_rows(loader: Any, count: int) -> FloatArray:
    """Return the first rows that a loader deals out."""
    found: list[FloatArray] = []
    for X, _ in loader.batches(0) if hasattr(loader, "batches") else loader:
        found.append(X)
        if sum(map(len, found)) >= count:
            break
    return np.concatenate(found)[:count]


def names_of(model: nn.Module, optimizer: Optimizer) -> list[str]:
    """Return the names, in the network, of an optimizer's parameters.

    Raises:
        ValueError: if there are others among them.
    """
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    others = [parameter for parameter in optimizer.flat.parameters if id(parameter) not in names]
    if others:
        raise ValueError(
            f"look: expected an optimizer of the network's own parameters, received {len(others)} of another, the "
            f"first of shape {others[0].shape}"
        )
    return [names[id(parameter)] for parameter in optimizer.flat.parameters]


def single_frame(
    model: nn.Module, loss: nn.Loss, X: FloatArray, y: npt.NDArray[Any], optimizer: Optimizer | None
) -> Album:
    """Return an album of one frame: a batch, without a training around it; with an optimizer, its next update."""
    album = Album(probes=X[:PROBES], of_classes=_is_of_classes(loss))
    album.add_points(X, y)
    both = pass_both_ways(model, loss, X, y)
    update = None
    if optimizer is not None:
        names = names_of(model, optimizer)
        gradients = {name: parameter.grad for name, parameter in both.model.named_parameters()}
        gradient = in_one_vector(optimizer, names, gradients)
        before, after = Moment.of(optimizer), after_update(optimizer, gradient)
        update = Update(optimizer, names, rule_of(optimizer), before, gradient, after, 0.0)
    facts, arrays = album.describe(Step(both, y, update))
    seen_facts, seen = album.look_at(model)
    number = 1 if optimizer is None else optimizer.steps + 1
    album.frames.append(Frame(0, {"step": number, **facts, **seen_facts}, {**arrays, **seen}))
    return album
