"""Scores against scikit-learn's and SciPy's on random and degenerate inputs; intervals by what they promise."""

import tracemalloc
import warnings
from typing import cast

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from glassnet import evaluation

RNG = np.random.default_rng(0)
CASES = {
    "random": (RNG.integers(0, 4, 200), RNG.dirichlet(np.ones(4), 200)),
    "absent classes": (RNG.integers(1, 3, 60), RNG.dirichlet(np.ones(4), 60)),
    "one class": (np.full(10, 2), RNG.dirichlet(np.ones(4), 10)),
    "all wrong": (np.zeros(10, dtype=np.int64), np.tile([0.0, 0.2, 0.3, 0.5], (10, 1))),
    "all right": (np.arange(12) % 4, np.eye(4)[np.arange(12) % 4] * 0.9 + 0.025),
    "one example": (np.array([1]), np.array([[0.1, 0.2, 0.3, 0.4]])),
    "ties": (RNG.integers(0, 4, 100), RNG.multinomial(10, np.full(4, 0.25), 100) / 10),
}
TWO = (RNG.integers(0, 2, 80), RNG.dirichlet(np.ones(2), 80))


@pytest.mark.parametrize("name", CASES)
def test_scores_agree_with_scikit_learn(name: str) -> None:
    """To 1e−12, absent classes, a single class and nothing right included."""
    y, P = CASES[name]
    predicted = P.argmax(axis=1)
    counts = evaluation.confusion_matrix(y, predicted, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of the degenerate cases, which is what this is about
        expected = {
            "accuracy": metrics.accuracy_score(y, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted),
            "macro_f1": metrics.f1_score(y, predicted, labels=range(4), average="macro", zero_division=0),
            "weighted_f1": metrics.f1_score(y, predicted, labels=range(4), average="weighted", zero_division=0),
            "matthews_correlation": metrics.matthews_corrcoef(y, predicted),
            "cohen_kappa": metrics.cohen_kappa_score(y, predicted),
        }
        for k in (1, 2, 3):
            ours = evaluation.top_k_accuracy(y, P, k)
            assert ours == pytest.approx(metrics.top_k_accuracy_score(y, P, k=k, labels=range(4)), abs=1e-12)
    for score, value in expected.items():
        assert getattr(evaluation, score)(counts) == pytest.approx(value, abs=1e-12, nan_ok=True), score


def test_the_area_under_the_curve_agrees_with_scikit_learn() -> None:
    """Many classes, two of them, ties; undefined where only one occurs."""
    for y, P in (CASES["random"], CASES["ties"]):
        expected = metrics.roc_auc_score(y, P, multi_class="ovr", average="macro")
        assert evaluation.roc_auc(y, P) == pytest.approx(expected, abs=1e-12)
    assert evaluation.roc_auc(*TWO) == pytest.approx(metrics.roc_auc_score(TWO[0], TWO[1][:, 1]), abs=1e-12)
    assert np.isnan(evaluation.roc_auc(*CASES["one class"]))


@pytest.mark.parametrize(
    ("gained", "lost"), [(0, 0), (5, 5), (1, 9), (9, 1), (0, 6), (30, 55), (900, 1000), (3000, 2000)]
)
def test_mcnemar_agrees_with_the_binomial_test(gained: int, lost: int) -> None:
    """Also where the binomial coefficients leave the range of a float."""
    expected = stats.binomtest(gained, gained + lost, 0.5).pvalue if gained + lost else 1.0
    assert evaluation.mcnemar_exact(gained, lost) == pytest.approx(expected, rel=1e-9)


def test_a_paired_comparison_by_hand() -> None:
    """Of four examples the first model gains two and loses one."""
    y = np.array([0, 0, 1, 1])
    result = evaluation.compare_classifiers(y, np.array([0, 0, 1, 0]), np.array([1, 1, 1, 1]))
    assert (result.gained, result.lost, result.difference) == (2, 1, 0.25)
    assert result.p_value == pytest.approx(1.0)
    assert -1 <= result.low <= 0.25 <= result.high <= 1


def test_bootstraps_are_repeatable_and_as_wide_as_theory_says() -> None:
    """The mean of n values has a standard error of σ/√n."""
    values = np.random.default_rng(1).standard_normal(400)
    low, high = evaluation.bootstrap_mean(values, np.random.default_rng(0))
    assert (high - low) == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert evaluation.bootstrap_mean(values, np.random.default_rng(0)) == (low, high)
    counts = np.array([[80, 20], [10, 90]])
    low, high = evaluation.bootstrap_counts(counts, evaluation.accuracy, np.random.default_rng(0))
    # two independent binomials of 100: the variance of the accuracy is (0.8·0.2 + 0.9·0.1)/100/4
    assert (high - low) == pytest.approx(2 * 1.96 * (0.25 / 400) ** 0.5, rel=0.1)
    means = evaluation.bootstrap_rows(lambda rows: float(values[rows].mean()), 400, np.random.default_rng(0))
    assert (means[1] - means[0]) == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_a_bootstrap_of_many_classes_needs_little_memory() -> None:
    """All 200 matrices of 300 classes together would take 144 MB; 2,000 of 1,000 classes 16 GB."""
    tracemalloc.start()
    interval = evaluation.bootstrap_counts(
        2 * np.eye(300, dtype=np.int64), evaluation.accuracy, np.random.default_rng(0), resamples=200
    )
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
    assert interval == (1.0, 1.0)


@pytest.mark.parametrize(
    ("support", "recall"),
    [((12, 14, 10), 0.97), ((94, 6), 0.8), ((3, 3, 3), 0.7), ((36,) * 10, 0.96), ((2,) * 30, 0.95), ((200, 3), 0.6)],
)
def test_intervals_of_small_classes_cover_what_they_promise(support: tuple[int, ...], recall: float) -> None:
    """A bootstrap alone holds the true balanced accuracy of the first in 65 of 100 test splits, of the second in 70."""
    rng, classes = np.random.default_rng(5), len(support)
    shares = np.full((classes, classes), (1 - recall) / (classes - 1))
    np.fill_diagonal(shares, recall)
    expected = evaluation.macro_f1(np.rint(1e6 * shares * np.array(support)[:, np.newaxis]).astype(np.int64))
    held = np.zeros(2)
    for _ in range(100):
        counts = np.stack([rng.multinomial(n, row) for n, row in zip(support, shares, strict=True)])
        low, high = evaluation.balanced_accuracy_interval(counts, rng)
        assert low <= evaluation.balanced_accuracy(counts) <= high
        held[0] += low <= recall <= high
        low, high = evaluation.macro_f1_interval(counts, rng)
        assert low <= evaluation.macro_f1(counts) <= high
        held[1] += low <= expected <= high
    assert held.min() >= 80


def test_no_interval_lacks_width_because_the_test_split_is_without_error() -> None:
    """A perfect answer to 30 rows may hide an error rate of some percent."""
    counts = np.diag([10, 10, 10])
    for interval in (evaluation.balanced_accuracy_interval, evaluation.macro_f1_interval):
        low, high = interval(counts, np.random.default_rng(0))
        assert 0.7 < low < 0.95
        assert high == 1.0
    comparison = evaluation.compare_classifiers(np.arange(3), np.arange(3), np.array([0, 2, 1]))
    assert comparison.low < 0 < 0.6 < comparison.high  # two examples gained, none lost: p = 1/2


def test_intervals_of_large_classes_are_as_narrow_as_theory_says() -> None:
    """Recalls of 0.8 and 0.9 in 1,000 rows each: their mean has a standard error of √(0.16 + 0.09)/√1000/2."""
    counts = np.array([[800, 200], [100, 900]])
    half = 1.96 * 0.25**0.5 / 1000**0.5 / 2
    for interval in (evaluation.balanced_accuracy_interval, evaluation.macro_f1_interval):
        low, high = interval(counts, np.random.default_rng(0))
        assert (low, high) == pytest.approx((0.85 - half, 0.85 + half), abs=0.2 * half)


def test_a_class_that_the_test_split_lacks_spoils_no_interval() -> None:
    """It has no recall; its F1 of 0, whether it is predicted or not, tells nothing, and macro F1 gets no interval."""
    for counts in (np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]]), np.array([[8, 1, 1], [1, 9, 0], [0, 0, 0]])):
        low, high = evaluation.balanced_accuracy_interval(counts, np.random.default_rng(0))
        assert 0 < low < evaluation.balanced_accuracy(counts) < high <= 1
        assert np.isnan(evaluation.macro_f1_interval(counts, np.random.default_rng(0))).all()


