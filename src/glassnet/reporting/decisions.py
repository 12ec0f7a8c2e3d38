"""The report's section on the decision: which class is called, from which probability on, and what that is worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.evaluation import DecisionAnalysis, Metrics, precision_recall_curve, roc_curve, threshold_of_costs
from glassnet.evaluation.number_text import readable
from glassnet.evaluation.two_classes import margin
from glassnet.files import JsonObject, section_of
from glassnet.reporting.drawing import BLUE, GREY, VERMILION, Figures, literal, new_figure, save
from glassnet.reporting.tables import markdown_table, models, plain

FIGURE = "ranking.png"
RULES = {
    "f1": "the threshold at which the F1 of the validation rows is highest (`evaluation.threshold=f1`)",
    "balanced": "the threshold at which the balanced accuracy of the validation rows is highest "
    "(`evaluation.threshold=balanced`)",
    "cost": "where both answers cost the same in expectation (`evaluation.threshold`)",
    "class_weights": "where both probabilities, each times its class weight, are equal (`training.class_weights`)",
    "given": "as it was given (`evaluation.threshold`)",
}


def decision_section(
    analysis: DecisionAnalysis,
    metrics: Metrics,
    settings: JsonObject,
    rows: Sequence[Mapping[str, str]],
    names: Sequence[str],
    figures: Figures,
) -> str:
    """Return the section, and draw its figure; nothing for the most probable one of more than two classes.

    Args:
        analysis: of the decision.
        metrics: the scores of the network and its baselines.
        settings: of the run.
        rows: of predictions.csv.
        names: of the classes.
        figures: the report's.
    """
    if not analysis:
        return ""
    text = ["### The decision", ""]
    if "positive" not in analysis:
        return "\n".join([*text, *_of_many(analysis, metrics, names)])
    positive = plain(analysis["positive"])
    text += [f"{_threshold(analysis, settings, names)} {_positive(analysis, settings, metrics)}", ""]
    header = ["model", *(f"{name} (95% interval)" for name in ("precision", "recall", "specificity"))]
    header += [f"called {positive}", "average precision", "ROC-AUC"]
    costs = ["mean cost"] if "mean_cost" in metrics else []
    text += [markdown_table([*header, *costs], [_model(name, scores) for name, scores in _models(metrics)]), ""]
    text += [
        f"Precision is the fraction of the rows called {positive} that are, recall that of the {positive} rows that\n"
        "are found, specificity that of the others that are left alone; their intervals are exact. Average precision,\n"
        "the mean precision as the threshold comes down past one positive row after the other, and the area under the\n"
        "ROC curve are of the ranking, whatever the threshold; of one that knows nothing they are the fraction of\n"
        "positive rows, and ½. Softmax regression and gradient boosting have thresholds of their own, by the same\n"
        "rule; the majority class has none, and names the most probable class.",
        "",
    ]
    is_positive = np.array([row["actual"] == analysis["positive"] for row in rows])
    if is_positive.any() and not is_positive.all():  # else there are no curves
        figures.draw(FIGURE, _draw, is_positive, _ranks(rows, analysis["positive"]), analysis, metrics)
        text += [
            f"![Precision against recall, and recall against false alarms, with the threshold](figures/{FIGURE})",
            "",
        ]
    if analysis.get("lift"):
        text += [f"What the rows with the highest probabilities of {positive} hold:", "", _lift(analysis, positive), ""]
    return "\n".join(text)


def _threshold(analysis: DecisionAnalysis, settings: JsonObject, names: Sequence[str]) -> str:
    positive, threshold = plain(analysis["positive"]), f"{analysis['threshold']:.4g}"
    if "rule" not in analysis:
        return f"The more probable class is called: {positive} from a probability of 0.5 on."
    before = ""
    if analysis["rule"] == "cost":
        even = threshold_of_costs(analysis["costs"], list(names).index(analysis["positive"]))
        if not np.isclose(even, analysis["threshold"], rtol=1e-4):
            before = f": {even:.4g}, moved as label smoothing has moved the network's probabilities"
    if section_of(settings, "training").get("final") and analysis["rule"] in {"f1", "balanced"}:
        before = ", with the network from before it was trained anew"
    return (
        f"A row is called **{positive}** from a probability of **{threshold}** on, {RULES[analysis['rule']]}{before}."
    )


def _positive(analysis: DecisionAnalysis, settings: JsonObject, metrics: Metrics) -> str:
    scores, name = metrics["two_classes"], plain(analysis["positive"])
    chosen = settings.get("evaluation")
    is_chosen = isinstance(chosen, Mapping) and chosen.get("positive") is not None
    rarer = "the rarer one, or of two as frequent the second (`evaluation.positive` names another)"
    why = "as `evaluation.positive` says" if is_chosen else rarer
    return (
        f"{name} is the positive class, {why}: {scores['positives']:.0f} of {metrics['examples']} test rows are {name}."
    )


def _models(metrics: Metrics) -> list[tuple[str, Metrics]]:
    return [(name, scores) for name, scores in models(metrics) if "two_classes" in scores]


def _model(name: str, metrics: Metrics) -> list[Any]:
    """Return the row of a model; a dash where a score is undefined."""
    scores, every = metrics["two_classes"], {**metrics}
    cells = [_with_interval(scores, each) for each in ("precision", "recall", "specificity")]
    area = every.get("roc_auc")
    cells += [f"{scores['called_positive']:.0f}", _with_interval(scores, "average_precision")]
    cells += [f"{area:.4f}" if isinstance(area, float) else "–"]
    return [name, *cells, *([f"{metrics['mean_cost']:.4g}"] if "mean_cost" in metrics else [])]


def _with_interval(scores: Mapping[str, float], name: str) -> str:
    if name not in scores:
        return "–"
    if f"{name}_low" not in scores:
        return f"{scores[name]:.4f}"
    return f"{scores[name]:.4f} ({scores[f'{name}_low']:.4f} to {scores[f'{name}_high']:.4f})"


def _lift(analysis: DecisionAnalysis, positive: str) -> str:
    rows = [
        [f"{100 * each['share']:.3g}%", each["rows"], readable(each["found"]), f"{each['precision']:.4f}",
         f"{each['recall']:.4f}", f"{each['lift']:.3g}"]
        for each in analysis["lift"]
    ]  # fmt: skip
    return markdown_table(["highest", "rows", f"{positive} among them", "precision", "recall", "lift"], rows)


def _of_many(analysis: DecisionAnalysis, metrics: Metrics, names: Sequence[str]) -> list[str]:
    """Return the text for more than two classes: the costs, and what the models' answers cost."""
    if analysis["rule"] != "cost":
        what = "The class of the largest probability, times its weight in `training.class_weights`, is called."
        return [what, ""]
    called = [f"called {plain(name)}" for name in names]
    costs = [[plain(name), *(f"{cost:g}" for cost in row)] for name, row in zip(names, analysis["costs"], strict=True)]
    means = [[name, f"{scores['mean_cost']:.4g}"] for name, scores in models(metrics) if "mean_cost" in scores]
    return [
        "The class whose answer costs least in expectation is called, by these costs (`evaluation.threshold`):",
        "",
        markdown_table(["actual", *called], costs),
        "",
        markdown_table(["model", "mean cost of a test row"], means),
        "",
    ]


