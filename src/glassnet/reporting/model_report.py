"""The model report: collects what the run's files say and renders it through a template."""

import math
import shlex
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from glassnet.config import CONF, changes_from_conf, data_set_name, flatten, named_in_conf, read_tuning
from glassnet.diagnostics import Training, diagnose, examine_scores, next_improvements, read_telemetry
from glassnet.evaluation import (
    POSITIVE,
    TEMPERATURES,
    ErrorAnalysis,
    ReliabilityBin,
    confusion_matrix,
    precision_recall_f1,
    ungrouped,
)
from glassnet.evaluation.ahead import baselines_ahead, made_for
from glassnet.evaluation.number_text import readable
from glassnet.files import JsonObject, section_of, write_whole
from glassnet.reporting import result_figures, tables, tuning_tables
from glassnet.reporting.commands import Launch, command_line, command_that_looks
from glassnet.reporting.decisions import decision_section
from glassnet.reporting.drawing import Figures
from glassnet.reporting.ensemble_section import ensemble_section
from glassnet.reporting.image_sections import image_sections
from glassnet.reporting.looks_at import what_it_looks_at
from glassnet.reporting.predictions_file import Predictions, read_predictions
from glassnet.reporting.report_page import report_page
from glassnet.reporting.setup import setup_of
from glassnet.reporting.splitting import division
from glassnet.reporting.suspected import suspicions_text
from glassnet.reporting.tables import Table
from glassnet.reporting.training_figures import draw_learning_curves, draw_telemetry
from glassnet.reporting.tried import command_that_tries, tried_on
from glassnet.runs import Layout
from glassnet.runs.manifest import BEST, learns_logarithm, monitor_of, read_manifest
from glassnet.tables import PreparedData, load_model
from glassnet.tables.raw_files import read_json
from glassnet.training import MONITORS, read_history
from glassnet.training.architecture import FindClass

UNCERTAIN_BELOW = 5  # errors, below which the least certain right answers are shown too


