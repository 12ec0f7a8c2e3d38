"""The regression check: its verdicts, and its false-alarm and miss rates on simulated models."""

import numpy as np
import pytest

from glassnet.evaluation.regression_check import (
    NotComparableError,
    Row,
    check_regression,
    parse_predictions,
)
from glassnet.evaluation.regression_verdict import as_markdown


def _rows(right: np.ndarray, truth: str = "abc") -> list[Row]:
    """Predictions of which so many are right; class by class in turn."""
    rows = []
    for number, is_right in enumerate(right):
        actual = truth[number % len(truth)]
        wrong = truth[(number + 1) % len(truth)]
        predicted = actual if is_right else wrong
        rows.append({"row": str(number), "actual": actual, "predicted": predicted, "probability_a": "0.5"})
    return rows


def _numbers(errors: np.ndarray) -> list[Row]:
    return [
        {"row": str(i), "actual": str(float(i)), "predicted": str(float(i) + error)} for i, error in enumerate(errors)
    ]


def _right(n: int, wrong: list[int]) -> np.ndarray:
    right = np.ones(n, dtype=bool)
    right[wrong] = False
    return right


def test_the_four_verdicts() -> None:
    """Ten new mistakes and none mended: p = 2/2^10; three: p = 0.25; ten mended; none at all."""
    old, worse = _rows(_right(100, [])), _rows(_right(100, list(range(10))))
    verdict = check_regression(worse, old)
    assert verdict.kind == "regression"
    assert "1.0000 -> 0.9000 (-0.1000) on 100 rows: 0 newly right, 10 newly wrong" in verdict.reason
    assert verdict.lost_classes == {"a": (0, 4), "b": (0, 3), "c": (0, 3)}
    assert [row["row"] for row in verdict.newly_wrong] == [str(i) for i in range(10)]
    text = as_markdown(verdict, "main", [("log_loss", 0.25, 0.5)], shown=4)
    assert "### Model check: **regression** against main" in text
    assert "| 0 | a | a | b |" in text
    assert "| log loss | 0.25 | 0.5 |" in text
    assert "and 6 more" in text
    assert check_regression(_rows(_right(100, [0, 1, 2])), old).kind == "within noise"
    assert check_regression(old, worse).kind == "better"
    assert check_regression(old, old).kind == "same"


def test_other_probabilities_are_other_predictions() -> None:
    """The classes alone are the same: the headline says so, whatever the log-loss did."""
    old = _rows(_right(10, [3]))
    moved = [{**row, "probability_a": "0.25" if row["row"] == "7" else "0.5"} for row in old]
    verdict = check_regression(moved, old)
    assert verdict.kind == "same classes"
    assert verdict.reason.endswith("probabilities of 1 row moved, by up to 0.25")
    assert "### Model check: the same classes, with other probabilities, as main\n" in as_markdown(verdict, "main", [])
    assert "### Model check: the same predictions as main\n" in as_markdown(check_regression(old, old), "main", [])
    with pytest.raises(NotComparableError, match="expected a finite number as probability_a in row 0 of the new model"):
        check_regression([{**old[0], "probability_a": "nan"}, *old[1:]], old)


def test_a_drop_must_be_larger_than_the_tolerance_too() -> None:
    """Ten of 10,000 are significant, and less than one percent; a floor holds whatever was before."""
    old, worse = _rows(_right(10_000, [])), _rows(_right(10_000, list(range(10))))
    assert check_regression(worse, old).kind == "within noise"
    assert check_regression(worse, old, tolerance=0.0005).kind == "regression"
    verdict = check_regression(worse, worse, floor=0.9995)
    assert verdict.kind == "regression"
    assert "below the floor of 0.9995" in verdict.reason
    assert check_regression(worse, worse, floor=0.9).kind == "same"


def test_another_test_is_not_compared() -> None:
    """Other rows, other actual values, rows twice, no predictions at all: named."""
    rows = _rows(_right(10, []))
    with pytest.raises(NotComparableError, match="1 rows that only the new model has and 0 that only the earlier"):
        check_regression(rows, rows[:-1])
    with pytest.raises(NotComparableError, match="others in 1 of 10 rows, the first is row 3"):
        check_regression(rows, [{**row, "actual": "b"} if row["row"] == "3" else row for row in rows])
    with pytest.raises(NotComparableError, match="some twice"):
        check_regression([*rows, rows[0]], rows)
    for text in ("", "a,b\n1,2\n"):
        with pytest.raises(NotComparableError, match="expected predictions"):
            parse_predictions(text, "main")
    for line in ("2,a", "2,a,b,0.5"):  # cut off, say
        with pytest.raises(NotComparableError, match="another number of values than columns in number 2"):
            parse_predictions(f"row,actual,predicted\n1,a,a\n{line}\n", "main")


