"""A parameter: an array that is learnt, the gradient of the loss with respect to it, and its name."""

from typing import Any

import numpy as np

from glassnet.nn.arrays import FLOAT_DTYPES, FloatArray, describe


class Parameter:
    """A learnt array `data` and the gradient `grad` of the loss with respect to it, of the same shape and dtype.

    A gradient accumulates: each backward pass *adds* to it, as the chain rule wants when a parameter is used
    twice or when one update follows several backward passes. `zero_grad` starts the sum again. It only marks the
    buffer as zero: the next contribution then overwrites instead of adding to zeros, which saves two passes over
    the memory, and whoever reads `grad` before that sees real zeros.

    `data` and `grad` may be views into an optimizer's flat vectors (see `glassnet.optim.flat`). Assigning to
    either therefore copies into the existing array; the array itself never changes behind the optimizer's back.

    Attributes:
        name: a short name within its module, such as "W".
        decays: whether weight decay and L2 penalties apply: True for weights, False for biases and for the
            scales and shifts of normalization layers, which need no shrinking towards zero.
    """

    __slots__ = ("_data", "_grad", "_grad_is_zero", "decays", "flat", "name")

    def __init__(self, data: FloatArray, name: str, *, decays: bool = True) -> None:
        """Take ownership of `data` (float32 or float64, any shape); a copy, if it cannot be written to as it lies."""
        if not isinstance(data, np.ndarray) or data.dtype not in FLOAT_DTYPES:
            raise TypeError(f"Parameter {name}: expected a float32 or float64 array, received {describe(data)}")
        self._data = np.require(data, requirements=["C", "W", "E"])  # E: a plain array
        self._grad = np.zeros_like(self._data)
        self._grad_is_zero = False
        self.name = name
        self.decays = decays
        self.flat: Any = None  # the optimizer's flat vector that data and grad are views of, if there is one

    @property
    def data(self) -> FloatArray:
        """The learnt values."""
        return self._data

    @data.setter
    def data(self, value: FloatArray) -> None:
        self._replace(self._data, value)

    @property
    def grad(self) -> FloatArray:
        """The gradient accumulated since the last `zero_grad`, in the shape of `data`."""
        if self._grad_is_zero:
            self._grad.fill(0)
            self._grad_is_zero = False
        return self._grad

    @grad.setter
    def grad(self, value: FloatArray) -> None:
        self._replace(self._grad, value)
        self._grad_is_zero = False

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
        """Count the gradient as zero from here on."""
        self._grad_is_zero = True

    def accumulate(self, gradient: FloatArray) -> None:
        """Add one contribution, of the parameter's own shape and dtype, to the gradient."""
        if gradient.shape != self._data.shape or gradient.dtype != self._data.dtype:
            raise ValueError(
                f"Parameter {self.name}: expected a gradient like {describe(self._data)}, received {describe(gradient)}"
            )
        if self._grad_is_zero:
            np.copyto(self._grad, gradient)
            self._grad_is_zero = False
        else:
            self._grad += gradient

    def accumulate_product(self, left: FloatArray, right: FloatArray) -> None:
        """Add the matrix product `left @ right` to the gradient, written straight into it where it is still zero."""
        if self._grad_is_zero:
            np.matmul(left, right, out=self._grad)
            self._grad_is_zero = False
        else:
            self._grad += left @ right

    def move_into(self, data: FloatArray, grad: FloatArray, flat: object) -> None:
        """Copy the values into `data` and `grad`, views of the flat vectors of `flat`, and live there from now on."""
        data[...] = self._data
        grad[...] = self.grad
        self._data, self._grad, self.flat = data, grad, flat

    def _replace(self, target: FloatArray, value: FloatArray) -> None:
        if value is target:  # `parameter.grad += x` changes the array in place and then assigns it to itself
            return
        if not isinstance(value, np.ndarray) or value.shape != target.shape or value.dtype != target.dtype:
            raise ValueError(
                f"Parameter {self.name}: expected {target.dtype} of shape {target.shape}, received {describe(value)}"
            )
        np.copyto(target, value)

    def __getstate__(self) -> dict[str, Any]:
        """A copy stands alone: it shares no memory with the optimizer that the original belongs to."""
        return {"data": self._data.copy(), "grad": self.grad.copy(), "name": self.name, "decays": self.decays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._data, self._grad = state["data"], state["grad"]
        self.name, self.decays = state["name"], state["decays"]
        self._grad_is_zero = False
        self.flat = None

    def __repr__(self) -> str:
        return f"Parameter({self.name}, shape={self.shape}, dtype={self.dtype})"
