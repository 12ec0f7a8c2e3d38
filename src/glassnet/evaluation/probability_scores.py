"""Scores of predicted probabilities: log-loss, top-k accuracy, and the area under the ROC curve."""

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import check_scored, check_whole
from glassnet.evaluation.scores import FloatArray, LabelArray
from glassnet.evaluation.unseen_row import mean_interval


def example_log_losses(y_true: LabelArray, probabilities: FloatArray) -> npt.NDArray[np.float64]:
    """Return `−log p_{n,y_n}` of each example; a probability of 0 counts as the smallest positive number there is.

    Raises:
        TypeError, ValueError: unless these are class ids `(N,)` and probabilities `(N, C)`, as for all scores here.
    """
    check_scored("log_loss", y_true, probabilities)
    p = probabilities[np.arange(len(y_true)), y_true]
    return -np.log(np.maximum(p, np.finfo(p.dtype).tiny).astype(np.float64))


def log_loss(y_true: LabelArray, probabilities: FloatArray) -> float:
    """Return the mean of `example_log_losses`."""
    return float(example_log_losses(y_true, probabilities).mean())


def log_loss_interval(y_true: LabelArray, probabilities: FloatArray, rng: np.random.Generator) -> tuple[float, float]:
    """Return the 95% interval of the log-loss, by `mean_interval`: few large losses make most of it.

    A split with few errors, or none, does not tell what an error costs, but the probabilities do. A row whose most
    probable class is not the true one has the loss `−log p_c` for another class c. The mean over these classes,
    weighted by their probabilities, and over all rows, errors or not, is the loss of the unseen row, unless a loss of
    the split is larger. If the network errs no more often where it is surer, that is no less than the mean loss of its
    errors (Chebyshev's inequality for monotone functions). No loss lies below 0.
    """
    check_scored("log_loss_interval", y_true, probabilities)
    losses = example_log_losses(y_true, probabilities)
    p = np.maximum(probabilities, np.finfo(probabilities.dtype).tiny).astype(np.float64)
    others = p.copy()
    others[np.arange(len(p)), p.argmax(axis=1)] = 0
    share = others.sum(axis=1) if p.shape[1] > 1 else 1.0  # of one class alone there is no other, and no error
    of_an_error = (others * -np.log(p)).sum(axis=1) / share
    # The loss of a probability that rounds to a little more than 1 lies a little below 0.
    lowest, highest = min(0.0, float(losses.min())), max(float(losses.max()), float(of_an_error.mean()))
    return mean_interval(losses, lowest, highest, rng)


def top_k_accuracy(y_true: LabelArray, probabilities: FloatArray, k: int) -> float:
    """Return the fraction of examples with their class among the k most probable; of equal ones, later ones come first.

    Raises:
        ValueError: for a k below 1.
    """
    check_scored("top_k_accuracy", y_true, probabilities)
    check_whole("top_k_accuracy", "k", k, 1)
    order = np.argsort(probabilities, axis=1, kind="stable")[:, ::-1][:, :k]
    return float((order == y_true[:, np.newaxis]).any(axis=1).mean())


def roc_auc(y_true: LabelArray, probabilities: FloatArray) -> float:
    """Return the area under the ROC curve, one class against the rest, averaged over the classes; NaN if undefined.

    For one class it is the probability that a random example of it gets a higher score than a random one of the rest,
    ties counting ½: `(R − n₁(n₁ + 1)/2)/(n₁n₀)` with R the sum of its ranks (Mann & Whitney, 1947). For two classes
    that is the area for the second. Classes without positives or without negatives are left out of the mean.
    """
    check_scored("roc_auc", y_true, probabilities)
    classes = range(probabilities.shape[1]) if probabilities.shape[1] > 2 else [1]
    areas = []
    for label in classes:
        positive = y_true == label
        n1, n0 = int(positive.sum()), int((~positive).sum())
        if n1 and n0:
            ranks = _mean_ranks(probabilities[:, label])
            areas.append((ranks[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))
    return float(np.mean(areas)) if areas else float("nan")


def _mean_ranks(values: FloatArray) -> npt.NDArray[np.float64]:
    """Return the ranks from 1 up, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: npt.NDArray[np.float64] = (last - (counts - 1) / 2)[inverse]
    return means
