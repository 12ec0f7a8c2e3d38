"""What an optimizer does to each weight in one step: the weights, the gradient and its memory before and after."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glassnet import optim
from glassnet.files import JsonObject
from glassnet.nn import FloatArray

# The symbol of each slot, as the docstrings have it.
SYMBOLS = {"velocity": "v", "square": "s", "first_moment": "m", "second_moment": "v"}


@dataclass(frozen=True)
class Moment:
    """An optimizer before or after a step.

    Attributes:
        W: all of its values, `(P,)`.
        slots: its memory of earlier gradients, by name.
    """

    W: FloatArray
    slots: dict[str, FloatArray]

    @classmethod
    def of(cls, optimizer: optim.Optimizer) -> "Moment":
        """Return copies of what an optimizer holds now."""
        return cls(optimizer.flat.data.copy(), {name: slot.copy() for name, slot in optimizer.slots.items()})


def after_update(optimizer: optim.Optimizer, gradient: FloatArray) -> Moment:
    """Return what the optimizer's next step would come to with this gradient; the optimizer stays as it is."""
    now = Moment.of(optimizer)
    shadow = copy.copy(optimizer)
    shadow.flat = copy.copy(optimizer.flat)
    shadow.flat.data, shadow.slots = now.W, now.slots
    shadow.steps += 1
    shadow.update_part(0, gradient.size, gradient.copy())
    return now


def in_one_vector(optimizer: optim.Optimizer, names: Sequence[str], gradients: Mapping[str, FloatArray]) -> FloatArray:
    """Return the gradients of an optimizer's parameters, given by name, as they lie in its vectors."""
    whole = np.zeros_like(optimizer.flat.data)
    for name, part in zip(names, optimizer.flat.offsets, strict=True):
        whole[part] = gradients[name].ravel()
    return whole


def rule_of(optimizer: optim.Optimizer) -> JsonObject:
    """Return the rule of the coming step and its numbers; the rule is "own" for an optimizer that is none of ours."""
    kind, rate = type(optimizer), optimizer.learning_rate
    if isinstance(optimizer, optim.SGD) and kind is optim.SGD:
        rule = "nesterov" if optimizer.nesterov else "momentum" if optimizer.momentum else "sgd"
        return {"rule": rule, "η": rate, **({"β": optimizer.momentum} if optimizer.momentum else {})}
    if isinstance(optimizer, optim.RMSProp) and kind is optim.RMSProp:
        return {"rule": "rmsprop", "η": rate, "β": optimizer.beta, "ε": optimizer.eps}
    if isinstance(optimizer, optim.Adam) and kind in (optim.Adam, optim.AdamW):
        beta1, beta2 = optimizer.betas
        numbers = {"η": rate, "β₁": beta1, "β₂": beta2, "ε": optimizer.eps, "t": optimizer.steps + 1}
        if not isinstance(optimizer, optim.AdamW):
            return {"rule": "adam", **numbers}
        l1_decay = {"λ₁": optimizer.l1_decay} if optimizer.l1_decay else {}
        return {"rule": "adamw", **numbers, "λ": optimizer.weight_decay, **l1_decay}
    return {"rule": "own", "η": rate}


def symbols_of(optimizer: optim.Optimizer) -> dict[str, str]:
    """Return the symbols of the slots that the rule uses; plain SGD has one that stays empty."""
    if isinstance(optimizer, optim.SGD) and not optimizer.momentum:
        return {}
    return {name: SYMBOLS.get(name, name) for name in optimizer.slot_names}
