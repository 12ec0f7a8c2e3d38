"""The tables of the report, in markdown that is readable as text too."""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from glassnet.columns.dates import iso_strings
from glassnet.diagnostics import Finding
from glassnet.evaluation import Calibration, Case, Comparison, ErrorGroup, Metrics, RegressionCase, UnusualFeature
from glassnet.evaluation.number_text import readable
from glassnet.evaluation.unseen_row import LEAST_ROWS
from glassnet.runs.manifest import WentOn

GROUPS_SHOWN = 10
SHOWN = 10  # columns named in a sentence
CLASSES_SHOWN = 12  # of more, the table of splits has the rarest and the most frequent alone
Table: TypeAlias = list[list[Any]]


def plain(text: str) -> str:
    """Return a text from the data so that markdown shows it as it is, characters that would format it escaped.

    An underscore inside a word formats nothing, and stays. A table escapes `|` itself. A line break, which would end
    a table, becomes a space.
    """
    return re.sub(r"[\\`*<$]|\](?=\()|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", " ".join(text.splitlines()))


def code(text: str) -> str:
    """Return a text as markdown's code, between more backticks than stand together in it."""
    line = " ".join(text.splitlines())
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"


def value_code(value: Any) -> str:
    """Return the value of a setting as code."""
    return code(json.dumps(value, ensure_ascii=False))