def write_report(
    layout: Layout,
    prepared: PreparedData,
    overrides: tuple[str, ...] = (),
    find_class: FindClass = named_in_conf,
    evaluation: JsonObject | None = None,
    executor: Executor | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Write the report, in markdown and as a page, and its figures: the same bytes whenever the inputs are the same.

    Args:
        layout: where the run's files are.
        prepared: what is known about its data.
        overrides: what the run was started with outside DVC.
        find_class: returns the class of one's own that the network has.
        evaluation: the settings of the evaluation; under DVC they are part of what leads to the same report.
        executor: what draws the figures beside this process; without one they are drawn here.
        meanwhile: called while they are still being drawn.

    Raises:
        FileNotFoundError: if an earlier stage has not left its outputs yet.
        ValueError: if one of them is damaged.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    manifest = read_manifest(layout)
    metrics = ungrouped(read_json(layout.metrics, "evaluate", {"validation"}))
    analysis = read_json(layout.analysis, "evaluate", {"errors"})
    if layout.by_dvc:
        overrides = changes_from_conf(CONF, {**manifest["settings"], "evaluation": evaluation or {}})
    history = read_history(layout.history)
    if len(history) != manifest["epochs"]:
        raise ValueError(
            f"{layout.history}: expected {manifest['epochs']} epochs, received {len(history)}; train again"
        )
    training = Training(
        history,
        read_telemetry(layout.telemetry),
        manifest["best_epoch"],
        math.log(len(prepared.class_names)) if prepared.class_names else 1.0,
        setup_of(manifest["settings"]),
        validation_baseline=analysis.get("validation_chance"),
        validation_majority=_majority(prepared),
    )
    is_final = bool(section_of(manifest["settings"], "training").get("final"))
    data = section_of(manifest["settings"], "data")
    launch = Launch(overrides, not layout.by_dvc, is_final)
    predictions = read_predictions(layout, prepared)

    shutil.rmtree(layout.figures, ignore_errors=True)  # an earlier report may have had other figures
    figures, of_logarithm = Figures(layout.figures, executor), learns_logarithm(manifest["settings"])
    figures.draw(
        "learning_curves.png",
        draw_learning_curves,
        layout.history,
        best_epoch=manifest["best_epoch"],
        of_logarithm=of_logarithm,
    )
    network, baseline = load_model(layout.model, find_class), load_model(layout.baseline)
    if training.telemetry:
        modules = {name: repr(module) for name, module in network.model.named_modules()}
        figures.draw("telemetry.png", draw_telemetry, training.telemetry, modules=modules)
    if prepared.task == "regression":
        results = _regression_results(figures, prepared, predictions)
    else:
        results = _classification_results(figures, prepared, analysis["errors"], analysis["reliability"], predictions)
    decision = decision_section(
        analysis.get("decision", {}), metrics, manifest["settings"], predictions, prepared.class_names, figures
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
    environment.filters |= {"plain": tables.plain, "code": tables.code, "readable": readable}
    environment.globals |= {"table": tables.markdown_table, "tables": tables, "tuning_tables": tuning_tables}
    score = next(name for name in ("accuracy", "mae") if f"{BEST}{name}" in manifest)
    text = environment.get_template("model_report.md.j2").render(
        regression=prepared.task == "regression",
        features=prepared.preprocessing.feature_names,
        score=score,
        decision=decision,
        monitor=monitor_of(manifest).replace("_", " "),
        lower_is_better=MONITORS[monitor_of(manifest)].lower_is_better,
        data=prepared.about,
        manifest=manifest,
        metrics=metrics,
        made_for=tables.plain(made_for(metrics, analysis.get("decision"))) if "accuracy" in metrics else "",
        ahead=[tables.plain(sentence) for sentence in baselines_ahead(metrics, analysis.get("decision"))],
        without_boosting=analysis.get("without_boosting"),
        looks_at=what_it_looks_at(analysis.get("looks_at"), figures),
        of_images=image_sections(analysis, metrics.get("calibration"), figures),
        errors=analysis["errors"],
        has_telemetry=bool(training.telemetry),
        best=history[manifest["best_epoch"] - 1],
        architecture=network.model.summary(),
        baseline_epoch=baseline.about["best_epoch"],
        classes=results.classes,
        has_images=results.has_images,
        shows_uncertain=results.shows_uncertain,
        predicted_share=results.predicted_share,
        transform=section_of(manifest["settings"], "data").get("target_transform", "none"),
        is_final=is_final,
        ensemble=ensemble_section(network, manifest, metrics),
        of_training=of_training,
        of_scores=of_scores,
        improvements=next_improvements(of_training + of_scores, analysis["errors"], training),
        tried=tried_on(layout, manifest["key"], launch),
        command_that_tries=command_that_tries(launch),
        command_that_looks=command_that_looks(launch),
        temperatures=TEMPERATURES,
        positive=prepared.class_names[POSITIVE] if len(prepared.class_names) == 2 else None,
        grouped_from=result_figures.GROUPED,
        tuning=read_tuning(data_set_name(str(data["name"]), str(data["path"]))),
        settings=[[tables.code(key), tables.value_code(value)] for key, value in flatten(manifest["settings"]).items()],
        division=division,
        suspicions=suspicions_text(prepared.about, launch),
        digests=[[name, f"`{digest}`"] for name, digest in manifest["digests"].items()],
        overrides=shlex.join(overrides),
        commands=_commands(launch),
        command_of=lambda finding: command_line(launch, finding.changes),
        standalone=launch.standalone,
        groups_rows=tables.group_table(analysis["errors"]["groups"]),
        finding_rows=tables.finding_table,
    )
    meanwhile()
    figures.finish()
    write_whole(layout.report, text)
    write_whole(layout.report_page, report_page(layout.report))


def _majority(prepared: PreparedData) -> tuple[int, int] | None:
    """Return how many validation rows there are, and how many of them are of the most frequent class."""
    counts = prepared.about["class_counts"]["validation"] if prepared.class_names else []
    return (sum(counts), max(counts)) if counts else None


def _commands(launch: Launch) -> list[str]:
    """Return the command lines that lead to the same report again."""
    if not launch.standalone:
        return [command_line(launch)] if launch.overrides else ["make repro"]
    stages = ("train",) if launch.is_final else ("train", "evaluate", "report")
    arguments = shlex.join([*launch.overrides, "hydra.run.dir=outputs/again"])
    return [f"python -m glassnet.stages.{stage} {arguments}" for stage in stages]


@dataclass(frozen=True)
class Results:
    """What the report shows beside the scores; of a regression the share alone.

    Attributes:
        classes: the table of scores by class.
        has_images: whether the rows are images.
        shows_uncertain: whether right answers are shown that were hardly certain.
        predicted_share: the sum of a regression's predictions, as a fraction of that of the actual values.
    """

    classes: Table = field(default_factory=list)
    has_images: bool = False
    shows_uncertain: bool = False
    predicted_share: float = 1.0


def _classification_results(
    figures: Figures,
    prepared: PreparedData,
    errors: ErrorAnalysis,
    reliability: dict[str, list[ReliabilityBin]],
    rows: Predictions,
) -> Results:
    """Draw the figures of a classification; return the table of its classes."""
    names = prepared.class_names
    actual, predicted = (np.array([names.index(row[column]) for row in rows]) for column in ("actual", "predicted"))
    counts = confusion_matrix(actual, predicted, len(names))
    scores = precision_recall_f1(counts)
    figures.draw("confusion_matrix.png", result_figures.draw_confusion_matrix, counts, names)
    figures.draw("class_scores.png", result_figures.draw_class_scores, scores, names)
    positive = names[POSITIVE] if len(names) == 2 else None
    figures.draw("reliability.png", result_figures.draw_reliability, reliability, positive=positive)
    has_images = prepared.image_shape is not None
    shows_uncertain = errors["errors"] < UNCERTAIN_BELOW and bool(errors["least_certain"])
    if has_images and errors["cases"]:
        figures.draw("cases.png", result_figures.draw_cases, errors["cases"])
    if has_images and shows_uncertain:
        figures.draw("least_certain.png", result_figures.draw_cases, errors["least_certain"])
    support = counts.sum(axis=1)
    classes = [
        [tables.plain(name), *(f"{score:.4f}" for score in row), int(n)]
        for name, row, n in zip(names, scores, support, strict=True)
    ]
    return Results(classes, has_images, shows_uncertain)


def _regression_results(figures: Figures, prepared: PreparedData, rows: Predictions) -> Results:
    """Draw predictions against actual values, and what is left over against them; return the share of their sums."""
    actual, predicted = (np.array([float(row[name]) for row in rows]) for name in ("actual", "predicted"))
    target = prepared.about["target"]
    figures.draw("predictions.png", result_figures.draw_predictions, actual, predicted, target)
    figures.draw("residuals.png", result_figures.draw_residuals, actual, predicted, target)
    total = float(actual.sum())
    return Results(predicted_share=float(predicted.sum()) / total if total else 1.0)
