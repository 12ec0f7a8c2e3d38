"""A parameter: an array that is learnt, the gradient of the loss with respect to it, and its name."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from glassnet.nn.arrays import FLOAT_DTYPES, FloatArray, describe


class Parameter:
    """A learnt array `data` and the gradient `grad` of the loss with respect to it, of the same shape and dtype.

    A gradient accumulates: each backward pass *adds* to it, as the chain rule wants when a parameter is used twice or
    when one update follows several backward passes. `zero_grad` starts the sum again.

    `data` and `grad` may be views of an optimizer's flat vectors (see `glassnet.optim.flat`). Assigning to either
    therefore copies into the array that is there.

    Chapter 6 of the course, docs/learn/6-framework.md, builds a small one.

    Attributes:
        name: a short name within its module, such as "W".
        weight_decay: whether weight decay and L2 penalties apply: True for weights, False for biases and for the scales
            and shifts of normalization layers, which need no shrinking towards zero.
        rate_factor: what the learning rate is multiplied by for this parameter. Set it before an optimizer is made.
        flat: the optimizer's flat vector that data and grad are views of, if there is one.
    """

    __slots__ = ("_data", "_grad", "_is_replaced", "flat", "name", "rate_factor", "weight_decay")

    def __init__(self, data: FloatArray, name: str, *, weight_decay: bool = True) -> None:
        """Take ownership of `data` (float32 or float64, any shape); a copy, if it cannot be written to as it lies."""
        if not isinstance(data, np.ndarray) or data.dtype not in FLOAT_DTYPES:
            raise TypeError(f"Parameter {name}: expected a float32 or float64 array, received {describe(data)}")
        self._data = np.require(data, requirements=["C", "W", "E"])  # E: a plain array
        self._grad = np.zeros_like(self._data)
        self._is_replaced = False  # by the next gradient, instead of being added to
        self.name, self.weight_decay, self.rate_factor = name, weight_decay, 1.0
        self.flat: Any = None

    @property
    def data(self) -> FloatArray:
        """The learnt values."""
        return self._data

    @data.setter
    def data(self, value: FloatArray) -> None:
        self._copy(self._data, value)

    @property
    def grad(self) -> FloatArray:
        """The sum of the gradients since the last `zero_grad`."""
        return self._grad

    @grad.setter
    def grad(self, value: FloatArray) -> None:
        self._copy(self._grad, value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `data` and `grad`."""
        return self._data.shape

    @property
    def size(self) -> int:
        """The number of learnt values."""
        return self._data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of `data` and `grad`."""
        return self._data.dtype

    def zero_grad(self) -> None:
        """Start the sum of gradients again, at zero."""
        self._grad.fill(0)

    def accumulate(self, gradient: FloatArray, right: FloatArray | None = None) -> None:
        """Add `gradient` to the sum; with `right`, the matrix product `gradient @ right`.

        Raises:
            ValueError: if that has not the parameter's shape and dtype.
        """
        shape = gradient.shape if right is None else (gradient.shape[0], right.shape[1])
        if shape != self.shape or gradient.dtype != self.dtype:
            raise ValueError(
                f"Parameter {self.name}: expected a gradient like {describe(self._data)}, received {gradient.dtype} of "
                f"shape {shape}"
            )
        if not self.replace_gradient():
            self._grad += gradient if right is None else gradient @ right
        elif right is None:
            np.copyto(self._grad, gradient)
        else:
            np.matmul(gradient, right, out=self._grad)

    def replace_gradient(self) -> bool:
        """Return whether the next gradient takes the place of the sum, which the caller then sees to."""
        is_replaced, self._is_replaced = self._is_replaced, False
        return is_replaced

    def move_into(self, data: FloatArray, grad: FloatArray, flat: object) -> None:
        """Copy the values into `data` and `grad`, views of the flat vectors of `flat`, and live there from now on."""
        data[...] = self._data
        grad[...] = self._grad
        self._data, self._grad, self.flat = data, grad, flat

    def _copy(self, target: FloatArray, value: FloatArray) -> None:
        if not isinstance(value, np.ndarray) or value.shape != target.shape or value.dtype != target.dtype:
            raise ValueError(
                f"Parameter {self.name}: expected {target.dtype} of shape {target.shape}, received {describe(value)}"
            )
        if value is not target:  # `parameter.data += x` changes the array in place and then assigns it to itself
            np.copyto(target, value)

    def __getstate__(self) -> dict[str, Any]:
        """A copy stands alone: it shares no memory with the optimizer that the original belongs to."""
        said = {"name": self.name, "decay": self.weight_decay, "factor": self.rate_factor}
        return {"data": self._data.copy(), "grad": self._grad.copy(), **said}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._data, self._grad, self._is_replaced = state["data"], state["grad"], False
        self.name, self.weight_decay, self.rate_factor = state["name"], state["decay"], state["factor"]
        self.flat = None

    def __repr__(self) -> str:
        return f"Parameter({self.name}, shape={self.shape}, dtype={self.dtype})"


@contextmanager
def fresh_gradients(parameters: Sequence[Parameter]) -> Iterator[None]:
    """Start the sums of gradients again for what is accumulated within a `with` block, as `zero_grad` before it does.

    The first term takes the place of the old sum. Zeros, and additions to them, would take a tenth of a training step
    of a 784-128-64-10 network with batches of 64 rows, and a third in a wide one.
    """
    for parameter in parameters:
        parameter._is_replaced = True
    yield
    for parameter in parameters:
        if parameter._is_replaced:  # no backward pass has reached it
            parameter.zero_grad()
            parameter._is_replaced = False