def test_the_interval_of_a_paired_difference_by_hand() -> None:
    """Bonett and Price's formula for 6 gained and 2 lost of 20, and how often it holds the true difference."""
    low, high = evaluation.difference_interval(6, 2, 20)
    half = 1.959963984540054 * ((7 / 22 + 3 / 22 - (4 / 22) ** 2) / 22) ** 0.5
    assert (low, high) == pytest.approx((4 / 22 - half, 4 / 22 + half))
    rng = np.random.default_rng(2)
    draws = rng.multinomial(100, [0.12, 0.08, 0.8], size=2_000)
    held = [
        bounds[0] <= 0.04 <= bounds[1]
        for g, lost, _ in draws
        if (bounds := evaluation.difference_interval(g, lost, 100))
    ]
    assert 0.94 <= np.mean(held) <= 0.98


def test_bootstrap_intervals_cover_what_they_promise() -> None:
    """95% of them hold the true accuracy: of 300, between 271 and 297 but for one case in a thousand."""
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(300):
        hits = rng.binomial(100, 0.8), rng.binomial(100, 0.9)
        counts = np.array([[hits[0], 100 - hits[0]], [100 - hits[1], hits[1]]])
        low, high = evaluation.bootstrap_counts(counts, evaluation.accuracy, rng, resamples=400)
        covered += low <= 0.85 <= high
    assert 271 <= covered <= 297


