"""Calibration of two classes, and the temperature that is used only where it helps rows that it was not fitted on."""

from typing import Any

import numpy as np
import pytest

from glassnet import evaluation
from glassnet.reporting.tables import calibration_table, worse_with_temperature


def _noisy(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Classes and logits of 12 classes, 13% of the labels drawn anew: as sure as it is right, but with no tail."""
    y = rng.integers(12, size=rows)
    Z = 1.5 * rng.standard_normal((rows, 12))
    Z[np.arange(rows), y] += 8.0
    P = evaluation.apply_temperature(Z, 1.0)
    stated = 0.88 * P + 0.12 * np.eye(12)[(y + 1) % 12]  # what it does not give the class it gives another one
    noisy = np.where(rng.random(rows) < 0.13, rng.integers(12, size=rows), y)
    return noisy, np.log(stated)


def test_the_curve_of_a_class_is_of_its_probability() -> None:
    """By hand: of class 1 the probabilities 0.45, 0.42 and 0.05, of which the first came true."""
    P = np.array([[0.55, 0.45], [0.58, 0.42], [0.95, 0.05]])
    y = np.array([1, 0, 0])
    curve = evaluation.reliability_curve(y, P, of_class=1)
    np.testing.assert_allclose(curve[4], [2, 0.435, 0.5])
    np.testing.assert_allclose(curve[0], [1, 0.05, 0.0])
    error = (2 * (0.5 - 0.435) + 0.05) / 3
    assert evaluation.expected_calibration_error(y, P, of_class=1) == pytest.approx(error)


def test_two_classes_are_examined_by_the_probability_of_the_positive_one() -> None:
    """Confidence too low among the one class and too high among the other cancels out in part; this does not."""
    rng = np.random.default_rng(0)
    p = rng.random(4_000)
    y = (rng.random(4_000) < p).astype(np.int64)
    shifted = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + 0.8)))  # too much of class 1, everywhere
    Z = np.log(np.column_stack([1 - shifted, shifted]))
    scores, curves = evaluation.examine_calibration(y[:2_000], Z[:2_000], (y[2_000:], Z[2_000:]))
    P = evaluation.apply_temperature(Z[:2_000], 1.0)
    assert scores["positive_error"] == evaluation.expected_calibration_error(y[:2_000], P, of_class=1)
    assert scores["positive_error"] > 0.1 > 0.05 > scores["error"]
    chance = scores["positive_error_by_chance"]
    assert chance is not None
    assert chance < 0.04
    below = [each for each in curves["before"] if each["probability"] < 0.5]
    assert len(below) == 5
    assert sum(each["examples"] for each in curves["before"]) == 2_000
    table = calibration_table(scores_without_none(scores), "yes")
    assert "error of the confidence" in table
    assert "error of the probability of yes" in table


def scores_without_none(scores: Any) -> Any:
    """Return the scores as metrics.json has them."""
    return {name: value for name, value in scores.items() if value is not None}


def test_a_temperature_that_worsens_calibration_is_rejected() -> None:
    """It lowers the log-loss of the noisy labels, and makes the network less sure than it is right: no gain."""
    rng = np.random.default_rng(1)
    y, Z = _noisy(3_000, rng)
    validation = y[:1_000], Z[:1_000]
    temperature = evaluation.fit_temperature(Z[:1_000], y[:1_000])
    scores, curves = evaluation.examine_calibration(y[1_000:], Z[1_000:], validation)
    assert temperature > 1.2
    assert scores["rejected_temperature"] == temperature
    assert (scores["temperature"], scores["error_after"], list(curves)) == (None, None, ["before"])
    cross_fit = scores["validation"]
    assert cross_fit is not None
    assert cross_fit["error_after"] > cross_fit["error"] + 0.02
    assert cross_fit["log_loss_after"] < cross_fit["log_loss"]
    after = evaluation.apply_temperature(Z[1_000:], temperature)  # new rows say so too
    assert evaluation.expected_calibration_error(y[1_000:], after) > scores["error"] + 0.02


def test_a_single_error_is_not_enough_for_a_temperature() -> None:
    """Without it, all rows are right and the best temperature is the coldest, which is the worst for it."""
    rng = np.random.default_rng(2)
    y = rng.integers(3, size=60)
    Z = 4.0 * np.eye(3)[y] + rng.standard_normal((60, 3)) * 0.3
    y[7] = (y[7] + 1) % 3
    scores, _ = evaluation.examine_calibration(y, Z, (y, Z))
    assert scores["temperature"] is None
    assert scores["rejected_temperature"] is not None


def test_each_row_is_held_against_a_temperature_of_others() -> None:
    """Of overconfident logits it is the same for all parts, about; and no row is left out."""
    rng = np.random.default_rng(3)
    Z = rng.standard_normal((500, 3))
    y = (rng.random((500, 1)) > evaluation.apply_temperature(Z, 1.0).cumsum(axis=1)[:, :2]).sum(axis=1)
    found = evaluation.cross_fitted_probabilities(4 * Z, y)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    whole = evaluation.apply_temperature(4 * Z, evaluation.fit_temperature(4 * Z, y))
    assert 0 < np.abs(found - whole).max() < 0.1


def test_a_temperature_that_is_worse_on_the_test_rows_is_said_to_be() -> None:
    """Fitted on rows that are overconfident, for rows that are not."""
    rng = np.random.default_rng(4)
    Z = 2 * rng.standard_normal((2_000, 3))
    y = (rng.random((2_000, 1)) > evaluation.apply_temperature(Z, 1.0).cumsum(axis=1)[:, :2]).sum(axis=1)
    scores, _ = evaluation.examine_calibration(y[:1_000], Z[:1_000], (y[1_000:], 3 * Z[1_000:]))
    assert scores["temperature"] == pytest.approx(3, rel=0.2)
    said = worse_with_temperature(scores, None)
    assert said.startswith(f"the calibration error from {scores['error']:.4f} to ")
    assert f" and the log-loss from {scores['log_loss']:.4f} to {scores['log_loss_after']:.4f}" in said
    scores, _ = evaluation.examine_calibration(y[:1_000], 3 * Z[:1_000], (y[1_000:], 3 * Z[1_000:]))
    assert worse_with_temperature(scores, None) == ""
