"""The twin of the cross-entropy of softmax: the same bytes in two loops, for the case that most trainings are."""

import numpy as np
import numpy.typing as npt

from glassnet.compiled import network_loops as loops
from glassnet.nn.arrays import FLOAT_DTYPES, FloatArray
from glassnet.nn.cross_entropy import SoftmaxCrossEntropy


class CompiledCrossEntropy(SoftmaxCrossEntropy):
    """Does what its text does for class ids and finite logits, without weights and smoothing; leaves all else to it.

    The exponentials, their sums and the logarithms are NumPy's own in both: no two libraries round those alike. What
    NumPy does in some twenty passes besides is done in two loops, of the same operations.
    """

    def forward(self, logits: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return what the text returns; the gradient is computed on the way."""
        if self.label_smoothing or self.class_weights is not None or not _are_plain(logits, targets):
            return super().forward(logits, targets)
        S = np.empty_like(logits)
        if not loops.shift(logits, targets, np.finfo(logits.dtype).min, S):
            return super().forward(logits, targets)
        n = len(logits)
        self.target_form, self.total_weight = "class ids", float(n)
        dZ, chosen = np.exp(S), np.empty(n)
        sums = np.add.reduce(dZ, axis=1)
        loops.log_probability_and_gradient(dZ, S, sums, np.log(sums), targets, logits.dtype.type(n), chosen)
        self.save_for_backward(dZ)
        return -float(np.add.reduce(chosen)) / n

    def backward(self) -> FloatArray:
        """Return the gradient."""
        if self._saved is None or len(self._saved) > 1:
            return super().backward()
        (dZ,) = self.saved()
        return dZ

    def score_sum(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return how many examples have their largest logit at the target class."""
        if not _are_plain(outputs, targets):
            return super().score_sum(outputs, targets)
        return float(loops.hits(outputs, targets))

    def __repr__(self) -> str:
        return super().__repr__().replace(type(self).__name__, SoftmaxCrossEntropy.__name__)


def is_plain(targets: npt.NDArray[np.generic], rows: int) -> bool:
    """Return whether these are a label for each row."""
    return type(targets) is np.ndarray and targets.dtype == np.int64 and targets.shape == (rows,)


def _are_plain(logits: FloatArray, targets: npt.NDArray[np.generic]) -> bool:
    """Return whether these are logits `(N, C)`, row by row in memory, and N labels."""
    return (
        type(logits) is np.ndarray
        and logits.dtype in FLOAT_DTYPES
        and logits.flags.c_contiguous
        and logits.ndim == 2
        and logits.size > 0
        and is_plain(targets, len(logits))
    )
