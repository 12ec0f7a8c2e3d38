"""The regression check: a new model's test predictions against an earlier model's, example by example."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.answers_check import AnswersChange, compare_answers
from glassnet.evaluation.number_text import readable
from glassnet.evaluation.paired import mcnemar_exact
from glassnet.evaluation.records import DecisionAnalysis
from glassnet.evaluation.regression import compare_regressions, r_squared
from glassnet.evaluation.score_groups import ungrouped
from glassnet.files import JsonObject

Row = dict[str, str]  # a line of predictions.csv, by column
PROBABILITY = "probability_"  # how the names of their columns begin
LAST_DIGITS = 1e-4  # of the standard deviation of the actual values: what is written of them may differ by so much


class NotComparableError(ValueError):
    """The two lists of predictions are not of the same test."""


@dataclass(frozen=True)
class Verdict:
    """What the check found.

    Attributes:
        kind: "better", "same", "same classes", if only the probabilities are others, "within noise" or "regression".
        reason: the numbers behind it, in a sentence.
        lost_classes: for each class that lost examples on balance, how many it gained and how many it lost.
        newly_wrong: the rows that the earlier model had right and the new one has wrong.
    """

    kind: str
    reason: str
    lost_classes: dict[str, tuple[int, int]] = field(default_factory=dict)
    newly_wrong: list[Row] = field(default_factory=list)


def check_regression(
    new: list[Row],
    old: list[Row],
    *,
    tolerance: float = 0.01,
    alpha: float = 0.05,
    floor: float | None = None,
    decision: DecisionAnalysis | None = None,
) -> Verdict:
    """Compare two lists of predictions for the same test rows.

    It is a regression only if the drop is larger than the tolerance *and* more than chance would do: for classes, the
    exact McNemar test at level `alpha`; for numbers, the sign-flip test of the absolute errors. If the models are
    equally good, a drop is called a regression with a probability of at most `alpha/2`. Where the new model decides on
    a class by costs, weights or a threshold, the score that this is made for takes the place of accuracy, for both.

    Args:
        new: the new predictions: row, actual, predicted.
        old: the earlier ones.
        tolerance: how much accuracy may drop; for numbers, the fraction by which the mean absolute error may grow, and
            for costs, the mean cost.
        alpha: the level of the test.
        floor: an accuracy (or R²) below which the new model is a regression whatever the earlier one was.
        decision: how the new model decides on a class, as analysis.json has it.

    Raises:
        NotComparableError: if the two are not of the same rows with the same actual values.
    """
    old_by_row = {row["row"]: row for row in old}
    _require_the_same_rows(new, old, old_by_row)
    pairs = [(row, old_by_row[row["row"]]) for row in new]
    if "probability" not in " ".join(new[0]):
        return _check_numbers(pairs, tolerance, alpha, floor)
    _require_the_same_values(pairs, np.array([now["actual"] == before["actual"] for now, before in pairs]))
    answers = None if decision is None or "rule" not in decision else _answers(pairs, decision)
    return _check_classes(pairs, tolerance, alpha, floor, answers)


def parse_predictions(text: str, source: str) -> list[Row]:
    """Return the lines of a predictions.csv; `source` says whose, in the error if it is none."""
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise NotComparableError(f"{source}: expected predictions as CSV, received something else ({error})") from error
    if not rows or not {"row", "actual", "predicted"} <= rows[0].keys():
        raise NotComparableError(
            f"{source}: expected predictions with the columns row, actual, predicted, received none"
        )
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():  # how csv says that a line has more or fewer values than the header
            raise NotComparableError(
                f"{source}: expected predictions for {len(rows)} rows, received another number of values than columns "
                f"in number {number}; run dvc repro"
            )
    return rows


def require_one_evaluation(rows: list[Row], metrics: object, source: str) -> None:
    """Raise NotComparableError unless metrics.json counts the rows and the errors that predictions.csv has."""
    if not isinstance(metrics, dict):
        raise NotComparableError(
            f"{source}: expected scores by name in metrics.json, received {type(metrics).__name__}"
        )
    scores = ungrouped(metrics)
    stated = scores.get("examples"), scores.get("errors")
    counted = len(rows), sum(row["predicted"] != row["actual"] for row in rows) if "errors" in scores else None
    if stated != counted:
        raise NotComparableError(
            f"{source}: expected metrics.json and predictions.csv of one evaluation, received {stated[0]} rows with "
            f"{stated[1]} errors and {counted[0]} with {counted[1]}; run dvc repro"
        )


def compare_scores(new: JsonObject, old: JsonObject) -> list[tuple[str, float, float]]:
    """Return the headline scores that both have: name, earlier, new."""
    names = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "calibration_error", "r2", "mae", "rmse")
    before_all: Mapping[str, object] = ungrouped(old)
    now_all: Mapping[str, object] = ungrouped(new)
    both = [(name, before_all.get(name), now_all.get(name)) for name in names]
    return [
        (name, before, now)
        for name, before, now in both
        if isinstance(before, int | float) and isinstance(now, int | float)
    ]


def _require_the_same_rows(new: list[Row], old: list[Row], old_by_row: dict[str, Row]) -> None:
    rows = {row["row"] for row in new}
    if len(rows) != len(new) or len(old_by_row) != len(old):
        raise NotComparableError("expected each test row once, received some twice")
    if rows != old_by_row.keys():
        raise NotComparableError(
            f"expected predictions for the same test rows, received {len(rows - old_by_row.keys())} rows that only the "
            f"new model has and {len(old_by_row.keys() - rows)} that only the earlier one has: data or split differ"
        )


def _require_the_same_values(pairs: list[tuple[Row, Row]], is_same: npt.NDArray[np.bool_]) -> None:
    changed = np.flatnonzero(~is_same)
    if len(changed):
        raise NotComparableError(
            f"expected the same actual values, received others in {len(changed)} of {len(pairs)} rows, the first is "
            f"row {pairs[changed[0]][0]['row']}: data or split differ"
        )


def _answers(pairs: list[tuple[Row, Row]], decision: DecisionAnalysis) -> AnswersChange:
    """Return how the score changed that a decision by a rule is made for."""
    names = [name.removeprefix(PROBABILITY) for name in pairs[0][0] if name.startswith(PROBABILITY)]
    ids = {name: place for place, name in enumerate(names)}
    given = [(new["actual"], new["predicted"], old["predicted"]) for new, old in pairs]
    if unknown := {name for row in given for name in row} - ids.keys():
        raise NotComparableError(f"expected the classes {', '.join(names)}, received {', '.join(sorted(unknown))} too")
    actual, now, before = np.array([[ids[name] for name in row] for row in given]).T
    try:
        return compare_answers(actual, now, before, names, decision)
    except ValueError as error:
        raise NotComparableError(f"the decision in analysis.json: {error}; run dvc repro") from error


def _check_classes(
    pairs: list[tuple[Row, Row]], tolerance: float, alpha: float, floor: float | None, answers: AnswersChange | None
) -> Verdict:
    n = len(pairs)
    now = np.array([new["predicted"] == new["actual"] for new, _ in pairs])
    before = np.array([old["predicted"] == old["actual"] for _, old in pairs])
    gained, lost = int((now & ~before).sum()), int((~now & before).sum())
    p_value = mcnemar_exact(gained, lost)
    change = float(now.mean() - before.mean())
    loss, p_of_loss = (-change, p_value) if answers is None else (answers.loss, answers.p_value)
    gains = Counter(new["actual"] for (new, _), up in zip(pairs, now & ~before, strict=True) if up)
    losses = Counter(new["actual"] for (new, _), down in zip(pairs, ~now & before, strict=True) if down)
    lost_classes = {name: (gains[name], losses[name]) for name in sorted(losses) if losses[name] > gains[name]}
    newly_wrong = [
        {**new, "was": old["predicted"]} for (new, old), down in zip(pairs, ~now & before, strict=True) if down
    ]
    reason = (
        f"accuracy {before.mean():.4f} -> {now.mean():.4f} ({change:+.4f}) on {n} rows: {gained} newly right, {lost} "
        f"newly wrong, exact McNemar p = {p_value:.3g}"
    )
    if answers is not None:
        reason = f"{answers.reason}; {reason}"
    if floor is not None and now.mean() < floor:
        kind, reason = "regression", f"{reason}; below the floor of {floor:g}"
    elif loss > tolerance and p_of_loss < alpha:
        kind = "regression"
    elif loss < 0 and p_of_loss < alpha:
        kind = "better"
    elif any(new["predicted"] != old["predicted"] for new, old in pairs):
        kind = "within noise"
    elif (moved := _probability_shifts(pairs)).any():
        kind = "same classes"
        rows = np.count_nonzero(moved)
        reason = f"{reason}; probabilities of {rows} row{'' if rows == 1 else 's'} moved, by up to {moved.max():.2g}"
    else:
        kind = "same"
    return Verdict(kind, reason, lost_classes, newly_wrong)


def _probability_shifts(pairs: list[tuple[Row, Row]]) -> npt.NDArray[np.float64]:
    """Return for each row by how much that of its probabilities moved that moved furthest."""
    furthest = np.zeros(len(pairs))
    new, old = ([pair[which] for pair in pairs] for which in (0, 1))
    for name in new[0].keys() & old[0].keys():
        if name.startswith(PROBABILITY):
            shifts = _numbers(new, name, "the new model") - _numbers(old, name, "the earlier one")
            furthest = np.maximum(furthest, np.abs(shifts))
    return furthest


def _check_numbers(pairs: list[tuple[Row, Row]], tolerance: float, alpha: float, floor: float | None) -> Verdict:
    actual, earlier = (
        _numbers(list(rows), "actual", whose)
        for rows, whose in zip(zip(*pairs, strict=True), ("the new model", "the earlier one"), strict=True)
    )
    # Another choice of training rows standardizes the target by other numbers, which moves its last digits.
    _require_the_same_values(pairs, np.abs(actual - earlier) <= LAST_DIGITS * actual.std())
    now = _numbers([new for new, _ in pairs], "predicted", "the new model")
    before = _numbers([old for _, old in pairs], "predicted", "the earlier one")
    old_error, new_error = float(np.abs(before - actual).mean()), float(np.abs(now - actual).mean())
    compared = compare_regressions(actual, now, before)
    change, p_value = compared["difference"], compared["sign_flip_p"]
    low, high = compared["difference_low"], compared["difference_high"]
    by, least, most = (readable(each, 3, signed=True) for each in (change, low, high))
    interval = f"difference with its 95% interval {by} ({least} to {most})"
    if np.isnan(low):
        interval = f"difference {by} (too few rows for an interval)"
    r2 = r_squared(actual, (now - actual) ** 2)
    reason = (
        f"mean absolute error {readable(old_error)} -> {readable(new_error)} on {len(pairs)} rows, {interval}, "
        f"sign-flip test p = {p_value:.3g}; R² {r2:.4f}"
    )
    if floor is not None and r2 < floor:
        return Verdict("regression", f"{reason}; below the floor of {floor:g}")
    if change > tolerance * old_error and p_value < alpha:
        return Verdict("regression", reason)
    if change < 0 and p_value < alpha:
        return Verdict("better", reason)
    return Verdict("within noise" if (now != before).any() else "same", reason)


def _numbers(rows: list[Row], column: str, whose: str) -> npt.NDArray[np.float64]:
    """Return a column as numbers; with one that is not finite, every comparison would come out false."""
    values = np.empty(len(rows))
    for index, row in enumerate(rows):
        try:
            values[index] = float(row[column])
        except ValueError:
            values[index] = np.nan
        if not np.isfinite(values[index]):
            raise NotComparableError(
                f"expected a finite number as {column} in row {row['row']} of {whose}, received {row[column]!r}"
            )
    return values