def test_reliability_by_hand() -> None:
    """Confidences 0.55 and 0.6 share the sixth bin, 0.95 has the tenth."""
    P = np.array([[0.55, 0.45], [0.4, 0.6], [0.95, 0.05]])
    y = np.array([0, 0, 0])
    curve = evaluation.reliability_curve(y, P)
    np.testing.assert_allclose(curve[5], [2, 0.575, 0.5])
    np.testing.assert_allclose(curve[9], [1, 0.95, 1.0])
    assert curve[:, 0].sum() == 3
    # (2·|0.575 − 0.5| + 1·|0.95 − 1|)/3
    assert evaluation.expected_calibration_error(y, P) == pytest.approx(0.2 / 3)


def test_calibration_by_chance_is_exceeded_once_in_twenty_times() -> None:
    """Answers drawn from the stated confidences: of 400 splits some 20, and more than 38 once in 10,000 times."""
    rng = np.random.default_rng(0)
    P = rng.dirichlet(np.ones(3), 100)
    limit = evaluation.calibration_error_by_chance(P, np.random.default_rng(0))
    exceeded = 0
    for _ in range(400):
        y = (rng.random((100, 1)) > P.cumsum(axis=1)[:, :2]).sum(axis=1)
        exceeded += evaluation.expected_calibration_error(y, P) > limit
    assert 5 <= exceeded <= 38