def markdown_table(header: list[str], rows: Table) -> str:
    """Return a markdown table, columns padded so that the source reads as a table too; numbers to the right."""
    header, *cells = ([str(cell).replace("|", "\\|") for cell in row] for row in (header, *rows))
    widths = [max(3, *(len(row[i]) for row in [header, *cells])) for i in range(len(header))]
    right = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]

    def line(row: list[str]) -> str:
        padded = [cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = [("-" * (w - 1) + ":") if r else "-" * w for w, r in zip(widths, right, strict=True)]
    return "\n".join([line(header), f"| {' | '.join(rule)} |", *map(line, cells)])


def split_table(about: Mapping[str, Any]) -> str:
    """Return the table of how many rows each split has, in all and of each class."""
    names, counts = about["class_names"], about["class_counts"]["train"]
    columns = dict(enumerate(map(plain, names)))
    if len(names) > CLASSES_SHOWN:
        rarest, largest = (extreme(columns, key=counts.__getitem__) for extreme in (min, max))
        columns = {
            rarest: f"{columns[rarest]} (rarest of {len(names)})",
            largest: f"{columns[largest]} (most frequent)",
        }
    rows = [
        [split, *(about["class_counts"][split][column] for column in columns), total]
        for split, total in about["rows"].items()
    ]
    return markdown_table(["split", *columns.values(), "rows"], rows)


def missing_filled(columns: list[Mapping[str, Any]], rule: str) -> str:
    """Return which columns miss values in the training rows and what fills them, ten columns at most, or nothing.

    Args:
        columns: the preprocessing's descriptions of them.
        rule: what fills a missing number or date, as the settings call it.
    """
    filled = []
    for column in (column for column in columns if column["gaps"]):
        if column["kind"] == "categorical":
            value = plain(column["fill"])
        else:
            fill = iso_strings([column["fill"]])[0] if column["kind"] == "date" else readable(column["fill"])
            value = f"{rule} {fill}{', marked in a column of its own' if column['indicator'] else ''}"
        filled.append(f"{plain(column['name'])} {column['gaps']} ({value})")
    more = f" and {len(filled) - SHOWN} more columns" if len(filled) > SHOWN else ""
    return ", ".join(filled[:SHOWN]) + more


def augmented(training: Mapping[str, Any]) -> str:
    """Return what was done to the training images, for the end of a clause, or nothing."""
    shift, flip = training["shift"], training["flip"]
    changes = [f"shifted by up to {shift} pixel{'s' if shift > 1 else ''} each way"] if shift else []
    changes += ["mirrored one time in two"] if flip else []
    return f", on images {' and '.join(changes)}" if changes else ""


def changes_on_the_way(went_on: list[WentOn]) -> str:
    """Return how a training went on with other settings, a sentence for each time, without the last full stop."""
    sentences = []
    for each in went_on:
        changes = [f"`{name}` from {value_code(a)} to {value_code(b)}" for name, (a, b) in each["changed"].items()]
        rates = "the learning rate from {:.3g} to {:.3g}".format(*each["rates"]) if "rates" in each else ""
        changed = " and ".join([*changes, *([rates] if rates else [])])
        sentences.append(f"After epoch {each['after_epoch']} it went on with {changed}")
    return ". ".join(sentences)


def beside_mean_error(metrics: Metrics) -> str:
    """Return what stands in brackets behind a mean absolute error: its interval, and that of the mean prediction."""
    said = [f"{readable(metrics['mae_low'])} to {readable(metrics['mae_high'])}"] if "mae_low" in metrics else []
    if "mean_prediction" in metrics["baselines"]:
        said.append(f"the mean prediction's is {readable(metrics['baselines']['mean_prediction']['mae'])}")
    return f" ({'; '.join(said)})" if said else ""


def models(metrics: Metrics) -> list[tuple[str, Metrics]]:
    """Return the scores of the network, or the ensemble, and of each baseline, by what they are called."""
    ours = "ensemble" if "out_of_fold" in metrics else "network"
    return [(ours, metrics), *((name.replace("_", " "), scores) for name, scores in metrics["baselines"].items())]


def results_table(metrics: Metrics) -> Table:
    """Return a row for the network and each baseline."""
    if "r2" in metrics:
        return [[name, *(with_interval(s, column) for column in ("r2", "mae", "rmse"))] for name, s in models(metrics)]
    return [
        [name, *(with_interval(s, column) for column in ("accuracy", "macro_f1", "log_loss")),
         f"{s['errors']} of {s['examples']}"]
        for name, s in models(metrics)
    ]  # fmt: skip


def further_scores(metrics: Metrics) -> Table:
    """Return the network's other scores, with an interval where there is one."""
    names = {
        "balanced_accuracy": "balanced accuracy",
        "weighted_f1": "weighted F1",
        "matthews_correlation": "Matthews correlation",
        "cohen_kappa": "Cohen's κ",
        "roc_auc": "ROC-AUC, one against the rest",
    }
    names |= {
        name: f"accuracy of the top {name.split('_')[1]}" for name in metrics if re.fullmatch(r"top_\d+_accuracy", name)
    }
    return [[title, with_interval(metrics, name)] for name, title in names.items()]


def comparison_table(metrics: Metrics) -> Table:
    """Return a row for each baseline: by how much the network is better or worse on the same rows."""
    rows = []
    for name, scores in metrics["comparisons"].items():
        interval = interval_of_difference(scores) or "too few rows"
        row: list[Any] = [name.replace("_", " "), readable(scores["difference"], signed=True), interval]
        if "mcnemar_p" in scores:
            row += [scores["newly_right"], scores["newly_wrong"], p_text(scores["mcnemar_p"])]
        else:
            row.append(p_text(scores["sign_flip_p"]))
        rows.append(row)
    return rows


def interval_of_difference(compared: Comparison) -> str:
    """Return the ends of the interval of a difference; nothing where there were too few rows for one."""
    if "difference_low" not in compared:
        return ""
    low, high = (readable(compared[end], signed=True) for end in ("difference_low", "difference_high"))
    return f"{low} to {high}"


def p_text(value: float) -> str:
    """Return a p-value in short; one too small for a float as such."""
    return f"{value:.2g}" if value else "below 1e-300"


def calibration_table(calibration: Calibration, positive: str | None) -> str:
    """Return the table of errors and log-loss before and after the temperature; of two classes, `positive` is one."""
    scores = {"error": "error of the confidence" if positive else "calibration error"}
    if positive:
        scores["positive_error"] = f"error of the probability of {plain(positive)}"
    scores["log_loss"] = "log-loss"
    values: Mapping[str, Any] = calibration
    rows = [["as trained", *(f"{values[name]:.4f}" for name in scores)]]
    if "temperature" in calibration:
        after = [f"{values[f'{name}_after']:.4f}" for name in scores]
        rows.append([f"temperature {calibration['temperature']:.3g}", *after])
    return markdown_table(["", *scores.values()], rows)


def worse_with_temperature(calibration: Calibration, positive: str | None) -> str:
    """Return which scores of the test rows the temperature has made worse, and by how much, or nothing."""
    name = "positive_error" if positive else "error"
    values: Mapping[str, Any] = calibration
    titles = {name: "calibration error", "log_loss": "log-loss"}
    return " and ".join(
        f"the {title} from {values[each]:.4f} to {values[f'{each}_after']:.4f}"
        for each, title in titles.items()
        if values[f"{each}_after"] > values[each]
    )


def case_table(cases: list[Case]) -> Table:
    """Return a row for each case of a classification."""
    rows = []
    for case in cases:
        p = case["probabilities"]
        actual, rival = case["nearest"]
        rows.append(
            [case["row"], plain(case["true"]), plain(case["predicted"]),
             ", ".join(f"{plain(name)} {value:.2f}" for name, value in list(p.items())[:3]),
             _unusual(case["unusual_features"]),
             f"{actual['distance']:.2f} (row {actual['row']})",
             f"{plain(rival['class'])} {rival['distance']:.2f} (row {rival['row']})"]
        )  # fmt: skip
    return rows


def regression_case_table(cases: list[RegressionCase]) -> Table:
    """Return a row for each case of a regression."""
    return [
        [case["row"], f"{case['actual']:,.15g}", f"{case['predicted']:,.15g}", _unusual(case["unusual_features"]),
         f"{case['nearest']['target']:,.15g}, {case['nearest']['distance']:.2f} away (row {case['nearest']['row']})",
         f"{case['neighbours_mean']:,.15g}"]
        for case in cases
    ]  # fmt: skip


def group_table(groups: list[ErrorGroup]) -> Table:
    """Return a row for each of the largest groups of errors, with its hypothesis and the numbers behind it."""
    return [
        [*([plain(group["true"]), plain(group["predicted"])] if "true" in group else [group["group"]]), group["count"],
         group["hypothesis"], plain(group["evidence"])]
        for group in groups[:GROUPS_SHOWN]
    ]  # fmt: skip


def finding_table(findings: list[Finding]) -> Table:
    """Return a row for each finding of the diagnosis."""
    return [[finding.name, f"{finding.severity:.2f}", plain(finding.evidence)] for finding in findings]


def _unusual(features: list[UnusualFeature]) -> str:
    return ", ".join(
        plain(each["feature"])
        + (f" {each['deviations']:+.1f}" if "deviations" in each else "")
        + f" ({_percent(each['share'])})"
        for each in features
    )


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{share:.1%}" if 0 < share < 0.01 else f"{share:.0%}"


def with_interval(scores: Mapping[str, Any], name: str) -> str:
    """Return a score with its interval, or why there is none."""
    if name not in scores:
        return "undefined"
    interval = ""
    if f"{name}_low" in scores:
        interval = f" ({readable(scores[f'{name}_low'])} to {readable(scores[f'{name}_high'])})"
    elif name in {"rmse", "mae", "r2"} and scores["examples"] < LEAST_ROWS:
        interval = f" (too few rows for an interval: {scores['examples']})"
    elif name == "macro_f1":
        interval = " (no interval: the test split lacks a class)"
    return f"{readable(scores[name])}{interval}"
