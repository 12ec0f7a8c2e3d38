"""Cross-entropy with class weights whose minimum is the classes' own probabilities, not those of weighted rows."""

import math

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_batch
from glassnet.nn.cross_entropy import SoftmaxCrossEntropy
from glassnet.nn.loss import Loss
from glassnet.nn.softmax import softmax


class AdjustedCrossEntropy(SoftmaxCrossEntropy):
    """`ℓ = Σ_n w_{y_n} · −log q_{n,y_n} / Σ_n w_{y_n}` with `Q = softmax(Z + log w)`: weighted, and calibrated.

    For rows that are of class c with probability π_c, the weighted cross-entropy `−Σ_c w_c π_c log q_c` is least where
    `q_c ∝ w_c π_c`. With plain logits these would be the network's probabilities, too high for the classes of large
    weights. Here `q_c ∝ w_c p_c` with `P = softmax(Z)`, so that the minimum is at `P = π`: the network's own outputs
    are the probabilities of the rows as they are. What the weights change is which errors a network of limited size
    avoids. (Elkan, "The foundations of cost-sensitive learning", 2001; Menon et al., "Long-tail learning via logit
    adjustment", 2021.)

    Backward. `log w` is a constant that is added to Z: the gradient is that of the weighted cross-entropy at
    `Z + log w`.

    A network whose last biases begin at `−log w` begins with even `Q`, and takes the same steps as one with plain
    logits that is trained with the weighted cross-entropy.

    Attributes:
        log_weights: log w, `(C,)`.
    """

    def __init__(self, class_weights: npt.ArrayLike, label_smoothing: float = 0.0) -> None:
        """Set a weight above 0 for each class, and ε in [0, 1)."""
        super().__init__(label_smoothing, class_weights)
        weights = np.asarray(self.class_weights)
        if not (weights > 0).all():
            raise ValueError(f"AdjustedCrossEntropy: expected class_weights above 0, received {weights.tolist()}")
        self.log_weights = np.log(weights)

    def forward(self, logits: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the weighted mean loss of `logits (N, C)` for `targets` `(N,)` or `(N, C)`."""
        return super().forward(adjusted(check_batch(self, logits), self.log_weights), targets)

    def for_evaluation(self) -> Loss:
        """Return the plain cross-entropy, beside which rows count as right by their weighted probabilities."""
        return _WeightedAnswers(self.log_weights, self.label_smoothing)

    def answers(self, outputs: FloatArray) -> npt.NDArray[np.intp]:
        """Return the class of the largest `w_c (p_c − ε/C)` of each example."""
        return weighted(outputs, self.log_weights, self.label_smoothing).argmax(axis=1)


class _WeightedAnswers(SoftmaxCrossEntropy):
    """The plain cross-entropy of a network whose answer is the class of the largest `w_c p_c`."""

    def __init__(self, log_weights: npt.NDArray[np.float64], smoothing: float) -> None:
        super().__init__()
        self.log_weights, self.smoothing = log_weights, smoothing

    def answers(self, outputs: FloatArray) -> npt.NDArray[np.intp]:
        return weighted(outputs, self.log_weights, self.smoothing).argmax(axis=1)


def weighted(outputs: FloatArray, log_weights: npt.NDArray[np.float64], smoothing: float = 0.0) -> FloatArray:
    """Return `w_c (p_c − ε/C)`, `(N, C)`: the class of the largest one is the answer.

    A network that is taught smoothed labels gives a class the probability `(1 − ε)π_c + ε/C`, which is more than enough
    for a rare class of large weight, if ε/C is not taken off again.
    """
    answers: FloatArray = np.exp(log_weights) * (softmax(outputs) - smoothing / outputs.shape[1])
    return answers


def adjusted(logits: FloatArray, log_weights: npt.NDArray[np.float64]) -> FloatArray:
    """Return `Z + log w`, `(N, C)`, in the dtype of the logits.

    Raises:
        ValueError: for another number of weights than classes.
    """
    if logits.shape[1] != len(log_weights):
        weights = [round(math.exp(each), 6) for each in log_weights]
        raise ValueError(f"AdjustedCrossEntropy: expected {logits.shape[1]} class weights, received {weights}")
    return logits + log_weights.astype(logits.dtype)
