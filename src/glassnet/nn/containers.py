"""Containers: modules in a row."""

from collections.abc import Iterator

from glassnet.nn.arrays import NO_GRADIENT, FloatArray, describe
from glassnet.nn.module import Module


class Sequential(Module):
    """`f_k(… f_2(f_1(X)))`: each module's output is the next one's input.

    Backward. The chain rule from the outside in: `dout` goes through the last module's backward first, and what that
    returns, the gradient of its input, is the `dout` of the module before it. (Rumelhart, Hinton & Williams, 1986.)

    Inner modules are named by their position, so that parameters are called "0.W", "0.b", "2.W", and so on.

    Chapter 4 of the course, docs/learn/4-backward.md, goes through one by hand.
    """

    def __init__(self, *layers: Module) -> None:
        """Take the modules in the order in which a batch passes through them; at least one."""
        for layer in layers:
            if not isinstance(layer, Module):
                raise TypeError(f"Sequential: expected modules, received {describe(layer)}")
        if not layers:
            raise ValueError("Sequential: expected at least one module, received none")
        inside = [id(module) for layer in layers for module in layer.modules()]
        if len(set(inside)) < len(inside):
            raise ValueError(
                "Sequential: expected each module once, received one twice; make two (they may share a Parameter)"
            )
        self.layers = layers

    def forward(self, X: FloatArray) -> FloatArray:
        """Return the output of the last module."""
        for layer in self.layers:
            X = layer(X)
        return X

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Return the gradient of the first module's input."""
        first, *others = self.layers
        for layer in reversed(others):
            dout = layer.backward(dout)
        if input_gradient:
            return first.backward(dout)
        first.backward_parameters(dout)
        return NO_GRADIENT

    def children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules with their positions as names."""
        for index, layer in enumerate(self.layers):
            yield str(index), layer

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"
