"""The model report: collects what the run's files say and renders it through a template."""

import csv
import math
import shlex
import shutil
from typing import Any

import numpy as np

from glassnet.config import CONF, changes_from_conf, flatten, named_in_conf, read_tuning
from glassnet.data import PreparedData
from glassnet.data.raw_files import read_json
from glassnet.diagnostics import Training, diagnose, examine_scores, next_improvements, read_telemetry
from glassnet.evaluation import TEMPERATURES, confusion_matrix, precision_recall_f1, ungrouped
from glassnet.files import write_whole
from glassnet.reporting import result_figures, tables
from glassnet.reporting.training_figures import draw_learning_curves, draw_telemetry
from glassnet.runs import Layout
from glassnet.training import load_model, read_history

Json = dict[str, Any]
Predictions = list[dict[str, str]]
UNCERTAIN_BELOW = 5  # errors, below which the least certain right answers are shown too


def write_report(layout: Layout, prepared: PreparedData, overrides: tuple[str, ...] = ()) -> None:
    """Write the report and its figures: the same bytes whenever the inputs are the same.

    Args:
        layout: where the run's files are.
        prepared: what is known about its data.
        overrides: what the run was started with by hand.

    Raises:
        FileNotFoundError: if an earlier stage has not left its outputs yet.
        ValueError: if one of them is damaged.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    card = read_json(layout.run_card, "train", {"settings", "epochs"})
    metrics = ungrouped(read_json(layout.metrics, "evaluate", {"validation"}))
    analysis = read_json(layout.analysis, "evaluate", {"errors"})
    if layout.by_dvc:
        overrides = changes_from_conf(CONF, card["settings"])
    history = read_history(layout.history)
    if len(history) != card["epochs"]:
        raise ValueError(f"{layout.history}: expected {card['epochs']} epochs, received {len(history)}; train again")
    training = Training(
        history,
        read_telemetry(layout.telemetry),
        card["best_epoch"],
        math.log(len(prepared.class_names)) if prepared.class_names else 1.0,
        card["settings"],
        overrides,
        by_hand=not layout.by_dvc,
        validation_chance=analysis.get("validation_chance"),
        validation_majority=_majority(prepared),
    )
    predictions = _read_predictions(layout, prepared)

    shutil.rmtree(layout.figures, ignore_errors=True)  # an earlier report may have had other figures
    draw_learning_curves(layout.history, layout.figures / "learning_curves.png", card["best_epoch"])
    if training.telemetry:
        draw_telemetry(training.telemetry, layout.figures / "telemetry.png")
    results = (_regression_results if prepared.task == "regression" else _classification_results)(
        layout, prepared, analysis, predictions
    )
    of_training, of_scores = diagnose(training), examine_scores(metrics, training)

    environment = Environment(
        loader=PackageLoader("glassnet.reporting"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # the output is markdown, not a page
    )
    environment.filters |= {"plain": tables.plain, "code": tables.code}
    environment.globals |= {"table": tables.markdown_table, "tables": tables}
    network, baseline = load_model(layout.model, named_in_conf), load_model(layout.baseline)
    score = next(name for name in ("accuracy", "mae") if f"best_validation_{name}" in card)
    text = environment.get_template("model_report.md.j2").render(
        regression=prepared.task == "regression",
        features=prepared.preprocessing.feature_names,
        score=score,
        data=prepared.about,
        card=card,
        metrics=metrics,
        errors=analysis["errors"],
        has_telemetry=bool(training.telemetry),
        best=history[card["best_epoch"] - 1],
        architecture=network.model.summary(),
        baseline_epoch=baseline.about["best_epoch"],
        **results,
        of_training=of_training,
        of_scores=of_scores,
        improvements=next_improvements(of_training + of_scores, analysis["errors"], training),
        temperatures=TEMPERATURES,
        tuning=read_tuning(card["settings"]["data"]),
        settings=[[tables.code(key), tables.value_code(value)] for key, value in flatten(card["settings"]).items()],
        digests=[[name, f"`{digest}`"] for name, digest in card["digests"].items()],
        overrides=shlex.join(overrides),
        commands=_commands(training),
        by_hand=training.by_hand,
        groups_rows=tables.group_table(analysis["errors"]["groups"]),
        finding_rows=tables.finding_table,
    )
    write_whole(layout.report, text)


def _majority(prepared: PreparedData) -> tuple[int, int] | None:
    """Return how many validation rows there are, and how many of them are of the most frequent class."""
    counts = prepared.about["class_counts"]["validation"] if prepared.class_names else []
    return (sum(counts), max(counts)) if counts else None


def _commands(training: Training) -> list[str]:
    """Return the command lines that lead to the same report again."""
    if not training.by_hand:
        return [training.command()] if training.overrides else ["make repro"]
    stages = ("train",) if training.settings["training"].get("final") else ("train", "evaluate", "report")
    arguments = shlex.join([*training.overrides, "hydra.run.dir=outputs/again"])
    return [f"python -m glassnet.stages.{stage} {arguments}" for stage in stages]


def _classification_results(layout: Layout, prepared: PreparedData, analysis: Json, rows: Predictions) -> Json:
    """Draw the figures of a classification; return the table of its classes."""
    names = prepared.class_names
    actual, predicted = (np.array([names.index(row[column]) for row in rows]) for column in ("actual", "predicted"))
    counts = confusion_matrix(actual, predicted, len(names))
    scores = precision_recall_f1(counts)
    result_figures.draw_confusion_matrix(counts, names, layout.figures / "confusion_matrix.png")
    result_figures.draw_class_scores(scores, names, layout.figures / "class_scores.png")
    result_figures.draw_reliability(analysis["reliability"], layout.figures / "reliability.png")
    has_images = prepared.image_shape is not None
    errors = analysis["errors"]
    shown = ["cases"] if errors["errors"] >= UNCERTAIN_BELOW else ["cases", "least_certain"]
    for name in shown:
        if has_images and errors[name]:
            result_figures.draw_cases(errors[name], layout.figures / f"{name}.png")
    support = counts.sum(axis=1)
    return {
        "classes": [
            [tables.plain(name), *(f"{score:.4f}" for score in row), int(n)]
            for name, row, n in zip(names, scores, support, strict=True)
        ],
        "has_images": has_images,
        "shows_uncertain": "least_certain" in shown and bool(errors["least_certain"]),
    }


def _regression_results(layout: Layout, prepared: PreparedData, analysis: Json, rows: Predictions) -> Json:
    """Draw predictions against actual values."""
    actual, predicted = (np.array([float(row[name]) for row in rows]) for name in ("actual", "predicted"))
    result_figures.draw_predictions(actual, predicted, prepared.about["target"], layout.figures / "predictions.png")
    return {"has_images": False, "shows_uncertain": False}


def _read_predictions(layout: Layout, prepared: PreparedData) -> Predictions:
    if not layout.predictions.is_file():
        raise FileNotFoundError(f"{layout.predictions}: expected the output of evaluate here, found no file")
    with layout.predictions.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.DictReader(file))
    expected = prepared.about["rows"]["test"]
    whole = [row for row in rows if {"actual", "predicted"} <= row.keys() and None not in row.values()]
    if len(whole) != expected:
        raise ValueError(
            f"{layout.predictions}: expected {expected} rows as evaluate writes them, received {len(whole)}; run "
            "evaluate again"
        )
    return whole
