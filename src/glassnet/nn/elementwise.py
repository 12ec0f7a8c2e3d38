"""What all activations share: a function of one variable, applied to each entry."""

from typing import Any

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_batch
from glassnet.nn.module import Module


class Elementwise(Module):
    """`A = f(Z)`, each entry by itself; any shape `(N, D)`. A subclass states f and its derivative.

    Backward. `a_nd` depends on `z_nd` alone, so the chain rule has one term: `dZ = dA · f'(Z)`.

    Chapter 4 of the course, docs/learn/4-backward.md, has the rule among the others.
    """

    def function(self, Z: FloatArray) -> tuple[FloatArray, tuple[Any, ...]]:
        """Return `f(Z)`, and what the derivative is computed from."""
        raise NotImplementedError(f"{type(self).__name__}: expected a function(Z) of its own, found none")

    def derivative(self, *saved: Any) -> FloatArray:
        """Return `f'(Z)` from what `function` has returned for it."""
        raise NotImplementedError(f"{type(self).__name__}: expected a derivative(*saved) of its own, found none")

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `f(X)`."""
        A, saved = self.function(check_batch(self, X))
        self.save_for_backward(A, *saved)
        return A

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return `dout · f'(X)`."""
        return dout * self.derivative(*self.saved(dout))
