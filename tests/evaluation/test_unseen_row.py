"""Intervals that count with errors larger than any of the split: by hand, by their limits, and where there are none."""

import numpy as np
import pytest
from scipy import stats

from glassnet import evaluation
from glassnet.evaluation.binomial import beta_quantile
from glassnet.evaluation.regression_check import check_regression
from glassnet.evaluation.unseen_row import LEAST_ROWS, beyond_largest, skewness
from glassnet.reporting.tables import comparison_table, results_table


@pytest.mark.parametrize("trials", [1, 2, 36, 1_000, 1_000_000])
def test_the_exact_interval_agrees_with_scipy(trials: int) -> None:
    """From no success to successes alone."""
    for successes in sorted({0, 1, trials // 3, trials - 1, trials}):
        reference = stats.binomtest(successes, trials).proportion_ci(method="exact")
        assert evaluation.exact_interval(successes, trials) == pytest.approx(tuple(reference), rel=1e-9, abs=1e-12)
    assert beta_quantile(0.3, 2.5, 700) == pytest.approx(stats.beta.ppf(0.3, 2.5, 700), rel=1e-10)
    with pytest.raises(ValueError, match="exact_interval: expected at most 3 successes, received 5"):
        evaluation.exact_interval(5, 3)


@pytest.mark.parametrize("rows", [20, 36, 200])
def test_the_exact_interval_always_holds_and_wilsons_does_not(rows: int) -> None:
    """The probability of holding p, summed over all numbers of successes, for p from 0.6 to 0.998."""
    successes = range(rows + 1)
    p = np.linspace(0.6, 0.998, 400)
    probabilities = stats.binom.pmf(np.arange(rows + 1), rows, p[:, np.newaxis])
    held = []
    for interval in (evaluation.exact_interval, evaluation.wilson_interval):
        low, high = np.array([interval(k, rows) for k in successes]).T
        held.append((probabilities * ((low <= p[:, np.newaxis]) & (p[:, np.newaxis] <= high))).sum(axis=1))
    assert held[0].min() >= 0.95
    assert held[1].min() < 0.93


def test_of_zeros_and_ones_the_interval_of_the_mean_is_the_exact_one() -> None:
    """Up to the noise of 2,000 draws; the same for the same seed."""
    values = np.repeat([0.0, 1.0], [33, 3])
    interval = evaluation.mean_interval(values, 0.0, 1.0, np.random.default_rng(0))
    assert interval == pytest.approx(evaluation.exact_interval(3, 36), abs=0.012)
    assert interval == evaluation.mean_interval(values, 0.0, 1.0, np.random.default_rng(0))


def test_a_split_without_error_leaves_room_for_one() -> None:
    """All 36 rows right at 0.99: an error would cost −ln 0.01 = 4.6, and 1 − 0.025^(1/36) of the rows may be such."""
    P = np.tile([0.99, 0.01], (36, 1))
    scores = evaluation.classification_scores(np.zeros(36, dtype=np.int64), P)
    share = 1 - 0.025 ** (1 / 36)
    expected = share * -np.log(0.01) + (1 - share) * -np.log(0.99)
    assert scores["log_loss_high"] == pytest.approx(expected, rel=0.1)
    assert 0 < scores["log_loss_low"] < scores["log_loss"] == pytest.approx(-np.log(0.99))


def test_the_interval_of_a_log_loss_stays_finite_where_a_network_is_certain() -> None:
    """A probability of exactly 1 leaves 0 for an error."""
    P = np.tile(np.array([1, 0, 0], dtype=np.float32), (20, 1))
    scores = evaluation.classification_scores(np.zeros(20, dtype=np.int64), P)
    assert scores["log_loss_low"] == scores["log_loss"] == 0
    assert 1 < scores["log_loss_high"] < 88


def test_one_class_alone_and_a_probability_that_rounds_above_one() -> None:
    """There is no error to count with, and the loss lies a little below 0."""
    P = np.full((20, 1), np.nextafter(np.float32(1), np.float32(2)))
    low, high = evaluation.log_loss_interval(np.zeros(20, dtype=np.int64), P, np.random.default_rng(0))
    assert -1e-6 < low <= high < 1e-6


def test_values_outside_the_bounds_are_refused() -> None:
    """What was expected and what came."""
    with pytest.raises(ValueError, match="expected values between lowest, 0, and highest, 1, received 0 to 2"):
        evaluation.mean_interval(np.array([0.0, 2.0]), 0.0, 1.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="mean_interval: expected finite numbers in values"):
        evaluation.mean_interval(np.array([0.0, np.nan]), 0.0, 1.0, np.random.default_rng(0))


def test_what_lies_beyond_the_largest() -> None:
    """A tail that falls as x^−3 has half as much again beyond the largest, 1.07 times that of 100 symmetric rows."""
    assert beyond_largest(np.full(100, 2.0), 3.0) == pytest.approx(2 * 1.5 * 1.07)
    assert beyond_largest(np.full(100, 2.0), 1.5) == pytest.approx(2 * 3 * 1.07)
    for skew in (-2.0, 2.0):  # to whichever side
        assert beyond_largest(np.full(100, 2.0), 1.5, skew) == pytest.approx(2 * 3 * 2.07)


def test_skewness_is_that_of_scipy() -> None:
    """Also where the cubes leave the range of a float; of constant values it is 0."""
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(0).lognormal(size=50)
    assert skewness(values) == pytest.approx(float(stats.skew(values)))
    assert skewness(-values) == pytest.approx(-skewness(values))
    assert skewness(1e200 * values) == pytest.approx(skewness(values))
    assert skewness(np.full(20, 0.1)) == 0


def test_exact_predictions_and_constant_targets() -> None:
    """Perfect predictions have no errors to tell of; R² of a constant target has no interval."""
    y = np.arange(20.0)
    scores = evaluation.regression_scores(y, y)
    assert (scores["rmse_low"], scores["rmse_high"], scores["r2_low"], scores["r2_high"]) == (0, 0, 1, 1)
    constant = evaluation.regression_scores(np.full(20, 0.1), y)
    assert np.isnan(constant["r2_low"])
    assert constant["mae_low"] < constant["mae"] < constant["mae_high"]


def test_one_prediction_for_all_rows_explains_nothing() -> None:
    """Its R² is 0 at most, whatever rows the split lacks; that of predictions that differ may be more."""
    y = np.random.default_rng(0).standard_normal(60)
    constant = evaluation.regression_scores(y, np.full(60, 0.1))
    assert constant["r2_low"] < constant["r2"] < constant["r2_high"] == 0
    assert evaluation.regression_scores(y, y / 100)["r2_high"] > 0.1


def test_too_few_rows_have_no_interval_and_every_reader_says_so() -> None:
    """metrics.json leaves NaN out; the tables of the report and the regression check tell the number of rows."""
    y = np.arange(LEAST_ROWS - 1.0)
    scores = evaluation.regression_scores(y, y + 1)
    compared = evaluation.compare_regressions(y, y + 1, y + 2)
    assert all(
        np.isnan(float(str(value)))
        for name, value in {**scores, **compared}.items()
        if name.endswith(("_low", "_high"))
    )
    written = {name: value for name, value in scores.items() if not np.isnan(value)}
    differences = {name: value for name, value in compared.items() if not np.isnan(float(str(value)))}
    metrics = {**written, "baselines": {}, "comparisons": {"mean_prediction": differences}}
    assert results_table(metrics)[0][3] == "1 (too few rows for an interval: 9)"  # type: ignore[arg-type]
    assert comparison_table(metrics)[0][1:3] == ["-1", "too few rows"]  # type: ignore[arg-type]
    old, new = (
        [{"row": str(i), "actual": str(value), "predicted": str(value + shift)} for i, value in enumerate(y)]
        for shift in (1, 2)
    )
    reason = check_regression(new, old).reason
    assert "mean absolute error 1 -> 2 on 9 rows, difference +1 (too few rows for an interval), sign-flip" in reason
