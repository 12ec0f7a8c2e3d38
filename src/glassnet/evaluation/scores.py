"""Scores of a classifier that follow from its confusion matrix, or from each of a stack of them, for the bootstrap."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

LabelArray: TypeAlias = npt.NDArray[np.integer[Any]]
FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
Counts: TypeAlias = npt.NDArray[np.int64]


def confusion_matrix(y_true: LabelArray, y_pred: LabelArray, n_classes: int) -> Counts:
    """Return counts `(C, C)`: rows are true classes, columns predicted ones.

    Raises:
        TypeError: if one of them is no array of integers.
        ValueError: if the lengths differ, or an id lies outside [0, C).
    """
    for name, ids in (("y_true", y_true), ("y_pred", y_pred)):
        if not isinstance(ids, np.ndarray) or ids.dtype.kind not in "iu":
            received = ids.dtype if isinstance(ids, np.ndarray) else type(ids).__name__
            raise TypeError(f"confusion_matrix: expected {name} as an array of integer class ids, received {received}")
    if y_true.shape != y_pred.shape or y_true.ndim != 1:
        raise ValueError(
            f"confusion_matrix: expected two arrays of class ids (N,), received {y_true.shape} and {y_pred.shape}"
        )
    for name, ids in (("y_true", y_true), ("y_pred", y_pred)):
        if ids.size and (ids.min() < 0 or ids.max() >= n_classes):
            raise ValueError(
                f"confusion_matrix: expected {name} in [0, {n_classes}), received {ids.min()} to {ids.max()}"
            )
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts


def precision_recall_f1(counts: Counts) -> npt.NDArray[np.float64]:
    """Return `(C, 3)`: precision, recall and F1 of each class; 0 where the denominator is 0, as scikit-learn has it.

    For a stack `(…, C, C)` of matrices, `(…, C, 3)`.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    predicted, actual = counts.sum(axis=-2), counts.sum(axis=-1)
    return np.stack(
        [_ratio(hits, predicted), _ratio(hits, actual), _ratio(2 * hits, predicted + actual)],
        axis=-1,
    )


def accuracy(counts: Counts) -> Any:
    """Return the fraction of the diagonal of a confusion matrix, or of each in a stack."""
    return _scalar(np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1)))


def balanced_accuracy(counts: Counts) -> Any:
    """Return the mean recall over the classes that occur: what accuracy would be if they were equally frequent."""
    present = counts.sum(axis=-1) > 0
    recall = precision_recall_f1(counts)[..., 1]
    return _scalar((recall * present).sum(axis=-1) / present.sum(axis=-1))


def macro_f1(counts: Counts) -> Any:
    """Return the mean F1 of all classes."""
    return _scalar(precision_recall_f1(counts)[..., 2].mean(axis=-1))


def weighted_f1(counts: Counts) -> Any:
    """Return the mean F1 of the classes, weighted by how often they occur."""
    support = counts.sum(axis=-1)
    return _scalar((precision_recall_f1(counts)[..., 2] * support).sum(axis=-1) / support.sum(axis=-1))


def matthews_correlation(counts: Counts) -> Any:
    """Return Matthews' correlation of true and predicted classes, in [−1, 1]; 0 where one of them never varies.

    With n examples, c right ones, `t_k` true and `p_k` predicted ones of class k:
    `(cn − Σ t_k p_k)/√((n² − Σ p_k²)(n² − Σ t_k²))`. (Gorodkin, "Comparing two K-category assignments", 2004.)
    """
    values = counts.astype(np.float64)
    true, predicted = values.sum(axis=-1), values.sum(axis=-2)
    n, right = values.sum(axis=(-2, -1)), np.trace(values, axis1=-2, axis2=-1)
    covariance = right * n - (true * predicted).sum(axis=-1)
    spread = (n**2 - (predicted**2).sum(axis=-1)) * (n**2 - (true**2).sum(axis=-1))
    return _scalar(_ratio(covariance, np.sqrt(spread)))


def cohen_kappa(counts: Counts) -> Any:
    """Return Cohen's κ: by how much the agreement exceeds that of chance, as a fraction of the most it could.

    `κ = (p_o − p_e)/(1 − p_e)`, with chance agreement `p_e = Σ t_k p_k/n²`. Where both are always the same single class
    there is nothing to exceed, and κ is NaN, as scikit-learn has it. (Cohen, 1960.)
    """
    values = counts.astype(np.float64)
    n = values.sum(axis=(-2, -1))
    by_chance = (values.sum(axis=-1) * values.sum(axis=-2)).sum(axis=-1) / n
    right = np.trace(values, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore"):
        return _scalar((right - by_chance) / (n - by_chance))


def _ratio(numerator: Any, denominator: Any) -> Any:
    numerator, denominator = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    return np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=denominator > 0)


def _scalar(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value
