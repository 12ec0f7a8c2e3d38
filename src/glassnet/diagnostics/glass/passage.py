"""One pass through a network, forward and back, with what went into each module and what came out of it both times."""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from glassnet import nn
from glassnet.nn import FloatArray


@dataclass
class Passage:
    """What passed through one module.

    Attributes:
        name: its dotted name in the network.
        module: the module itself, of the copy that the pass was made with.
        X: its input.
        Y: its output.
        dY: the gradient of the loss with respect to the output.
        dX: the gradient with respect to the input.
    """

    name: str
    module: nn.Module
    X: FloatArray
    Y: FloatArray
    dY: FloatArray = field(init=False)  # noqa: N815
    dX: FloatArray = field(init=False)  # noqa: N815


@dataclass(frozen=True)
class BothWays:
    """A pass forward and back.

    Attributes:
        model: the copy of the network, whose parameters hold the gradients of this pass alone.
        forward: the modules in the order in which their outputs came.
        backward: the same in the order in which the gradients of their inputs came.
        outputs: of the network.
        loss: the copy of the loss.
        value: its value.
        gradient: that with respect to the outputs.
    """

    model: nn.Module
    forward: list[Passage]
    backward: list[Passage]
    outputs: FloatArray
    loss: nn.Loss
    value: float
    gradient: FloatArray


def pass_both_ways(model: nn.Module, loss: nn.Loss, X: FloatArray, y: npt.NDArray[Any]) -> BothWays:
    """Pass a batch through a copy of `model`, in the mode that it is in; a copy draws the masks that it would draw."""
    model, loss = copy.deepcopy(model), copy.deepcopy(loss)
    model.zero_grad()
    forward: list[Passage] = []
    backward: list[Passage] = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Residual) or next(module.children(), None) is None:
            _watch(name, module, forward, backward)
    outputs = model(X)
    value = loss.forward(outputs, y)
    gradient = loss.backward()
    model.backward(gradient)
    return BothWays(model, forward, backward, outputs, loss, value, gradient)


def _watch(name: str, module: nn.Module, forward: list[Passage], backward: list[Passage]) -> None:
    """Have both passes of a module noted; its `backward` is replaced, which only a copy may have done to it."""
    passed: list[Passage] = []

    def note(_: nn.Module, X: FloatArray, Y: FloatArray) -> None:
        passed.append(Passage(name, module, X, Y))
        forward.append(passed[-1])

    plain = module.backward

    def noted(dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        dX = plain(dout)
        passed[-1].dY, passed[-1].dX = dout, dX
        backward.append(passed[-1])
        return dX

    module.on_forward(note)
    setattr(module, "backward", noted)  # noqa: B010  # mypy knows it for a method, and refuses the assignment
