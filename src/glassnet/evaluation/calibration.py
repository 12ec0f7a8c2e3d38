"""Calibration: whether a stated confidence of 80% is right 80% of the time, and the temperature that mends it."""

import math

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import check_scored, check_whole
from glassnet.evaluation.probability_scores import log_loss
from glassnet.evaluation.records import Calibration, ReliabilityBin
from glassnet.evaluation.scores import FloatArray, LabelArray

BINS = 10
TEMPERATURES = 0.05, 20.0  # the coldest and the hottest that are tried


def reliability_curve(y_true: LabelArray, probabilities: FloatArray, bins: int = BINS) -> npt.NDArray[np.float64]:
    """Return `(bins, 3)`: how many examples have a top probability in each bin, their mean one, and their accuracy.

    The bins divide [0, 1] evenly; a bin holds its upper edge. An empty one has NaN for mean and accuracy.

    Raises:
        TypeError, ValueError: unless these are class ids `(N,)` and probabilities `(N, C)`, and there is a bin.
    """
    check_scored("reliability_curve", y_true, probabilities)
    check_whole("reliability_curve", "number of bins", bins, 1)
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == y_true).astype(np.float64)
    bin_of = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(bin_of, minlength=bins).astype(np.float64)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(bin_of, weights=values, minlength=bins) / count for values in (confidence, right)]
    return np.column_stack([count, *means])


def expected_calibration_error(y_true: LabelArray, probabilities: FloatArray, bins: int = BINS) -> float:
    """Return the mean difference between confidence and accuracy over the bins, weighted by their counts.

    Source: Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015.
    """
    count, confidence, right = reliability_curve(y_true, probabilities, bins).T
    differences = np.where(count > 0, np.abs(confidence - right), 0.0)
    return float((count * differences).sum() / count.sum())


def fit_temperature(logits: FloatArray, y_true: LabelArray) -> float:
    """Return the T in [0.05, 20] that minimizes the log-loss of `softmax(Z/T)`.

    T > 1 softens an overconfident network; the order of the classes, hence accuracy, does not change. The log-loss is
    convex in 1/T: its derivative, `mean(Σ_c p_c z_c − z_y)`, rises with 1/T, and the root is found by bisection. Where
    every example is right with a margin it keeps falling as T does, and the lowest T is returned.
    (Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks", 2017.)

    Raises:
        TypeError, ValueError: unless these are logits `(N, C)` and class ids `(N,)`.
    """
    check_scored("fit_temperature", y_true, logits, logits=True)
    Z = logits.astype(np.float64)
    Z -= Z.max(axis=1, keepdims=True)
    own = Z[np.arange(len(Z)), y_true]

    def slope(inverse: float) -> float:
        E = np.exp(inverse * Z)
        return float(((E * Z).sum(axis=1) / E.sum(axis=1) - own).mean())

    coldest, hottest = TEMPERATURES
    low, high = 1 / hottest, 1 / coldest
    if slope(high) <= 0:
        return coldest
    if slope(low) >= 0:
        return hottest
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)


def calibration_error_by_chance(probabilities: FloatArray, rng: np.random.Generator, draws: int = 1_000) -> float:
    """Return the calibration error that a perfectly calibrated model exceeds once in 20 times, with so many examples.

    With few examples the bins are uneven by chance alone. The answers' correctness is drawn from the stated confidences
    themselves, many times, and the 95th percentile of the errors is returned. (Bröcker & Smith, "Increasing the
    reliability of reliability diagrams", 2007.)
    """
    confidence = np.minimum(probabilities.max(axis=1).astype(np.float64), 1.0)
    bin_of = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    belongs = (bin_of[:, np.newaxis] == np.arange(BINS)).astype(np.float64)
    stated = confidence @ belongs
    errors = [
        np.abs((rng.random(len(bin_of)) < confidence) @ belongs - stated).sum() / len(bin_of) for _ in range(draws)
    ]
    return float(np.percentile(errors, 95))


def apply_temperature(logits: FloatArray, temperature: float) -> npt.NDArray[np.float64]:
    """Return `softmax(Z/T)` in float64.

    Raises:
        ValueError: unless T is a finite number above 0.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"apply_temperature: expected a finite temperature above 0, received {temperature!r}")
    Z = logits.astype(np.float64) / temperature
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    scaled: npt.NDArray[np.float64] = E / E.sum(axis=1, keepdims=True)
    return scaled


def examine_calibration(
    y_true: LabelArray, logits: FloatArray, validation: tuple[LabelArray, FloatArray] | None
) -> tuple[Calibration, dict[str, list[ReliabilityBin]]]:
    """Return a model's calibration on the test rows before and after a temperature fitted on the validation rows.

    Where every validation row is right, the log-loss falls for ever as T does, and there is nothing to fit: the
    temperature and all that follows from it are None.

    Args:
        y_true: the classes of the test rows.
        logits: the model's for them.
        validation: classes and logits of the validation rows; None if the model was trained on them.

    Returns:
        the scores, and the reliability curves "before" and "after" without their empty bins.
    """
    stated = apply_temperature(logits, 1.0)
    right = stated.argmax(axis=1) == y_true
    scores: Calibration = {
        "confidence": float(stated.max(axis=1).mean()),
        "accuracy": float(right.mean()),
        "error": expected_calibration_error(y_true, stated),
        "error_by_chance": calibration_error_by_chance(stated, np.random.default_rng(0)),
        "log_loss": log_loss(y_true, stated),
        "temperature": None,
        "error_after": None,
        "log_loss_after": None,
    }
    curves = {"before": _full_bins(y_true, stated)}
    if validation is not None and (validation[1].argmax(axis=1) != validation[0]).any():
        temperature = fit_temperature(validation[1], validation[0])
        scaled = apply_temperature(logits, temperature)
        scores["temperature"] = temperature
        scores["error_after"] = expected_calibration_error(y_true, scaled)
        scores["log_loss_after"] = log_loss(y_true, scaled)
        curves["after"] = _full_bins(y_true, scaled)
    return scores, curves


def _full_bins(y_true: LabelArray, probabilities: FloatArray) -> list[ReliabilityBin]:
    """Return the bins that hold examples."""
    curve = reliability_curve(y_true, probabilities)
    return [
        {"examples": int(count), "confidence": float(confidence), "accuracy": float(right)}
        for count, confidence, right in curve
        if count
    ]
