"""All parameters of a model laid end to end in one vector, and their gradients in another."""

from collections.abc import Iterable
from itertools import accumulate

import numpy as np

from glassnet.buffers import aligned_zeros
from glassnet.nn import FloatArray, Parameter


class FlatVector:
    """One contiguous vector `data` of all parameters and one, `grad`, of all their gradients, each `(P,)`.

    `Parameter.data` and `.grad` become views of them, so an update is a dozen NumPy calls however many layers there
    are, and the global norm of the gradient is one dot product.

    Attributes:
        parameters: the parameters, in the order in which they lie in the vectors.
        places: where each of them lies.
        data: their values.
    """

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        """Move the parameters' values and gradients into new flat vectors.

        Raises:
            ValueError: if there is no parameter, one appears twice, or the dtypes differ.
        """
        self.parameters = checked_parameters("optimizer", parameters)
        if not self.parameters:
            raise ValueError("optimizer: expected at least one parameter, received none")
        if len({id(parameter) for parameter in self.parameters}) != len(self.parameters):
            raise ValueError("optimizer: expected each parameter once, received one twice")
        dtypes = {parameter.dtype for parameter in self.parameters}
        if len(dtypes) > 1:
            raise ValueError(f"optimizer: expected parameters of one dtype, received {sorted(map(str, dtypes))}")
        ends = list(accumulate(parameter.size for parameter in self.parameters))
        self.places = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        size, dtype = ends[-1], dtypes.pop()
        self.move(aligned_zeros(size, dtype), aligned_zeros(size, dtype))

    def move(self, data: FloatArray, grad: FloatArray) -> None:
        """Copy all values into `data (P,)` and all gradients into `grad (P,)`, and live there from now on."""
        self.data, self._grad = data, grad
        for parameter, place in zip(self.parameters, self.places, strict=True):
            parameter.move_into(data[place].reshape(parameter.shape), grad[place].reshape(parameter.shape), self)

    @classmethod
    def of(cls, parameters: Iterable[Parameter]) -> "FlatVector":
        """Return the vectors that hold exactly these parameters in this order, laying them out if need be."""
        parameters = checked_parameters("optimizer", parameters)
        return cls.existing(parameters) or cls(parameters)

    @classmethod
    def existing(cls, parameters: list[Parameter]) -> "FlatVector | None":
        """Return the vectors that already hold exactly these parameters in this order, or None."""
        flat = getattr(parameters[0], "flat", None) if parameters else None
        if not isinstance(flat, cls) or flat.parameters != parameters:
            return None
        for parameter in parameters:
            if parameter.flat is not flat:
                return None
        return flat

    @property
    def grad(self) -> FloatArray:
        """The gradients `(P,)`; a parameter whose gradient counts as zero is written as zeros first.

        Raises:
            RuntimeError: if another optimizer has since moved a parameter into vectors of its own.
        """
        for parameter in self.parameters:
            if parameter.flat is not self:
                raise RuntimeError(
                    f"optimizer: expected {parameter!r} in this optimizer's vector, found it elsewhere: another "
                    "optimizer took it, or this one was copied; give each parameter to one optimizer, made for it"
                )
            parameter.grad  # noqa: B018  # reading it writes the zeros that zero_grad only promised
        return self._grad

    def zero_grad(self) -> None:
        """Count every gradient as zero from here on."""
        for parameter in self.parameters:
            parameter.zero_grad()


def checked_parameters(owner: str, parameters: Iterable[Parameter]) -> list[Parameter]:
    """Return `parameters` as a list.

    Raises:
        TypeError: if they are anything but parameters, such as the model itself, or their arrays.
    """
    wanted = f"{owner}: expected parameters, as model.parameters() returns them, received"
    if not isinstance(parameters, Iterable) or isinstance(parameters, np.ndarray):
        raise TypeError(f"{wanted} {type(parameters).__name__}")
    listed = list(parameters)
    strange = next((value for value in listed if not isinstance(value, Parameter)), None)
    if strange is not None:
        raise TypeError(f"{wanted} {type(strange).__name__}")
    return listed
