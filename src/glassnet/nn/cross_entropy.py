"""The cross-entropy of softmax, fused with it: computed from the logits, so that neither can overflow."""

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FloatArray
from glassnet.nn.checks import check_batch, check_class_targets, check_class_weights, check_number
from glassnet.nn.loss import Loss
from glassnet.nn.softmax import shifted


class SoftmaxCrossEntropy(Loss):
    """`ℓ = −(1/N) Σ_n log p_{n,y_n}` with `P = softmax(Z)`, computed from the logits `Z (N, C)` by log-sum-exp.

    Targets are class ids `(N,)`, integers in [0, C), or distributions `(N, C)`, one-hot or soft, rows summing to 1.

    With label smoothing ε the target Y becomes `Q = (1 − ε)Y + ε/C`; with class weights w an entry counts as
    `t_nc = w_c q_nc`. The loss is `ℓ = −(1/D) Σ_nc t_nc log p_nc`, where `D = Σ_n w_{y_n}` for class ids and `D = N`
    for distributions.

    Backward. From `log p_c = z_c − log Σ_k e^(z_k)`: `∂log p_c/∂z_j = δ_cj − p_j`, so
    `dz_nj = −(1/D) Σ_c t_nc (δ_cj − p_nj) = (p_nj Σ_c t_nc − t_nj)/D`, where
    `Σ_c t_nc = Σ_c w_c q_nc`. Without weights that is 1, and `dZ = (P − Q)/N`: the prediction minus the target.
    (Bridle, "Training stochastic model recognition algorithms", 1990; label smoothing: Szegedy et al., "Rethinking the
    inception architecture", 2016.)

    Finite logits, however huge, give a finite loss (float64 ones near the end of their range aside). A logit of −inf is
    a probability of exactly 0: the loss is infinite if the target has a fraction of that class, and does not see it
    otherwise. A logit of +inf or NaN gives no finite loss.

    Chapter 2 of the course, docs/learn/2-shapes.md, derives its gradient.

    Attributes:
        target_form: what the last forward got: "class ids"; "one-hot", all entries exactly 0 or 1; or "soft".
        total_weight: the D of the last forward.
    """

    score_name = "accuracy"
    target_form: str | None = None
    total_weight: float = 0.0

    def __init__(self, label_smoothing: float = 0.0, class_weights: npt.ArrayLike | None = None) -> None:
        """Set ε in [0, 1) and one weight of 0 or more for each class (None: all 1)."""
        self.label_smoothing = check_number(type(self).__name__, "label_smoothing", label_smoothing, 0, 1)
        self.class_weights = None if class_weights is None else check_class_weights(type(self).__name__, class_weights)

    def forward(self, logits: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the mean data loss of `logits (N, C)` for `targets` `(N,)` or `(N, C)`."""
        Z = check_batch(self, logits)
        Y, self.target_form = check_class_targets(self, Z, targets)
        w, eps, C = self._weights(Z), self.label_smoothing, Z.shape[1]
        Q = (1 - eps) * Y + eps / C
        T = w * Q
        D = self.total_weight = self._total_weight(Y, w)
        S = shifted(Z)
        E = np.exp(S)
        sums = E.sum(axis=1, keepdims=True)
        P, log_P = E / sums, S - np.log(sums)
        self.save_for_backward(P, T, Q @ w, D)
        with np.errstate(invalid="ignore"):  # 0·log 0 counts as 0, but for a row of NaN
            terms = np.where(T > 0, T * log_P, 0 * sums)
        return -float(terms.sum(axis=1, dtype=np.float64).sum()) / D

    def backward(self) -> FloatArray:
        """Return `dZ = (P·Σ_c T − T)/D`, `(N, C)`: `(P − Y)/N` without weights and smoothing."""
        P, T, sums, D = self.saved()
        return ((P * sums[:, np.newaxis] - T) / D).astype(P.dtype, copy=False)

    def for_evaluation(self) -> Loss:
        """Return the plain cross-entropy: label smoothing and class weights change what is learnt, not what is true."""
        return SoftmaxCrossEntropy() if self.label_smoothing or self.class_weights is not None else self

    def score_sum(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return how many examples are answered with the (most probable) target class."""
        labels = targets if targets.ndim == 1 else targets.argmax(axis=1)
        return float(np.count_nonzero(self.answers(outputs) == labels))

    def _weights(self, Z: FloatArray) -> FloatArray:
        """Return the weight of each class, `(C,)`; in float64 if they were given, which holds any weights."""
        if self.class_weights is None:
            return np.ones(Z.shape[1], dtype=Z.dtype)
        if len(self.class_weights) != Z.shape[1]:
            raise ValueError(f"{self!r}: expected {Z.shape[1]} class weights, received {len(self.class_weights)}")
        return self.class_weights

    def _total_weight(self, Y: FloatArray, w: FloatArray) -> float:
        """Return D, what the loss divides by."""
        D = float((Y @ w).sum(dtype=np.float64)) if self.target_form == "class ids" else float(len(Y))
        if D == 0:
            raise ValueError(f"{self!r}: expected some class of the batch to have a weight above 0, received none")
        return D

    def __repr__(self) -> str:
        weights = None if self.class_weights is None else self.class_weights.tolist()
        return f"{type(self).__name__}(label_smoothing={self.label_smoothing:g}, class_weights={weights})"