def test_calibration_is_examined_before_and_after_the_temperature_of_the_validation_rows() -> None:
    """Logits four times too large; without validation rows, or with no error among them, nothing is fitted."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((2_000, 3))
    y = (rng.random((2_000, 1)) > _softmax(Z).cumsum(axis=1)[:, :2]).sum(axis=1)
    Z *= 4
    calibration, curves = evaluation.examine_calibration(y[:1_000], Z[:1_000], (y[1_000:], Z[1_000:]))
    scores = cast(dict[str, float], calibration)
    assert scores["temperature"] == evaluation.fit_temperature(Z[1_000:], y[1_000:]) == pytest.approx(4, rel=0.2)
    for logits, error, log_loss in (
        (Z[:1_000], "error", "log_loss"),
        (Z[:1_000] / scores["temperature"], "error_after", "log_loss_after"),
    ):
        P = _softmax(logits)
        np.testing.assert_allclose(evaluation.apply_temperature(logits, 1.0), P, rtol=1e-12)
        assert scores[error] == pytest.approx(evaluation.expected_calibration_error(y[:1_000], P), rel=1e-9)
        assert scores[log_loss] == pytest.approx(metrics.log_loss(y[:1_000], P), rel=1e-9)
    assert scores["error_by_chance"] == evaluation.calibration_error_by_chance(
        _softmax(Z[:1_000]), np.random.default_rng(0)
    )
    assert scores["error_by_chance"] < scores["error"]
    assert scores["error_after"] < scores["error"] / 4
    assert scores["confidence"] == pytest.approx(_softmax(Z[:1_000]).max(axis=1).mean())
    assert scores["accuracy"] == np.mean(Z[:1_000].argmax(axis=1) == y[:1_000])
    assert [sum(row["examples"] for row in curves[name]) for name in ("before", "after")] == [1_000, 1_000]
    sure = Z[1_000:].argmax(axis=1), Z[1_000:]
    for validation in (None, sure):
        calibration, curves = evaluation.examine_calibration(y[:1_000], Z[:1_000], validation)
        unfitted = calibration["temperature"], calibration["error_after"], calibration["log_loss_after"]
        assert unfitted == (None, None, None)
        assert list(curves) == ["before"]


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_that_spoilt_the_logits_is_found(temperature: float) -> None:
    """Labels drawn from softmax(Z), logits multiplied: from 20,000 examples it is known to a few percent."""
    rng = np.random.default_rng(0)
    Z = 2 * rng.standard_normal((20_000, 3))
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    y = (rng.random((20_000, 1)) > P.cumsum(axis=1)[:, :2]).sum(axis=1)
    found = evaluation.fit_temperature(Z * temperature, y)
    assert found == pytest.approx(temperature, rel=0.05)
    losses = [metrics.log_loss(y, _softmax(Z * temperature / t)) for t in (found, found * 1.02, found / 1.02)]
    assert min(losses) == losses[0]


def test_temperatures_without_a_minimum_stop_at_the_ends() -> None:
    """Everything right: the colder the better; everything wrong: the hotter."""
    Z = np.array([[2.0, 0.0], [0.0, 3.0]])
    assert evaluation.fit_temperature(Z, np.array([0, 1])) == 0.05
    assert evaluation.fit_temperature(Z, np.array([1, 0])) == 20.0


def _softmax(Z: np.ndarray) -> np.ndarray:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def test_regression_scores_agree_with_scikit_learn() -> None:
    """Random values, exact ones, a constant target."""
    y = RNG.standard_normal(50) * 30 + 100
    for target, predicted in (
        (y, y + RNG.standard_normal(50)),
        (y, y),
        (np.full(15, 2.0), np.full(15, 2.0)),
        (np.ones(13), np.zeros(13)),
    ):
        scores = evaluation.regression_scores(target, predicted)
        assert scores["mse"] == pytest.approx(metrics.mean_squared_error(target, predicted), rel=1e-5)
        assert scores["mae"] == pytest.approx(metrics.mean_absolute_error(target, predicted), rel=1e-5)
        assert scores["rmse"] == pytest.approx(metrics.mean_squared_error(target, predicted) ** 0.5, rel=1e-5)
        assert scores["r2"] == pytest.approx(metrics.r2_score(target, predicted), rel=1e-5)
        assert scores["rmse_low"] <= scores["rmse"] <= scores["rmse_high"]
        assert scores["mae_low"] <= scores["mae"] <= scores["mae_high"]
        assert scores["r2_low"] <= scores["r2"] <= scores["r2_high"] or np.ptp(target) == 0


def test_a_target_that_hardly_varies_has_a_sane_interval_of_r_squared() -> None:
    """57 of 60 targets are 0.1, whose mean rounds: of a resample without the others R² was −1e31, or 0."""
    y = np.append(np.full(57, 0.1), [5.0, 3.0, 2.0])
    predicted = 0.2 + 0.1 * np.random.default_rng(0).standard_normal(60)
    scores = evaluation.regression_scores(y, predicted)
    assert -1 < scores["r2_low"] < -0.1
    assert 0 < scores["r2_high"] < 1
    constant = evaluation.regression_scores(np.full(57, 0.1), np.full(57, 0.2))
    assert constant["r2"] == 0
    assert np.isnan([constant["r2_low"], constant["r2_high"]]).all()
    assert 0.09 < constant["mae_low"] < 0.1 < constant["mae_high"]


@pytest.mark.parametrize("rows", [1, 5, 9, 40])
def test_the_sign_flip_test_agrees_with_scipy(rows: int) -> None:
    """Which goes through all signs of few rows, and draws as many of more; equal differences, and one row, included."""
    for differences in (RNG.standard_normal(rows) + 0.3, np.ones(rows), np.zeros(rows), RNG.standard_normal(rows) / 3):
        p_value = evaluation.sign_flip_test(differences, np.random.default_rng(0))
        if rows == 1:
            assert p_value == 1
            continue
        reference = stats.permutation_test(
            (differences,), np.sum, permutation_type="samples", n_resamples=10_000, rng=np.random.default_rng(1)
        )
        assert p_value == pytest.approx(reference.pvalue, abs=0.025)  # five standard errors of both at the most
    assert p_value == evaluation.sign_flip_test(differences, np.random.default_rng(0))
    alike = evaluation.sign_flip_test(differences.astype(np.float32), np.random.default_rng(0))
    assert alike == pytest.approx(p_value, abs=0.001)


def test_a_paired_comparison_of_regressions_by_hand() -> None:
    """Absolute errors of 1 and 3 in turn beside 2: the difference, first minus second, is −1 or 1, and 0 on average."""
    y, errors = np.zeros(100), np.tile([1.0, -3.0], 50)
    result = evaluation.compare_regressions(y, errors, np.full(100, 2.0))
    assert result["difference"] == 0
    # the mean of 100 numbers that deviate by 1
    assert (result["difference_low"], result["difference_high"]) == pytest.approx((-0.196, 0.196), abs=0.03)
    assert evaluation.compare_regressions(y, y + 1, y - 3)["difference"] == -2
    for wrong in (y[:, np.newaxis], y[:99]):
        with pytest.raises(ValueError, match=r"regression_scores: expected .* \(N,\) of one length, .*received"):
            evaluation.regression_scores(y, wrong)
        with pytest.raises(ValueError, match=r"compare_regressions: expected .* \(N,\) of one length, .*received"):
            evaluation.compare_regressions(y, y, wrong)


def test_decimals_show_six_digits_of_what_varies() -> None:
    """Of 0.5 to 5e−7 of it, or seven; of thousands two decimals; of millions none."""
    assert [evaluation.decimals_of(spread) for spread in (0.5, 1.0, 1234.5, 3e7)] == [6, 5, 2, 0]
    assert evaluation.decimals_of(1234.5, digits=3) == 0
