"""The twin of a row of modules: where a rectifier follows a dense layer, the same bytes in fewer passes over memory."""

import numpy as np

from glassnet.compiled import layers as loops
from glassnet.nn.arrays import NO_GRADIENT, FloatArray
from glassnet.nn.checks import check_batch
from glassnet.nn.containers import Sequential
from glassnet.nn.dense import Dense
from glassnet.nn.module import Module
from glassnet.nn.relu import ReLU


class CompiledSequential(Sequential):
    """Does what its text does, but for each `Dense` with a `ReLU` behind it: bias and rectifier take one pass.

    Both layers keep for the backward pass what their texts keep. Layers with hooks, which see what lies between the
    two, are left to their texts; so is every other module.
    """

    def forward(self, X: FloatArray) -> FloatArray:
        """Return the output of the last module."""
        for part in _parts(self.layers):
            X = _forward(*part, X) if isinstance(part, tuple) else part(X)
        return X

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Return the gradient of the first module's input."""
        first, *others = _parts(self.layers)
        for part in reversed(others):
            dout = _backward(*part, dout) if isinstance(part, tuple) else part.backward(dout)
        if isinstance(first, tuple):
            return _backward(*first, dout, input_gradient)
        if input_gradient:
            return first.backward(dout)
        first.backward_parameters(dout)
        return NO_GRADIENT


def _parts(layers: tuple[Module, ...]) -> list[Module | tuple[Dense, ReLU]]:
    """Return the modules in their order, each dense layer together with the rectifier behind it."""
    parts: list[Module | tuple[Dense, ReLU]] = []
    for layer in layers:
        before = parts[-1] if parts else None
        if type(layer) is ReLU and type(before) is Dense and not layer.has_hooks and not before.has_hooks:
            parts[-1] = (before, layer)
        else:
            parts.append(layer)
    return parts


def _forward(dense: Dense, relu: ReLU, X: FloatArray) -> FloatArray:
    """Return `max(0, XW + b)`."""
    check_batch(dense, X, dense.in_features, dense.W.dtype)
    A: FloatArray = X @ dense.W.data
    loops.add_bias_and_rectify(A, dense.b.data)
    dense.save_for_backward(A, X)
    relu.save_for_backward(A, A)
    return A


def _backward(dense: Dense, relu: ReLU, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
    """Add `dW = XᵀdZ` and `db = Σ dZ`, where `dZ = dA·(A > 0)`; return `dX = dZWᵀ`."""
    (A,) = relu.saved(dout)
    dZ, db = np.empty_like(A), np.empty_like(dense.b.data)
    loops.rectifier_and_bias_gradients(np.ascontiguousarray(dout), A, dZ, db)
    (X,) = dense.saved(dZ)
    dense.W.accumulate(X.T, dZ)
    dense.b.accumulate(db)
    return dZ @ dense.W.data.T if input_gradient else NO_GRADIENT
