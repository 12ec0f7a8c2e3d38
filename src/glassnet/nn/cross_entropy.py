"""Softmax and the cross-entropy loss, fused so that neither can overflow."""

from typing import cast

import numpy as np
import numpy.typing as npt

from glassnet.nn.arrays import FloatArray, LabelArray, check_batch, check_number, describe
from glassnet.nn.loss import Loss


def _shifted(Z: FloatArray) -> FloatArray:
    """Return `Z − max_c Z`, each row's largest entry 0; the floor keeps a difference of huge logits finite."""
    with np.errstate(over="ignore"):
        return np.maximum(Z - Z.max(axis=1, keepdims=True), np.finfo(Z.dtype).min)


def softmax(logits: FloatArray) -> FloatArray:
    """Return `p_c = e^(z_c)/Σ_k e^(z_k)` for each row of `logits (N, C)`.

    A constant added to a row cancels in the fraction, so the row's maximum is subtracted first: every exponent is then
    at most 0 and one of them is 0, hence no overflow and no division by zero.
    """
    E = np.exp(_shifted(check_batch("softmax", logits)))
    return E / E.sum(axis=1, keepdims=True)


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return `log p_c = z_c − log Σ_k e^(z_k)` for each row of `logits (N, C)`, without ever forming a `p_c` of 0."""
    shifted = _shifted(check_batch("log_softmax", logits))
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


class SoftmaxCrossEntropy(Loss):
    """`ℓ = −(1/N) Σ_n log p_{n,y_n}` with `P = softmax(Z)`, computed from the logits `Z (N, C)` by log-sum-exp.

    Targets are class ids `(N,)`, integers in [0, C), or distributions `(N, C)`, one-hot or soft, rows summing to 1.

    With label smoothing ε the target becomes `Q = (1 − ε)·Y + ε/C` and, with class weights w, the loss is
    `ℓ = −Σ_nc w_c q_nc log p_nc / D`, where `D = Σ_n w_{y_n}` for class ids and `D = N` for distributions.

    Backward. Let `t_nc = w_c q_nc`. From `log p_c = z_c − log Σ_k e^(z_k)`: `∂log p_c/∂z_j = δ_cj − p_j`, so
    `dz_nj = −(1/D) Σ_c t_nc (δ_cj − p_nj) = (p_nj Σ_c t_nc − t_nj)/D`. Without weights `Σ_c t_nc = 1` and
    `dZ = (P − Q)/N`: the prediction minus the target. (Bridle, "Training stochastic model recognition algorithms",
    1990; label smoothing: Szegedy et al., "Rethinking the inception architecture", 2016.)

    Its `total_weight` is the D of the last forward.
    """

    score_name = "accuracy"

    def __init__(self, label_smoothing: float = 0.0, class_weights: npt.ArrayLike | None = None) -> None:
        """Set ε in [0, 1) and one weight of 0 or more for each class (None: all 1)."""
        self.label_smoothing = check_number("SoftmaxCrossEntropy", "label_smoothing", label_smoothing, 0, 1)
        self.class_weights = None if class_weights is None else _check_weights(class_weights)

    def forward(self, logits: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return the mean data loss of `logits (N, C)` for `targets` `(N,)` or `(N, C)`."""
        Z = check_batch(self, logits)
        labels, distribution = self._check_targets(Z, targets)
        shifted = _shifted(Z)
        E = np.exp(shifted)
        total = E.sum(axis=1, keepdims=True)
        P = E / total
        n = Z.shape[0]
        if labels is not None and self.class_weights is None and not self.label_smoothing:
            self.total_weight = float(n)
            self._memory = (P, None, labels)
            with np.errstate(over="ignore"):
                log_likelihood = shifted[np.arange(n), labels].astype(np.float64) - np.log(total[:, 0])
                return float(-log_likelihood.sum() / n)
        T = self._weighted_targets(Z, labels, distribution)
        self._memory = (P, T, labels)
        with np.errstate(over="ignore"):  # logits near the end of float64: infinite, and so reported
            log_P = shifted.astype(np.float64) - np.log(total)
            return float(-np.sum(T * log_P) / self.total_weight)

    def backward(self) -> FloatArray:
        """Return `dZ (N, C)` for the last forward: `(P − Y)/N`, or its weighted and smoothed form."""
        P, T, labels = self.recall()
        if T is None:
            P[np.arange(P.shape[0]), labels] -= 1
            P /= P.shape[0]
            return P
        return ((P * T.sum(axis=1, keepdims=True) - T) / self.total_weight).astype(P.dtype)

    def score_sum(self, outputs: FloatArray, targets: npt.NDArray[np.generic]) -> float:
        """Return how many examples have their largest logit at the (most probable) target class."""
        labels = targets if targets.ndim == 1 else targets.argmax(axis=1)
        return float(np.count_nonzero(outputs.argmax(axis=1) == labels))

    def _weighted_targets(
        self, Z: FloatArray, labels: LabelArray | None, distribution: FloatArray | None
    ) -> FloatArray:
        n, classes = Z.shape
        if distribution is None:
            distribution = np.zeros(Z.shape)  # in float64, in which any weights will do
            distribution[np.arange(n), labels] = 1
        T = (1 - self.label_smoothing) * distribution + self.label_smoothing / classes
        self.total_weight = float(n)
        if self.class_weights is not None:
            T *= self.class_weights
            if labels is not None:
                self.total_weight = float(self.class_weights[labels].sum())
                if self.total_weight == 0:
                    raise ValueError(
                        f"{self!r}: expected some class of the batch to have a weight above 0, received none"
                    )
        return T

    def _check_targets(
        self, Z: FloatArray, targets: npt.NDArray[np.generic]
    ) -> tuple[LabelArray | None, FloatArray | None]:
        n, classes = Z.shape
        wanted = f"class ids ({n},) in [0, {classes}) or distributions ({n}, {classes})"
        if self.class_weights is not None and len(self.class_weights) != classes:
            raise ValueError(f"{self!r}: expected {classes} class weights, received {len(self.class_weights)}")
        if not isinstance(targets, np.ndarray):
            raise TypeError(f"{self!r}: expected targets as {wanted}, received {describe(targets)}")
        if targets.shape == (n,):
            if targets.dtype.kind not in "iu":
                raise TypeError(f"{self!r}: expected integer class ids ({n},), received {describe(targets)}")
            if targets.min() < 0 or targets.max() >= classes:
                raise ValueError(
                    f"{self!r}: expected class ids in [0, {classes}), received {targets.min()} to {targets.max()}"
                )
            return cast(LabelArray, targets), None
        if targets.shape != (n, classes):
            raise ValueError(f"{self!r}: expected targets as {wanted}, received {describe(targets)}")
        if targets.dtype.kind not in "iubf":
            raise TypeError(f"{self!r}: expected numeric distributions ({n}, {classes}), received {describe(targets)}")
        distribution = targets.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = distribution.sum(axis=1)
        if not (np.abs(sums - 1) <= 1e-4).all() or (distribution < 0).any():
            raise ValueError(
                f"{self!r}: expected distributions ({n}, {classes}), rows of entries 0 or more that sum to 1, received "
                f"row sums from {sums.min():g} to {sums.max():g}"
            )
        return None, distribution

    def __repr__(self) -> str:
        weights = None if self.class_weights is None else self.class_weights.tolist()
        return f"SoftmaxCrossEntropy(label_smoothing={self.label_smoothing:g}, class_weights={weights})"


def _check_weights(class_weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    message = "SoftmaxCrossEntropy: expected class_weights (C,), finite numbers of 0 or more, received"
    given = np.asarray(class_weights)
    if given.ndim != 1 or not given.size or given.dtype.kind not in "iuf":
        raise ValueError(f"{message} {class_weights!r:.60}")
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError(f"{message} {class_weights!r:.60}")
    return given.astype(np.float64)