def test_numbers_are_compared_by_their_errors() -> None:
    """Errors half as large again are a regression, the other way round better; the same noise drawn anew is noise."""
    rng = np.random.default_rng(0)
    errors = rng.standard_normal(200)
    old = _numbers(errors)
    assert check_regression(_numbers(1.5 * errors), old).kind == "regression"
    assert check_regression(old, _numbers(1.5 * errors)).kind == "better"
    assert check_regression(_numbers(rng.standard_normal(200)), old).kind == "within noise"
    assert check_regression(old, old).kind == "same"
    assert check_regression(old, old, floor=0.99999).kind == "regression"


def test_the_last_digits_of_a_target_may_differ() -> None:
    """Another fold standardizes it by other numbers, so that what is written of it is rounded anew; more is refused."""
    old = _numbers(np.random.default_rng(0).standard_normal(200))
    moved = [{**row, "actual": f"{float(row['actual']) + 1e-4:.6f}"} for row in old]
    assert check_regression(moved, old).kind == "same"
    with pytest.raises(NotComparableError, match="others in 1 of 200 rows, the first is row 7"):
        check_regression([{**row, "actual": "7.1"} if row["row"] == "7" else row for row in old], old)
    with pytest.raises(NotComparableError, match="as actual in row 7 of the earlier one, received 'seven'"):
        check_regression(old, [{**row, "actual": "seven"} if row["row"] == "7" else row for row in old])


def test_another_mistake_is_not_the_same_prediction() -> None:
    """A row that is wrong in another way neither gains nor loses, but the verdict may not call it the same."""
    old = _rows(_right(9, [0]))
    assert check_regression([{**old[0], "predicted": "c"}, *old[1:]], old).kind == "within noise"


@pytest.mark.parametrize("name", ["a|b", "a\nb", "a\u2028b", "a\x0cb", 'a, "b"'])
def test_odd_names_of_classes_are_read_and_listed(name: str) -> None:
    """Whatever else takes for the end of a line; the verdict's tables stay whole."""
    written = '"' + name.replace('"', '""') + '"' if set(name) & set('\n,"') else name
    text = "row,actual,predicted,probability_z\n" + "".join(f"{i},{written},z,0.5\n" for i in range(9))
    rows = parse_predictions(text, "main")
    assert [row["actual"] for row in rows] == [name] * 9
    verdict = check_regression(rows, [{**row, "predicted": name} for row in rows])
    tables = [line for line in as_markdown(verdict, "main", []).splitlines() if line.startswith("|")]
    assert len(tables) == 2 + 1 + 2 + 9
    assert all(line.endswith("|") and line.replace(r"\|", "").count("|") in (4, 5) for line in tables)


@pytest.mark.parametrize("accuracy", [0.8, 0.95])
def test_the_false_alarm_rate_is_at_most_half_of_alpha(accuracy: float) -> None:
    """Two equally good models, right or wrong independently of each other, 1,000 times.

    At α = 0.1, so that there is something to count: a rate of 0.05 gives 50 alarms, and 72 or more once in a thousand.
    """
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(1_000):
        new, old = (_rows(rng.random(200) < accuracy) for _ in range(2))
        alarms += check_regression(new, old, tolerance=0.0, alpha=0.1).kind == "regression"
    assert alarms < 72


@pytest.mark.parametrize("rows", [5, 20])
def test_the_false_alarm_rate_of_numbers_is_at_most_half_of_alpha_with_few_rows_too(rows: int) -> None:
    """Two equally good models, 400 times. A bootstrap interval that does not hold 0 would be twice as many alarms.

    At α = 0.2: a rate of 0.1 gives 40 alarms, and 60 or more once in a thousand.
    """
    rng = np.random.default_rng(0)
    alarms = sum(
        check_regression(
            _numbers(rng.standard_t(2, rows)), _numbers(rng.standard_t(2, rows)), tolerance=0.0, alpha=0.2
        ).kind
        == "regression"
        for _ in range(400)
    )
    assert 20 < alarms < 60


def test_the_level_holds_for_numbers_too() -> None:
    """Six rows that are all worse: p is about 2/64. One row alone says nothing, however much worse it is."""
    old, new = _numbers(np.ones(6)), _numbers(np.linspace(1.5, 2, 6))
    verdict = check_regression(new, old, alpha=0.05)
    assert verdict.kind == "regression"
    assert "sign-flip test p = 0.03" in verdict.reason
    assert check_regression(new, old, alpha=0.02).kind == "within noise"
    assert check_regression(old, new, alpha=0.02).kind == "within noise"
    assert check_regression(new[1:2], old[1:2], floor=None).kind == "within noise"


@pytest.mark.parametrize(("drop", "least"), [(0.05, 0.3), (0.1, 0.85), (0.15, 0.99)])
def test_a_real_drop_is_found(drop: float, least: float) -> None:
    """500 rows at an accuracy of 0.9, models that err independently: measured 0.645, 0.995 and 1.0."""
    rng = np.random.default_rng(1)
    found = sum(
        check_regression(_rows(rng.random(500) < 0.9 - drop), _rows(rng.random(500) < 0.9)).kind == "regression"
        for _ in range(200)
    )
    assert found / 200 > least
