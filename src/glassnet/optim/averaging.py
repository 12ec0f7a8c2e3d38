"""The exponential moving average of the weights: a steadier network than the last step's, to evaluate and save."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from glassnet.compiled import fastest
from glassnet.nn import FloatArray, Parameter
from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_number
from glassnet.optim.flat import checked_parameters


def average(W_bar: FloatArray, W: FloatArray, decay: float) -> None:
    """Update `W̄ ← W̄ + (1 − d)(W − W̄)` in place."""
    W_bar += (1 - decay) * (W - W_bar)


class ExponentialMovingAverage:
    """`W̄ ← d·W̄ + (1 − d)·W` after each update, starting from `W̄ = W`.

    Unrolled, `W̄ = d^t·W₀ + (1 − d) Σ_{k<t} d^k·W_{t−k}`: weights that sum to 1 and fade by d with each step back, so
    W̄ averages over about the last `1/(1 − d)` steps. A constant learning rate keeps W jumping about a minimum; the
    jumps cancel in the mean. (Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992.)

    It is computed as `W̄ + (1 − d)·(W − W̄)`, which stays where it is when W does. The two products of the formula above,
    rounded apart, do not add up to W: in float32, with d = 0.9999, W̄ would settle up to 1.6e−4 of it nearer to zero.

    The training goes on with W; W̄ takes its place while it is evaluated or saved:

        with average.in_place():
            scores = evaluate(model, loss, loader)

    Buffers stay as they are. BatchNorm's running averages are those of the training weights:
    `training.recompute_batch_statistics` measures them for the averaged ones, as the callback `WeightAveraging` does.
    """

    def __init__(self, parameters: Iterable[Parameter], decay: float = 0.999) -> None:
        """Set d in [0, 1) and start at the weights as they are."""
        self.decay = check_number("ExponentialMovingAverage", "decay", decay, 0, 1)
        self.parameters = checked_parameters("ExponentialMovingAverage", parameters)
        self.averages: list[FloatArray] = [parameter.data.copy() for parameter in self.parameters]
        self.is_in_place = False

    def update(self) -> None:
        """Take the weights after an update into the average.

        Raises:
            RuntimeError: while the average is in the weights' place.
        """
        self._require_training_weights()
        for W_bar, parameter in zip(self.averages, self.parameters, strict=True):
            take, _ = fastest(average, W_bar, W_bar.size)
            take(W_bar.ravel(), parameter.data.ravel(), self.decay)

    def swap(self) -> None:
        """Exchange the weights of the model with the average; a second call changes them back, bit for bit."""
        for parameter, W_bar in zip(self.parameters, self.averages, strict=True):
            W = parameter.data.copy()
            parameter.data = W_bar
            W_bar[...] = W
        self.is_in_place = not self.is_in_place

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the model have the averaged weights within a `with` block, and its own again after it.

        Raises:
            RuntimeError: if the average is in place already.
        """
        self._require_training_weights()
        self.swap()
        try:
            yield
        finally:
            self.swap()

    def state_dict(self) -> dict[str, FloatArray]:
        """Return copies of the averages, by the numbers of their parameters."""
        self._require_training_weights()
        return {str(number): average.copy() for number, average in enumerate(self.averages)}

    def load_state_dict(self, state: Mapping[str, FloatArray]) -> None:
        """Restore what `state_dict` returned; all or nothing.

        Raises:
            ValueError: if it is no average of such parameters.
        """
        self._require_training_weights()
        own = {str(number): average for number, average in enumerate(self.averages)}
        fits = isinstance(state, Mapping) and state.keys() == own.keys()
        if not fits or any(describe(state[name]) != describe(average) for name, average in own.items()):
            wanted = ", ".join(map(describe, self.averages))
            raise ValueError(f"ExponentialMovingAverage: expected averages {wanted}, received another state")
        for name, average in own.items():
            np.copyto(average, state[name])

    def _require_training_weights(self) -> None:
        if self.is_in_place:
            raise RuntimeError("ExponentialMovingAverage: expected the training weights in place, found the average")
