"""Calibration: whether a stated confidence of 80% is right 80% of the time, and the temperature that mends it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import check_scored, check_whole
from glassnet.evaluation.probability_scores import log_loss
from glassnet.evaluation.records import Calibration, CrossFit, ReliabilityBin
from glassnet.evaluation.scores import FloatArray, LabelArray
from glassnet.evaluation.temperature import apply_temperature, cross_fitted_probabilities, fit_temperature

BINS = 10
POSITIVE = 1
"""The id of the positive one of two classes: the second."""


def reliability_curve(
    y_true: LabelArray, probabilities: FloatArray, bins: int = BINS, of_class: int | None = None
) -> npt.NDArray[np.float64]:
    """Return `(bins, 3)`: how many examples have a top probability in each bin, their mean one, and their accuracy.

    The bins divide [0, 1] evenly; a bin holds its upper edge. An empty one has NaN for mean and accuracy. With
    `of_class`, it is the probability of this class in place of the top one, and the fraction that is of the class.

    Raises:
        TypeError, ValueError: unless these are class ids `(N,)` and probabilities `(N, C)`, and there is a bin.
    """
    check_scored("reliability_curve", y_true, probabilities)
    check_whole("reliability_curve", "number of bins", bins, 1)
    stated = _stated(probabilities, of_class)
    happened = (probabilities.argmax(axis=1) == y_true if of_class is None else y_true == of_class).astype(np.float64)
    bin_of = _bin_of(stated, bins)
    count = np.bincount(bin_of, minlength=bins).astype(np.float64)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(bin_of, weights=values, minlength=bins) / count for values in (stated, happened)]
    return np.column_stack([count, *means])


def expected_calibration_error(
    y_true: LabelArray, probabilities: FloatArray, bins: int = BINS, of_class: int | None = None
) -> float:
    """Return the mean difference between confidence and accuracy over the bins, weighted by their counts.

    With `of_class`, between the probability of this class and its fraction. Source: Naeini, Cooper & Hauskrecht,
    "Obtaining well calibrated probabilities using Bayesian binning", 2015.
    """
    count, stated, happened = reliability_curve(y_true, probabilities, bins, of_class).T
    differences = np.where(count > 0, np.abs(stated - happened), 0.0)
    return float((count * differences).sum() / count.sum())


def calibration_error_by_chance(
    probabilities: FloatArray, rng: np.random.Generator, draws: int = 1_000, of_class: int | None = None
) -> float:
    """Return the calibration error that a perfectly calibrated model exceeds once in 20 times, with so many examples.

    With few examples the bins are uneven by chance alone. The answers' correctness, or with `of_class` whether they are
    of this class, is drawn from the stated probabilities themselves, many times, and the 95th percentile of the errors
    is returned. (Bröcker & Smith, "Increasing the reliability of reliability diagrams", 2007.)
    """
    stated = np.minimum(_stated(probabilities, of_class), 1.0)
    belongs = (_bin_of(stated, BINS)[:, np.newaxis] == np.arange(BINS)).astype(np.float64)
    sums = stated @ belongs
    errors = [np.abs((rng.random(len(stated)) < stated) @ belongs - sums).sum() / len(stated) for _ in range(draws)]
    return float(np.percentile(errors, 95))


def _stated(probabilities: FloatArray, of_class: int | None) -> npt.NDArray[np.float64]:
    return (probabilities.max(axis=1) if of_class is None else probabilities[:, of_class]).astype(np.float64)


def _bin_of(stated: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.int64]:
    return np.clip(np.ceil(stated * bins).astype(np.int64) - 1, 0, bins - 1)


def examine_calibration(
    y_true: LabelArray, logits: FloatArray, validation: tuple[LabelArray, FloatArray] | None
) -> tuple[Calibration, dict[str, list[ReliabilityBin]]]:
    """Return a model's calibration on the test rows before and after a temperature fitted on the validation rows.

    Of two classes the second is the positive one, and the calibration of its probability is examined too. A temperature
    is used if it lowers the log-loss of the validation rows and does not raise their calibration error, each row held
    against a temperature that was fitted on others; else it is rejected. Where every validation row is right, the
    log-loss falls for ever as T does, and there is nothing to fit. What there is not is None.

    Args:
        y_true: the classes of the test rows.
        logits: the model's for them.
        validation: classes and logits of the validation rows; None if the model was trained on them.

    Returns:
        the scores, and the reliability curves "before" and "after" without their empty bins: of the positive class if
        there are two, else of the confidence.
    """
    positive = POSITIVE if logits.shape[1] == 2 else None
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
        "positive_error": None,
        "positive_error_by_chance": None,
        "positive_error_after": None,
        "rejected_temperature": None,
        "validation": None,
    }
    if positive is not None:
        scores["positive_error"] = expected_calibration_error(y_true, stated, of_class=positive)
        by_chance = calibration_error_by_chance(stated, np.random.default_rng(0), of_class=positive)
        scores["positive_error_by_chance"] = by_chance
    curves = {"before": _full_bins(y_true, stated, positive)}
    fitted = None if validation is None else helpful_temperature(*validation)
    if fitted is None:
        return scores, curves
    temperature, scores["validation"], helps = fitted
    if not helps:
        scores["rejected_temperature"] = temperature
        return scores, curves
    scaled = apply_temperature(logits, temperature)
    scores["temperature"] = temperature
    scores["error_after"] = expected_calibration_error(y_true, scaled)
    scores["log_loss_after"] = log_loss(y_true, scaled)
    if positive is not None:
        scores["positive_error_after"] = expected_calibration_error(y_true, scaled, of_class=positive)
    curves["after"] = _full_bins(y_true, scaled, positive)
    return scores, curves


class FittedTemperature(NamedTuple):
    """A temperature, and whether it helps on rows that it was not fitted on.

    Attributes:
        temperature: fitted on all rows.
        scores: of the rows as trained, and each with a temperature of other rows.
        helps: whether it lowers their log-loss and does not raise their calibration error.
    """

    temperature: float
    scores: CrossFit
    helps: bool


def helpful_temperature(y_true: LabelArray, logits: FloatArray) -> FittedTemperature | None:
    """Return the temperature of rows that the model has not learnt from, and whether to use it.

    None for fewer than two rows, or if all of them are right: then the log-loss falls for ever as T does.
    """
    if len(y_true) < 2 or (logits.argmax(axis=1) == y_true).all():
        return None
    scores, helps = _cross_fit(y_true, logits, POSITIVE if logits.shape[1] == 2 else None)
    return FittedTemperature(fit_temperature(logits, y_true), scores, helps)


def _cross_fit(y_true: LabelArray, logits: FloatArray, positive: int | None) -> tuple[CrossFit, bool]:
    """Return the scores of the validation rows as trained and with temperatures of other rows, and if they are better.

    The calibration error is that of the positive class if there are two classes.
    """
    before, after = apply_temperature(logits, 1.0), cross_fitted_probabilities(logits, y_true)
    scores: CrossFit = {
        "error": expected_calibration_error(y_true, before, of_class=positive),
        "error_after": expected_calibration_error(y_true, after, of_class=positive),
        "log_loss": log_loss(y_true, before),
        "log_loss_after": log_loss(y_true, after),
    }
    return scores, scores["log_loss_after"] < scores["log_loss"] and scores["error_after"] <= scores["error"]


def _full_bins(y_true: LabelArray, probabilities: FloatArray, of_class: int | None) -> list[ReliabilityBin]:
    """Return the bins that hold examples."""
    curve = reliability_curve(y_true, probabilities, of_class=of_class)
    return [
        {"examples": int(count), "probability": float(stated), "fraction": float(happened)}
        for count, stated, happened in curve
        if count
    ]
