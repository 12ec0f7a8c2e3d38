"""What every loss has in common: a mean over the batch, its gradient, and the score that is read beside it."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FloatArray


class Loss:
    """A function `ℓ(Z, T)` of a network's outputs `Z (N, C)` and the targets T: a mean over the batch, a Python float.

    `forward(outputs, targets)` returns ℓ; `backward()` returns `∂ℓ/∂Z` for the last forward, where every backward pass
    begins. The mean's `1/N` is in that gradient, so a learning rate means the same whatever the size of the batch.

    Attributes:
        score_name: the name of the score that people read beside the loss, such as "accuracy".
        total_weight: what the last forward divided by: a mean over several batches weighs each batch's value with it.
            None stands for the number of examples, which a plain mean divides by.
    """

    score_name: ClassVar[str]
    total_weight: float | None = None
    _saved: tuple[Any, ...] | None = None

    def forward(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the mean loss of `outputs (N, C)` for `targets`."""
        raise NotImplementedError(f"{type(self).__name__}: expected a forward(outputs, targets) of its own, found none")

    def backward(self) -> FloatArray:
        """Return the gradient `(N, C)` with respect to the outputs of the last `forward`."""
        raise NotImplementedError(f"{type(self).__name__}: expected a backward() of its own, found none")

    def for_evaluation(self) -> "Loss":
        """Return the loss by which predictions are judged: this one, without what only shapes the training.

        Trainings that differ in label smoothing or class weights minimize different things; their predictions are
        compared by one and the same loss.
        """
        return self

    def answers(self, outputs: FloatArray) -> npt.NDArray[np.intp]:
        """Return the class that a network answers with for each of its outputs `(N, C)`, if it tells classes apart."""
        return outputs.argmax(axis=1)

    def score_sum(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the score summed over the examples, for targets that `forward` has accepted."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected a score_name, and a score_sum(outputs, targets) of its own for what is "
            "read beside the loss, found none"
        )

    def save_for_backward(self, *values: Any) -> None:
        """Keep `values` for the backward pass."""
        self._saved = values

    def saved(self) -> tuple[Any, ...]:
        """Return what `forward` saved, and forget it.

        Raises:
            RuntimeError: if no forward pass is waiting for its backward pass.
        """
        if self._saved is None:
            raise RuntimeError(
                f"{self!r}: backward expected a forward pass before it, received none since the last backward; "
                "call forward, then backward once"
            )
        values, self._saved = self._saved, None
        return values

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