def _draw(
    is_positive: npt.NDArray[np.bool_],
    ranks: npt.NDArray[np.float64],
    analysis: DecisionAnalysis,
    metrics: Metrics,
    path: Path,
) -> None:
    """Draw both curves with the chosen point."""
    scores = metrics["two_classes"]
    figure = new_figure(9, 4.1)
    left, right = figure.subplots(1, 2)
    _, precision, recall = precision_recall_curve(is_positive, ranks)
    label = f"network, average precision {scores['average_precision']:.3f}"
    left.step([0, *recall], [precision[0], *precision], where="pre", color=BLUE, label=label)
    left.axhline(is_positive.mean(), color=GREY, ls=":", label=f"no ranking: {is_positive.mean():.3g}")
    _, alarms, found = roc_curve(is_positive, ranks)
    area = {**metrics}.get("roc_auc")
    right.plot([0, *alarms], [0, *found], color=BLUE, label=f"network, area {area:.3f}")
    right.plot([0, 1], [0, 1], color=GREY, ls=":", label="no ranking")
    point = f"threshold {analysis['threshold']:.3g}"
    mark: dict[str, Any] = {"color": VERMILION, "marker": "o", "ls": "", "ms": 8, "zorder": 3, "label": point}
    if "precision" in scores:
        left.plot([scores["recall"]], [scores["precision"]], **mark)
    right.plot([1 - scores["specificity"]], [scores["recall"]], **mark)
    name = literal(analysis["positive"])
    left.set(xlabel=f"recall of {name}", ylabel="precision", title="Precision and recall, test split")
    right.set(xlabel=f"fraction of the others called {name}", ylabel=f"recall of {name}", title="ROC, test split")
    for axes in (left, right):
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04))
        axes.grid(alpha=0.3)
        axes.legend(loc="best")
    save(figure, path)


def _ranks(rows: Sequence[Mapping[str, str]], positive: str) -> npt.NDArray[np.float64]:
    """Return the log-odds of the positive class: probabilities near 1 differ in the digits of the other's."""
    own = f"probability_{positive}"
    other = next(name for name in rows[0] if name.startswith("probability_") and name != own)
    return margin(np.array([[float(row[other]), float(row[own])] for row in rows]), 1)
