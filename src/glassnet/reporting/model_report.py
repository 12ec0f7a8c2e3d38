"""The model report: collects what the run's files say and renders it through a template."""

import csv
import json
import shutil
from typing import Any

import numpy as np

from glassnet.config import Layout, flatten
from glassnet.data import PreparedData
from glassnet.evaluation import confusion_matrix, precision_recall_f1
from glassnet.reporting.figures import draw_confusion_matrix, draw_learning_curves, draw_predictions
from glassnet.training import load_model, read_history

ERRORS_SHOWN = 10
UNCERTAIN_SHOWN = 5


def write_report(layout: Layout, prepared: PreparedData) -> None:
    """Write the report and its figures: the same bytes whenever the inputs are the same.

    Raises:
        FileNotFoundError: if an earlier stage has not left its outputs yet.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    card = json.loads(layout.run_card.read_text(encoding="utf-8"))
    metrics = json.loads(layout.metrics.read_text(encoding="utf-8"))
    shutil.rmtree(layout.figures, ignore_errors=True)  # an earlier report may have had other figures
    draw_learning_curves(layout.history, layout.figures / "learning_curves.png", card["best_epoch"])
    results = (_regression_results if prepared.task == "regression" else _classification_results)(layout, prepared)

    environment = Environment(
        loader=PackageLoader("glassnet.reporting"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # the output is markdown, not a page
    )
    environment.globals["table"] = markdown_table
    network, baseline = load_model(layout.model), load_model(layout.baseline)
    history = read_history(layout.history)
    score = next(name for name in ("accuracy", "mae") if f"best_validation_{name}" in card)
    text = environment.get_template("model_report.md.j2").render(
        regression=prepared.task == "regression",
        features=prepared.preprocessing.feature_names,
        score=score,
        data=prepared.about,
        card=card,
        metrics=metrics,
        best=history[card["best_epoch"] - 1],
        architecture=network.model.summary(),
        baseline_epoch=baseline.about["best_epoch"],
        **results,
        results=_results_table(metrics),
        settings=[[f"`{name}`", f"`{json.dumps(value)}`"] for name, value in flatten(card["settings"]).items()],
        split_rows=[
            [split, *(prepared.about["class_counts"][split] if prepared.class_names else []), rows]
            for split, rows in prepared.about["rows"].items()
        ],
        digests=[[name, f"`{digest}`"] for name, digest in card["digests"].items()],
    )
    layout.report.write_text(text, encoding="utf-8")


def _classification_results(layout: Layout, prepared: PreparedData) -> dict[str, Any]:
    """Draw the confusion matrix; return the tables of classes, errors and uncertain answers."""
    names = prepared.class_names
    predictions = _read_predictions(layout, names)
    counts = confusion_matrix(predictions["actual"], predictions["predicted"], len(names))
    draw_confusion_matrix(counts, names, layout.figures / "confusion_matrix.png")
    right = predictions["actual"] == predictions["predicted"]
    return {
        "classes": _class_table(counts, names),
        "errors": _example_table(predictions, names, ~right)[:ERRORS_SHOWN],
        "n_errors": int(np.count_nonzero(~right)),
        "uncertain": _example_table(predictions, names, right)[:UNCERTAIN_SHOWN],
        "probability_columns": [f"p({name})" for name in names],
    }


def _regression_results(layout: Layout, prepared: PreparedData) -> dict[str, Any]:
    """Draw predictions against actual values; return the table of the largest errors."""
    with layout.predictions.open(newline="", encoding="utf-8") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    actual, predicted = (np.array([row[name] for row in rows]) for name in ("actual", "predicted"))
    draw_predictions(actual, predicted, prepared.about["target"], layout.figures / "predictions.png")
    order = np.argsort(-np.abs(predicted - actual), kind="stable")[:ERRORS_SHOWN]
    largest = [
        [int(rows[i]["row"]), *(f"{rows[i][name]:.5g}" for name in ("actual", "predicted", "baseline_predicted"))]
        for i in order
    ]
    return {"largest": largest}


def markdown_table(header: list[str], rows: list[list[Any]]) -> str:
    """Return a markdown table, columns padded so that the source reads as a table too; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(3, *(len(row[i]) for row in [header, *cells])) for i in range(len(header))]
    right = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]

    def line(row: list[str]) -> str:
        padded = [cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = [("-" * (w - 1) + ":") if r else "-" * w for w, r in zip(widths, right, strict=True)]
    return "\n".join([line(header), f"| {' | '.join(rule)} |", *map(line, cells)])


def _results_table(metrics: dict[str, Any]) -> list[list[Any]]:
    models = [("network", metrics), *((name.replace("_", " "), s) for name, s in metrics["baselines"].items())]
    if "r2" in metrics:
        columns = ("r2", "mae", "rmse")
        return [[name, *(f"{s[column]:.4g}" for column in columns), s["examples"]] for name, s in models]
    return [
        [name, f"{s['accuracy']:.4f}", f"{s['accuracy_low']:.4f} to {s['accuracy_high']:.4f}", f"{s['macro_f1']:.4f}",
         f"{s['log_loss']:.4f}", f"{s['errors']} of {s['examples']}"]
        for name, s in models
    ]  # fmt: skip


def _class_table(counts: Any, names: tuple[str, ...]) -> list[list[Any]]:
    scores = precision_recall_f1(counts)
    support = counts.sum(axis=1)
    return [
        [name, *(f"{score:.4f}" for score in row), int(n)] for name, row, n in zip(names, scores, support, strict=True)
    ]


def _read_predictions(layout: Layout, names: tuple[str, ...]) -> dict[str, Any]:
    if not layout.predictions.is_file():
        raise FileNotFoundError(f"{layout.predictions}: expected the output of evaluate here, found no file")
    with layout.predictions.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        "row": np.array([int(row["row"]) for row in rows]),
        "actual": np.array([names.index(row["actual"]) for row in rows]),
        "predicted": np.array([names.index(row["predicted"]) for row in rows]),
        "probabilities": np.array([[float(row[f"probability_{name}"]) for name in names] for row in rows]),
    }


def _example_table(predictions: dict[str, Any], names: tuple[str, ...], which: Any) -> list[list[Any]]:
    """Return the chosen test rows: errors, the most confident first, or right answers, the least confident first."""
    chosen = np.flatnonzero(which)
    confidence = predictions["probabilities"].max(axis=1)[chosen]
    wrong = (predictions["actual"] != predictions["predicted"])[chosen]
    order = np.lexsort((predictions["row"][chosen], np.where(wrong, -confidence, confidence)))
    return [
        [
            int(predictions["row"][i]),
            names[predictions["actual"][i]],
            names[predictions["predicted"][i]],
            *(f"{p:.4f}" for p in predictions["probabilities"][i]),
        ]
        for i in chosen[order]
    ]
