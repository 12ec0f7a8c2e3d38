"""A training step's gradient in two calls of compiled loops: the same bytes as the texts give, for most classifiers."""

from typing import Self

import numpy as np
import numpy.typing as npt

from glassnet.compiled import network_loops as loops
from glassnet.compiled.cross_entropy import CompiledCrossEntropy, is_plain
from glassnet.compiled.sequential import CompiledSequential, DenseStack
from glassnet.nn.arrays import FloatArray
from glassnet.nn.loss import Loss
from glassnet.nn.module import Module


class FusedStep:
    """Forward, softmax cross-entropy and backward of dense layers and rectifiers, without what lies between in Python.

    The exponentials, their sums and the logarithms are NumPy's own, as in `CompiledCrossEntropy`.
    """

    @classmethod
    def of(cls, model: Module, loss: Loss) -> Self | None:
        """Return the step of a model and a loss in compiled forms; None where they have other parts than it knows."""
        if type(model) is not CompiledSequential or type(loss) is not CompiledCrossEntropy:
            return None
        if len(model.stacked.layers) > 1:
            return None
        (stack,) = model.stacked.layers
        return cls(model, stack, loss) if isinstance(stack, DenseStack) else None

    def __init__(self, model: CompiledSequential, stack: DenseStack, loss: CompiledCrossEntropy) -> None:
        """Take a model that is one stack, and a loss of class ids."""
        self.model, self.stack, self.loss = model, stack, loss
        self.classes, self.dtype = stack.dense[-1].out_features, stack.flat.data.dtype
        self.lowest, self.number = np.finfo(self.dtype).min, self.dtype.type

    def compute_gradients(
        self, X: FloatArray, labels: npt.NDArray[np.generic], fraction: float = 1.0
    ) -> tuple[float, float] | None:
        """Write the gradients of `fraction` times the loss of a batch.

        Returns:
            The loss, and how many rows are right; None if this batch is one for the texts, and nothing was written.
        """
        stack, loss, rows = self.stack, self.loss, len(X)
        if loss.label_smoothing or loss.class_weights is not None or not self.model.is_as_found:
            return None
        if not stack.takes(X) or not is_plain(labels, rows):
            return None
        A, S = np.empty(rows * stack.units, self.dtype), np.empty((rows, self.classes), self.dtype)
        if not loops.forward_to_loss(stack.product, stack.table, stack.flat.data, X, A, labels, self.lowest, S):
            return None
        dA, chosen = np.empty_like(A), np.empty(rows)
        E = np.exp(S, out=dA[len(A) - S.size :].reshape(S.shape))
        sums = np.add.reduce(E, axis=1)
        hits = loops.backward_from_loss(
            stack.product, stack.table, stack.flat.data, stack.flat.gradients, X, A, dA, S, sums, np.log(sums), labels,
            self.number(rows), self.number(fraction), chosen,
        )  # fmt: skip
        loss.target_form, loss.total_weight = "class ids", float(rows)
        return -float(np.add.reduce(chosen)) / rows, float(hits)
