"""The model report: collects what the run's files say and renders it through a template."""

import csv
import json
from typing import Any

import numpy as np

from glassnet.config import Layout
from glassnet.data import PreparedData
from glassnet.evaluation import confusion_matrix, precision_recall_f1
from glassnet.reporting.figures import draw_confusion_matrix, draw_learning_curves
from glassnet.training import load_model, read_history

UNCERTAIN_SHOWN = 5


def write_report(layout: Layout, prepared: PreparedData) -> None:
    """Write the report and its figures: the same bytes whenever the inputs are the same.

    Raises:
        FileNotFoundError: if an earlier stage has not left its outputs yet.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    card = json.loads(layout.run_card.read_text(encoding="utf-8"))
    metrics = json.loads(layout.metrics.read_text(encoding="utf-8"))
    names = prepared.class_names
    predictions = _read_predictions(layout, names)
    counts = confusion_matrix(predictions["actual"], predictions["predicted"], len(names))
    layout.figures.mkdir(parents=True, exist_ok=True)
    draw_learning_curves(layout.history, layout.figures / "learning_curves.png", card["best_epoch"])
    draw_confusion_matrix(counts, names, layout.figures / "confusion_matrix.png")

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
    text = environment.get_template("model_report.md.j2").render(
        data=prepared.about,
        card=card,
        metrics=metrics,
        best=history[card["best_epoch"] - 1],
        architecture=network.model.summary(),
        baseline_epoch=baseline.about["best_epoch"],
        results=_results_table(metrics),
        classes=_class_table(counts, names),
        errors=_example_table(predictions, names, predictions["actual"] != predictions["predicted"]),
        uncertain=_example_table(predictions, names, predictions["actual"] == predictions["predicted"])[
            :UNCERTAIN_SHOWN
        ],
        settings=_flatten(card["settings"]),
        split_rows=[
            [split, *prepared.about["class_counts"][split], rows] for split, rows in prepared.about["rows"].items()
        ],
        probability_columns=[f"p({name})" for name in names],
        digests=[[name, f"`{digest}`"] for name, digest in card["digests"].items()],
    )
    layout.report.write_text(text, encoding="utf-8")


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


def _flatten(settings: dict[str, Any], prefix: str = "") -> list[list[Any]]:
    rows: list[list[Any]] = []
    for key, value in settings.items():
        rows += (
            _flatten(value, f"{prefix}{key}.")
            if isinstance(value, dict)
            else [[f"`{prefix}{key}`", f"`{json.dumps(value)}`"]]
        )
    return rows
