"""The residual connection: a module that learns what to add to its input."""

from glassnet.nn.arrays import NO_GRADIENT, FloatArray, describe
from glassnet.nn.checks import check_batch
from glassnet.nn.module import Module


class Residual(Module):
    """`Y = X + f(X)` for an inner module f that keeps the shape `(N, D)`.

    Backward. X reaches Y on two paths, and the chain rule adds what comes back along them: straight on, `∂y/∂x = 1`;
    through f, what f's own backward returns. Hence `dX = dY + f.backward(dY)`. The 1 is the point: through k such
    blocks the gradient is a product of factors `1 + f'`, not of factors `f'`, and does not vanish when they are small.
    (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", 2016.)

    Chapter 5 of the course, docs/learn/5-reliable-training.md, says when it is needed.
    """

    def __init__(self, inner: Module) -> None:
        """Take the inner module; its parameters are named "inner.…"."""
        if not isinstance(inner, Module):
            raise TypeError(f"Residual: expected a module, received {describe(inner)}")
        self.inner = inner

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `X + inner(X)`, `(N, D)`."""
        change = self.inner(check_batch(self, X))
        if change.shape != X.shape:
            raise ValueError(
                f"{self!r}: expected the inner module to keep the shape {X.shape} of its input, received {change.shape}"
            )
        Y = X + change
        self.save_for_backward(Y)
        return Y

    def backward(self, dout: FloatArray, input_gradient: bool = True) -> FloatArray:
        """Return `dout + inner.backward(dout)`."""
        self.saved(dout)
        if input_gradient:
            return dout + self.inner.backward(dout)
        self.inner.backward_parameters(dout)
        return NO_GRADIENT

    def __repr__(self) -> str:
        return f"Residual({self.inner!r})"
