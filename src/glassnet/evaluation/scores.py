"""Scores of a classifier, by counting."""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

LabelArray: TypeAlias = npt.NDArray[np.integer[Any]]
FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]


def confusion_matrix(y_true: LabelArray, y_pred: LabelArray, n_classes: int) -> npt.NDArray[np.int64]:
    """Return counts `(C, C)`: rows are true classes, columns predicted ones.

    Raises:
        ValueError: if the lengths differ, or an id lies outside [0, C).
    """
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


def accuracy(counts: npt.NDArray[np.int64]) -> float:
    """Return the share of the diagonal of a confusion matrix."""
    return float(np.trace(counts) / counts.sum())


def precision_recall_f1(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return `(C, 3)`: precision, recall and F1 of each class; 0 where the denominator is 0, as scikit-learn has it."""
    hits = np.diag(counts).astype(np.float64)
    predicted, actual = counts.sum(axis=0), counts.sum(axis=1)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, actual, out=np.zeros_like(hits), where=actual > 0)
    f1 = np.divide(2 * hits, predicted + actual, out=np.zeros_like(hits), where=predicted + actual > 0)
    return np.stack([precision, recall, f1], axis=1)


def log_loss(y_true: LabelArray, probabilities: FloatArray) -> float:
    """Return `−(1/N) Σ log p_{n,y_n}`; a probability of 0 counts as the smallest positive number of its dtype."""
    p = probabilities[np.arange(len(y_true)), y_true]
    return float(-np.log(np.maximum(p, np.finfo(p.dtype).tiny).astype(np.float64)).mean())


def wilson_interval(successes: int, trials: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, at 95% for the default z.

    It is the set of p for which `|p̂ − p| ≤ z·√(p(1 − p)/n)`. Solved for p, its centre is `(p̂ + z²/2n)/(1 + z²/n)` and
    its half width `z·√(p̂(1 − p̂)/n + z²/4n²)/(1 + z²/n)`. It is sensible even at p̂ = 1. (Wilson, 1927.)
    """
    p = successes / trials
    denominator = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / denominator
    half = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / denominator
    low = 0.0 if successes == 0 else centre - half  # exact where rounding would leave the last digit off
    high = 1.0 if successes == trials else centre + half
    return low, high


def classification_scores(y_true: LabelArray, probabilities: FloatArray) -> dict[str, float]:
    """Return the headline scores of predicted probabilities `(N, C)`, rounded to six digits.

    What lies beyond the sixth digit depends on the processor and says nothing about the model.
    """
    counts = confusion_matrix(y_true, probabilities.argmax(axis=1), probabilities.shape[1])
    correct, examples = int(np.trace(counts)), int(counts.sum())
    low, high = wilson_interval(correct, examples)
    scores = {
        "accuracy": accuracy(counts),
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": float(precision_recall_f1(counts)[:, 2].mean()),
        "log_loss": log_loss(y_true, probabilities),
    }
    return {
        **{name: float(f"{value:.6g}") for name, value in scores.items()},
        "errors": examples - correct,
        "examples": examples,
    }


def majority_scores(y_true: LabelArray, training_counts: npt.ArrayLike) -> dict[str, float]:
    """Return the scores of always predicting the classes' shares of the training rows, hence the largest class."""
    counts = np.asarray(training_counts, dtype=np.float64)
    return classification_scores(y_true, np.tile(counts / counts.sum(), (len(y_true), 1)))
