"""One step of a training as the page shows it: a pass both ways, and the update that came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from glassnet import nn, optim
from glassnet.diagnostics.glass.layers import shown_of_layer
from glassnet.diagnostics.glass.losses import shown_of_loss
from glassnet.diagnostics.glass.passage import BothWays
from glassnet.diagnostics.glass.shown import AnyArray, Shown
from glassnet.diagnostics.glass.update import Moment, in_one_vector, symbols_of
from glassnet.files import JsonObject
from glassnet.nn import FloatArray
from glassnet.optim.clipping import euclidean_norm

ROUNDING = 1e-3  # of a gradient's norm, within which two of them are the same


@dataclass(frozen=True)
class Update:
    """What an optimizer did in a step.

    Attributes:
        optimizer: the optimizer.
        names: those of its parameters in the network.
        rule: the rule and its numbers, see `rule_of`.
        before: what it held before.
        gradient: what it went by: that of the data, with the penalty's, clipped.
        after: what it held afterwards.
        penalty: the λ of an L2 penalty; 0 without one.
    """

    optimizer: optim.Optimizer
    names: Sequence[str]
    rule: JsonObject
    before: Moment
    gradient: FloatArray
    after: Moment
    penalty: float


@dataclass(frozen=True)
class Step:
    """A step: the pass and, if an update came of it, that."""

    both: BothWays
    y: npt.NDArray[Any]
    update: Update | None


def shown_of_step(step: Step) -> tuple[dict[str, list[Shown]], dict[str, dict[str, Shown]]]:
    """Return what is shown of each layer in the order of the forward pass, then of the loss; and of each update."""
    inner = _inner_gradients(step.both)
    layers = {passed.name: shown_of_layer(passed, inner.get(passed.name)) for passed in step.both.forward}
    layers["loss"] = shown_of_loss(step.both, step.y)
    return layers, _shown_of_updates(step)


def _inner_gradients(both: BothWays) -> dict[str, FloatArray]:
    """Return what came back along the inner path of each Residual."""
    found: dict[str, FloatArray] = {}
    for passed in both.forward:
        if isinstance(passed.module, nn.Residual):
            found[passed.name] = passed.dX - passed.dY
    return found


def _shown_of_updates(step: Step) -> dict[str, dict[str, Shown]]:
    update, found = step.update, {}
    if update is None:
        return {}
    gradients = {name: parameter.grad for name, parameter in step.both.model.named_parameters()}
    flat = update.optimizer.flat
    symbols = symbols_of(update.optimizer)
    for name, parameter, offset in zip(update.names, flat.parameters, flat.offsets, strict=True):

        def cut(vector: AnyArray, offset: slice = offset, shape: tuple[int, ...] = parameter.shape) -> AnyArray:
            return _with_two_axes(vector[offset].reshape(shape))

        W, g, after = cut(update.before.W), cut(update.gradient), cut(update.after.W)
        shown = {
            "W": Shown("W", W, "forward", by_example=False),
            "d": Shown("dW", _with_two_axes(gradients[name]), "backward", by_example=False),
            "g": Shown("g", g, "backward", _gradient_formula(update, parameter), "gradient.g", by_example=False),
        }
        for slot, symbol in symbols.items():
            shown[f"{slot} before"] = Shown(
                f"{symbol} before", cut(update.before.slots[slot]), "backward", by_example=False
            )
            shown[slot] = Shown(
                f"{symbol} after", cut(update.after.slots[slot]), "backward", _slot_formula(update, slot),
                f"{update.rule['rule']}.{slot}", by_example=False,
            )  # fmt: skip
        formula = _weight_formula(update, parameter)
        shown["after"] = Shown("W after", after, "backward", formula, f"{update.rule['rule']}.W", by_example=False)
        found[name] = shown
    return found


def _with_two_axes(values: FloatArray) -> FloatArray:
    return values if values.ndim == 2 else values.reshape(1, -1)


def _gradient_formula(update: Update, parameter: nn.Parameter) -> str:
    return "g = dW + λ·W, λ of the penalty" if update.penalty and parameter.weight_decay else "g = dW"


def clipping_of(step: Step, update: Update) -> float | str | None:
    """Return by what the gradient was multiplied before the update; None if it was left alone.

    "values" stands for any other change, such as one of single values.
    """
    own = {name: parameter.grad for name, parameter in step.both.model.named_parameters()}
    decays = update.optimizer.flat.weight_decay()
    whole = in_one_vector(update.optimizer, update.names, own) + update.penalty * decays * update.before.W
    norm, used = euclidean_norm(whole), euclidean_norm(update.gradient)
    if euclidean_norm(whole - update.gradient) <= ROUNDING * norm:  # several processes add up in another order
        return None
    factor = used / norm if norm else 1.0
    return factor if euclidean_norm(factor * whole - update.gradient) <= ROUNDING * used else "values"


def _slot_formula(update: Update, slot: str) -> str:
    rule = str(update.rule["rule"])
    return {
        ("momentum", "velocity"): "v ← βv + (1 − β)g",
        ("nesterov", "velocity"): "v ← βv + (1 − β)g",
        ("rmsprop", "square"): "s ← βs + (1 − β)g²",
        ("adam", "first_moment"): "m ← β₁m + (1 − β₁)g",
        ("adam", "second_moment"): "v ← β₂v + (1 − β₂)g²",
        ("adamw", "first_moment"): "m ← β₁m + (1 − β₁)g",
        ("adamw", "second_moment"): "v ← β₂v + (1 − β₂)g²",
    }.get((rule, slot), f"{slot}: by a rule of its own, which this page does not know")


def _weight_formula(update: Update, parameter: nn.Parameter) -> str:
    adam = "W ← W − η·m̂/(√v̂ + ε), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)"
    decayed = f"W ← W − ηλW, then {adam}" if parameter.weight_decay else f"{adam}; no decay of this parameter"
    if parameter.weight_decay and "λ₁" in update.rule:
        decayed += ", then W ← W − clip(W, −ηλ₁, ηλ₁)"
    return {
        "sgd": "W ← W − η·g",
        "momentum": "W ← W − η·v",
        "nesterov": "W ← W − η(βv + (1 − β)g)",
        "rmsprop": "W ← W − η·g/(√s + ε)",
        "adam": adam,
        "adamw": decayed,
    }.get(str(update.rule["rule"]), "W: by a rule of its own, which this page does not know")
