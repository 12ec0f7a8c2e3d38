"""The exponential moving average of the weights: a steadier network than the last step's, to evaluate and save."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from glassnet.nn import FloatArray, Parameter
from glassnet.nn.arrays import check_number, describe
from glassnet.optim.flat import FlatVector


class ExponentialMovingAverage:
    """`W̄ ← d·W̄ + (1 − d)·W` after each update, starting from `W̄ = W`.

    Unrolled, `W̄ = d^t·W₀ + (1 − d) Σ_{k<t} d^k·W_{t−k}`: weights that sum to 1 and fade by d with each step back, so
    W̄ averages over about the last `1/(1 − d)` steps. A constant learning rate keeps W jumping about a minimum; the
    jumps cancel in the mean. (Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992.)

    The training goes on with W; W̄ takes its place while it is evaluated or saved:

        with average.in_place():
            scores = evaluate(model, loss, loader)

    Buffers, such as BatchNorm's running averages, are averages already and stay as they are.
    """

    def __init__(self, parameters: Iterable[Parameter], decay: float = 0.999) -> None:
        """Set d in [0, 1) and start at the weights as they are; make it after the optimizer, of the same parameters."""
        self.decay = check_number("ExponentialMovingAverage", "decay", decay, 0, 1)
        self.flat = FlatVector.of(parameters)
        self.average: FloatArray = self.flat.data.copy()
        self._scratch = np.empty_like(self.average)
        self.is_in_place = False

    def update(self) -> None:
        """Take the weights after an update into the average.

        Raises:
            RuntimeError: while the average is in the weights' place.
        """
        if self.is_in_place:
            raise RuntimeError("ExponentialMovingAverage: expected the training weights in place, found the average")
        self.average *= self.decay
        self.average += np.multiply(self.flat.data, 1 - self.decay, out=self._scratch)

    def swap(self) -> None:
        """Exchange the weights of the model with the average; a second call changes them back, bit for bit."""
        np.copyto(self._scratch, self.flat.data)
        np.copyto(self.flat.data, self.average)
        np.copyto(self.average, self._scratch)
        self.is_in_place = not self.is_in_place

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the model have the averaged weights within a `with` block, and its own again after it."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    def state_dict(self) -> dict[str, FloatArray]:
        """Return a copy of the average; call it while the training weights are in place."""
        if self.is_in_place:
            raise RuntimeError("ExponentialMovingAverage: expected the training weights in place, found the average")
        return {"average": self.average.copy()}

    def load_state_dict(self, state: Mapping[str, FloatArray]) -> None:
        """Restore what `state_dict` returned.

        Raises:
            ValueError: if it is no average of such a model.
        """
        value = state.get("average")
        fits = isinstance(value, np.ndarray) and value.shape == self.average.shape and value.dtype == self.average.dtype
        if set(state) != {"average"} or not fits:
            received = ", ".join(f"{name}: {describe(array)}" for name, array in state.items())
            wanted = f"average: {describe(self.average)}"
            raise ValueError(f"ExponentialMovingAverage: expected {wanted}, received {received or 'nothing'}")
        np.copyto(self.average, state["average"])
