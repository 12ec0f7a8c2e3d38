"""The twin of a row of modules: dense layers and the rectifiers behind them take one call, and give the same bytes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from glassnet.compiled import network_loops
from glassnet.compiled.products import product_address
from glassnet.nn.arrays import FloatArray
from glassnet.nn.containers import Sequential
from glassnet.nn.dense import Dense
from glassnet.nn.module import Module
from glassnet.nn.relu import ReLU


class CompiledSequential(Module):
    """Does what its text does, but for dense layers in a row, each with a rectifier behind it or without.

    While a layer has hooks, which see what lies between two layers, all of them are left to their texts; so they are
    when the text has got others. A gradient that does not lie row by row in memory, as those of our losses do, is
    copied so: the last digit of a sum may differ.
    """

    def __init__(self, text: Sequential) -> None:
        """Find what can be computed in one call."""
        self.text, self.layers = text, text.layers
        self.stacked, self.used = Sequential(*_parts(text.layers)), text

    def __call__(self, X: FloatArray) -> FloatArray:
        """Return the output of the last module, and show it to the hooks of the text."""
        Y = self.forward(X)
        self.text.show(X, Y)
        return Y

    def forward(self, X: FloatArray) -> FloatArray:
        """Return the output of the last module."""
        self.used = self.stacked if self.is_as_found else self.text
        return self.used.forward(X)

    @property
    def is_as_found(self) -> bool:
        """Whether the text has the layers that it had, and neither it nor one of them has hooks."""
        is_seen = self.text.has_hooks or any(layer.has_hooks for layer in self.layers)
        return self.text.layers is self.layers and not is_seen

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Return the gradient of the first module's input."""
        return self.used.backward(dout, input_gradient)


class DenseStack(Module):
    """Dense layers in a row, each with a rectifier behind it or without, whose parameters lie in one flat vector."""

    def __init__(self, layers: list[Module]) -> None:
        """Take the layers in their order, beginning with a dense one."""
        self.text = Sequential(*layers)
        self.dense = [layer for layer in layers if isinstance(layer, Dense)]
        self.own = [(layer, layer.W, layer.b) for layer in self.dense]
        self.inside = [parameter for _, *parameters in self.own for parameter in parameters]
        self.flat = self.dense[0].W.flat
        self.product = product_address(self.flat.data.dtype)
        place = {id(each): offset.start for each, offset in zip(self.flat.parameters, self.flat.offsets, strict=True)}
        rectified = [type(following) is ReLU for following in [*layers[1:], None]]
        self.table = np.array(
            [
                (place[id(layer.W)], place[id(layer.b)], layer.in_features, layer.out_features, is_rectified)
                for layer, is_rectified in zip(layers, rectified, strict=True)
                if isinstance(layer, Dense)
            ]
        )
        self.units = sum(layer.out_features for layer in self.dense)

    def forward(self, X: FloatArray) -> FloatArray:
        """Return the output of the last layer."""
        if not self.takes(X):
            self._saved = None
            return self.text.forward(X)
        rows, last = len(X), self.dense[-1].out_features
        A = np.empty(rows * self.units, X.dtype)
        network_loops.forward(self.product, self.table, self.flat.data, X, A)
        Y: FloatArray = A[len(A) - rows * last :].reshape(rows, last)
        self.save_for_backward(Y, X, A)
        return Y

    def takes(self, X: FloatArray) -> bool:
        """Return whether this is a batch, row by row in memory, and the parameters still lie where they did.

        NumPy multiplies a single row in another way.
        """
        for layer, W, b in self.own:
            if layer.W is not W or layer.b is not b or W.flat is not self.flat or b.flat is not self.flat:
                return False
        first = self.dense[0]
        is_plain = type(X) is np.ndarray and X.flags.c_contiguous and X.ndim == 2 and X.dtype == first.W.dtype
        return is_plain and len(X) > 1 and X.shape[1] == first.in_features

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Add the gradients of all parameters; return that of the input."""
        if self._saved is None:
            return self.text.backward(dout, input_gradient)
        X, A = self.saved(dout)
        dA = np.empty_like(A)
        dA[len(A) - dout.size :].reshape(dout.shape)[:] = dout
        dX: FloatArray = np.empty_like(X if input_gradient else X[:0])
        is_replaced = [parameter.replace_gradient() for parameter in self.inside]
        gradients = self.flat.gradients if all(is_replaced) else np.empty_like(self.flat.data)
        network_loops.backward(self.product, self.table, self.flat.data, gradients, X, A, dA, dX)
        if gradients is not self.flat.gradients:
            self._add(gradients, is_replaced)
        return dX

    def _add(self, gradients: FloatArray, is_replaced: list[bool]) -> None:
        """Add gradients to the sums that go on, and put them in the place of the others."""
        offsets = dict(zip(map(id, self.flat.parameters), self.flat.offsets, strict=True))
        for parameter, is_new in zip(self.inside, is_replaced, strict=True):
            gradient = gradients[offsets[id(parameter)]].reshape(parameter.shape)
            parameter.grad = gradient if is_new else parameter.grad + gradient

    def __repr__(self) -> str:
        return repr(self.text.layers[-1])


def _parts(layers: tuple[Module, ...]) -> Iterator[Module]:
    """Yield the modules in their order, each row of dense layers and rectifiers as one."""
    stack: list[Module] = []
    for layer in layers:
        if stack and _goes_on(stack, layer):
            stack.append(layer)
            continue
        if stack:
            yield DenseStack(stack)
        stack = [layer] if _vector_of(layer) is not None else []
        if not stack:
            yield layer
    if stack:
        yield DenseStack(stack)


def _goes_on(stack: list[Module], layer: Module) -> bool:
    """Return whether a layer is the next one of a stack; one that shares a parameter with it begins another."""
    if type(layer) is ReLU:
        return type(stack[-1]) is Dense
    dense = [each for each in [*stack, layer] if isinstance(each, Dense)]
    inside = {id(parameter) for each in dense for parameter in (each.W, each.b)}
    return _vector_of(layer) is _vector_of(stack[0]) and len(inside) == 2 * len(dense)


def _vector_of(layer: Module) -> Any:
    """Return the flat vector that a dense layer's parameters lie in; None if it, or NumPy's product, is not at hand."""
    if type(layer) is not Dense or min(layer.in_features, layer.out_features) < 2:
        return None  # where one of them is 1, NumPy multiplies in another way
    is_at_hand = layer.W.flat is layer.b.flat and product_address(layer.W.dtype)
    return layer.W.flat if is_at_hand else None
