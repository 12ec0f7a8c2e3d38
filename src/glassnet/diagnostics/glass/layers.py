"""What the page shows of each kind of layer: the arrays of both passes, with the formulas of its docstring."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import nn
from glassnet.diagnostics.glass.passage import Passage
from glassnet.diagnostics.glass.shown import Shown
from glassnet.nn import FloatArray
from glassnet.nn.elementwise import Elementwise
from glassnet.nn.normalization import standardize

# What an activation does to an entry, and its derivative.
ACTIVATIONS: Mapping[type[nn.Module], tuple[str, str]] = {
    nn.ReLU: ("a = max(0, z)", "1 where z > 0, else 0"),
    nn.LeakyReLU: ("a = z where z > 0, else slope·z", "1 where z > 0, else slope"),
    nn.Sigmoid: ("a = σ(z) = 1/(1 + e^−z)", "a(1 − a)"),
    nn.Tanh: ("a = tanh z", "1 − a²"),
    nn.GELU: ("a = ½z(1 + t), t = tanh(√(2/π)·(z + 0.044715z³))", "½(1 + t) + ½z(1 − t²)·√(2/π)·(1 + 0.134145z²)"),
    nn.Mish: ("a = z·t, t = tanh(log(1 + e^z))", "t + z(1 − t²)σ(z)"),
    nn.SELU: ("a = λz where z > 0, else λα(e^z − 1)", "λ where z > 0, else λα·e^z"),
    nn.SiLU: ("a = z·σ(z)", "σ(z)(1 + z(1 − σ(z)))"),
}


def shown_of_layer(passed: Passage, inner: FloatArray | None = None) -> list[Shown]:
    """Return what is shown of a layer, in the order of the reading.

    Args:
        passed: what passed through it.
        inner: for a Residual, what came back along the path through its inner module.
    """
    module = passed.module
    if isinstance(module, nn.Residual) and inner is not None:
        return _residual(passed, inner)
    if isinstance(module, Elementwise):
        return _elementwise(passed, module)
    show = LAYERS.get(type(module))
    return show(passed) if show else _own(passed)


def _dense(passed: Passage) -> list[Shown]:
    layer = _module(passed)
    return [
        Shown("X", passed.X, "forward"),
        Shown("W", layer.W.data, "forward", by_example=False),
        Shown("b", layer.b.data, "forward", by_example=False),
        Shown("Z", passed.Y, "forward", "Z = XW + b", "dense.Z"),
        Shown("dZ", passed.dY, "backward"),
        Shown("dW", layer.W.grad, "backward", "dW = Xᵀ dZ", "dense.dW", by_example=False),
        Shown("db", layer.b.grad, "backward", "db = Σₙ dZ", "dense.db", by_example=False),
        Shown("dX", passed.dX, "backward", "dX = dZ Wᵀ", "dense.dX"),
    ]


def _neural_tangent(passed: Passage) -> list[Shown]:
    """Return what `_dense` does, with the division by √D."""
    formulas = {
        "Z": ("Z = XW/√D + b", "tangent.Z"),
        "dW": ("dW = Xᵀ dZ/√D", "tangent.dW"),
        "dX": ("dX = dZ Wᵀ/√D", "tangent.dX"),
    }
    dense = {shown.symbol: shown for shown in _dense(passed)}
    changed = {name: replace(dense[name], formula=said, how=how) for name, (said, how) in formulas.items()}
    return list({**dense, **changed}.values())


def _scale(passed: Passage) -> list[Shown]:
    layer = _module(passed)
    return [
        Shown("X", passed.X, "forward"),
        Shown("s", layer.s.data, "forward", by_example=False),
        Shown("Y", passed.Y, "forward", "Y = X·s", "scale.Y"),
        Shown("dY", passed.dY, "backward"),
        Shown("ds", layer.s.grad, "backward", "ds = Σₙ dY·X", "scale.ds", by_example=False),
        Shown("dX", passed.dX, "backward", "dX = dY·s", "scale.dX"),
    ]


def _elementwise(passed: Passage, module: Elementwise) -> list[Shown]:
    function, slope = ACTIVATIONS.get(type(module), ("a = f(z), a function of its own", "f′(z), of its own"))
    _, saved = module.function(passed.X)
    return [
        Shown("Z", passed.X, "forward"),
        Shown("A", passed.Y, "forward", function, "elementwise.A"),
        Shown("dA", passed.dY, "backward"),
        Shown("f′(Z)", module.derivative(*saved), "backward", f"f′(z) = {slope}", "elementwise.slope"),
        Shown("dZ", passed.dX, "backward", "dZ = dA ⊙ f′(Z)", "elementwise.dZ"),
    ]


def _dropout(passed: Passage) -> list[Shown]:
    layer = _module(passed)
    if not layer.training or layer.p == 0:
        return [
            Shown("X", passed.X, "forward"),
            Shown("Y", passed.Y, "forward", "Y = X: nothing is dropped in evaluation mode", "same.Y"),
            Shown("dY", passed.dY, "backward"),
            Shown("dX", passed.dX, "backward", "dX = dY", "same.dX"),
        ]
    layer.frozen = True  # the mask of the pass once more: it is what ones become
    mask = layer.forward(np.ones_like(passed.X))
    return [
        Shown("X", passed.X, "forward"),
        Shown("M", mask, "forward", f"M: 0 with probability {layer.p:g}, else 1/(1 − {layer.p:g})"),
        Shown("Y", passed.Y, "forward", "Y = X ⊙ M", "dropout.Y"),
        Shown("dY", passed.dY, "backward"),
        Shown("dX", passed.dX, "backward", "dX = dY ⊙ M", "dropout.dX"),
    ]


def _batch_norm(passed: Passage) -> list[Shown]:
    layer = _module(passed)
    if layer.training:
        X_hat, s, mean, _ = standardize(passed.X, 0, layer.eps)
        return _normalized(passed, X_hat, s, mean, "over the batch", by_example=False, axis=0)
    s = 1 / np.sqrt(layer.running_var + passed.X.dtype.type(layer.eps))
    X_hat = (passed.X - layer.running_mean) * s
    return _normalized(passed, X_hat, s, layer.running_mean, "running averages", by_example=False, axis=None)


def _layer_norm(passed: Passage) -> list[Shown]:
    X_hat, s, mean, _ = standardize(passed.X, 1, _module(passed).eps)
    return _normalized(passed, X_hat, s, mean, "over the features of each example", by_example=True, axis=1)


def _normalized(
    passed: Passage, X_hat: FloatArray, s: FloatArray, mean: FloatArray, of: str, *, by_example: bool, axis: int | None
) -> list[Shown]:
    """Return what both normalizations show; without an axis the statistics are constants."""
    layer = _module(passed)
    shown = [
        Shown("X", passed.X, "forward"),
        Shown("μ", mean, "forward", f"μ: the mean, {of}", by_example=by_example),
        Shown("s", s, "forward", f"s = 1/√(σ² + {layer.eps:g}), σ² the variance, {of}", by_example=by_example),
        Shown("X̂", X_hat, "forward", "X̂ = (X − μ)·s", "norm.X̂"),
        Shown("γ", layer.gamma.data, "forward", by_example=False),
        Shown("β", layer.beta.data, "forward", by_example=False),
        Shown("Y", passed.Y, "forward", "Y = γ·X̂ + β", "norm.Y"),
        Shown("dY", passed.dY, "backward"),
        Shown("dγ", layer.gamma.grad, "backward", "dγ = Σₙ dY·X̂", "norm.dγ", by_example=False),
        Shown("dβ", layer.beta.grad, "backward", "dβ = Σₙ dY", "norm.dβ", by_example=False),
    ]
    if axis is None:
        return [*shown, Shown("dX", passed.dX, "backward", "dX = dY·γ·s", "norm.dX of constants")]
    dX_hat = passed.dY * layer.gamma.data
    first = dX_hat.mean(axis=axis, keepdims=True)
    second = (dX_hat * X_hat).mean(axis=axis, keepdims=True)
    return [
        *shown,
        Shown("p", first, "backward", f"p: the mean of dX̂ = dY·γ, {of}", by_example=by_example),
        Shown("q", second, "backward", f"q: the mean of dX̂·X̂, {of}", by_example=by_example),
        Shown("dX", passed.dX, "backward", "dX = s·(dY·γ − p − X̂·q)", "norm.dX"),
    ]


def _residual(passed: Passage, inner: FloatArray) -> list[Shown]:
    return [
        Shown("X", passed.X, "forward"),
        Shown("f(X)", passed.Y - passed.X, "forward"),
        Shown("Y", passed.Y, "forward", "Y = X + f(X)", "residual.Y"),
        Shown("dY", passed.dY, "backward"),
        Shown("dX of f", inner, "backward"),
        Shown("dX", passed.dX, "backward", "dX = dY + dX of f", "residual.dX"),
    ]


def _own(passed: Passage) -> list[Shown]:
    """Return what can be shown of a module whose mathematics the page does not know."""
    own = [(name, value) for name, value in vars(passed.module).items() if isinstance(value, nn.Parameter)]
    note = "by a formula of its own, which this page does not know"
    flat = [(name, _flat(value.data), _flat(value.grad)) for name, value in own]
    return [
        Shown("X", passed.X, "forward"),
        *(Shown(name, values, "forward", by_example=False) for name, values, _ in flat),
        Shown("Y", passed.Y, "forward", f"Y: {note}"),
        Shown("dY", passed.dY, "backward"),
        *(Shown(f"d{name}", grad, "backward", f"d{name}: {note}", by_example=False) for name, _, grad in flat),
        Shown("dX", passed.dX, "backward", f"dX: {note}"),
    ]


def _flat(values: FloatArray) -> FloatArray:
    """Return an array with two axes."""
    return values if values.ndim == 2 else values.reshape(1, -1)


def _module(passed: Passage) -> Any:
    """Return the module as what the table below knows it to be."""
    return passed.module


LAYERS: Mapping[type[nn.Module], Callable[[Passage], list[Shown]]] = {
    nn.Dense: _dense,
    nn.NeuralTangentDense: _neural_tangent,
    nn.Scale: _scale,
    nn.Dropout: _dropout,
    nn.BatchNorm: _batch_norm,
    nn.LayerNorm: _layer_norm,
}
