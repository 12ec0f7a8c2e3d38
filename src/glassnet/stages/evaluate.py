"""Scores the network and its baselines on the test split, which no other stage opens, and looks into the errors."""

import csv
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from glassnet.config import Settings, named_by
from glassnet.data import in_units
from glassnet.evaluation import (
    Calibration,
    ClassificationAnalysis,
    Comparison,
    DecisionAnalysis,
    RegressionAnalysis,
    analyse_decision,
    analyse_errors,
    analyse_regression_errors,
    apply_temperature,
    compare_classifiers,
    compare_costs,
    compare_regressions,
    decide,
    decimals_of,
    examine_calibration,
    grouped,
    majority_probabilities,
    regression_scores,
    scores_of_decision,
    ungrouped,
)
from glassnet.evaluation.ahead import baselines_ahead, made_for
from glassnet.evaluation.number_text import readable
from glassnet.evaluation.rounding import six_digits
from glassnet.evaluation.unseen_row import LEAST_ROWS
from glassnet.files import JsonObject, section_of, whole_file, write_whole
from glassnet.nn import FloatArray
from glassnet.runs import Layout, as_job_of_sweep, require_data_of_run, require_settings_of_run, run_stage
from glassnet.runs.beside import beside
from glassnet.stages.baselines import (
    Baselines,
    Boosting,
    chosen_baselines,
)
from glassnet.stages.classes import positive_of
from glassnet.stages.image_evidence import image_evidence
from glassnet.stages.judging import (
    SINGLE,
    TestPredictions,
    difference_of_log_losses,
    out_of_fold,
    predicted_out_of_fold,
    test_predictions,
)
from glassnet.stages.looking import look_at
from glassnet.stages.members import folds_of
from glassnet.stages.rows import add_pixels, feature_names, in_deviations, labelled_rows
from glassnet.tables import ImagePreprocessing, PreparedData, TrainedModel, load_model, open_prepared
from glassnet.training import Ensemble


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation leaves.

    Attributes:
        scores: of the network.
        baselines: the scores of each baseline.
        comparisons: how the network differs from each.
        analysis: what is behind the scores.
        table: of the predictions, with its header.
        line: all of it in a few words.
        calibration: of a classification.
        out_of_fold: of an ensemble, the scores of its members.
    """

    scores: JsonObject
    baselines: Mapping[str, JsonObject]
    comparisons: dict[str, Comparison]
    analysis: ClassificationAnalysis | RegressionAnalysis
    table: list[list[object]]
    line: str
    calibration: Calibration | None = None
    out_of_fold: JsonObject | None = None

    def metrics(self, validation: dict[str, float]) -> JsonObject:
        """Return the content of metrics.json, with the validation scores of the network's best epoch."""
        calibration = {} if self.calibration is None else {"calibration": self.calibration}
        members = {} if self.out_of_fold is None else {"out_of_fold": self.out_of_fold}
        ours = {**self.scores, "baselines": self.baselines, "comparisons": self.comparisons, **calibration, **members}
        return grouped({**six_digits(ours), "validation": validation})


def main(settings: Settings, layout: Layout) -> None:
    """Write the scores, the analysis of calibration and errors, and the prediction for every test row."""
    layout = as_job_of_sweep(layout)
    require_settings_of_run(settings, layout)
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=layout.by_dvc)
    require_data_of_run(layout, prepared.digest)
    network = load_model(layout.model, named_by(settings))
    if not (layout.by_dvc or layout.baseline.is_file()):
        _train_baseline(settings, layout, prepared)
    linear, against = load_model(layout.baseline), chosen_baselines(settings.evaluation.baselines, prepared)
    folds = folds_of(settings, layout, prepared) if isinstance(network, Ensemble) else []
    said, is_final = test_predictions(network, prepared, folds), _has_learnt_all(network)
    with beside(1) as executor:
        has_boosting = "boosting" in against.names
        boosting = Boosting(settings, prepared, executor, is_final=is_final) if has_boosting else None
        looks_at = look_at(prepared, network, folds, is_final=is_final)
        if prepared.task == "regression":
            evaluated = _regression(prepared, network, said, linear, against, boosting)
        else:
            evaluated = _classification(settings, prepared, network, said, linear, against, boosting)
    of_each = predicted_out_of_fold(network, folds) if isinstance(network, Ensemble) else []
    if isinstance(network, Ensemble):
        evaluated = replace(evaluated, out_of_fold=out_of_fold(network, prepared, folds, of_each))
    best = {name: cast(float, value) for name, value in network.about.items() if name.startswith("best_")}
    validation = {
        **{name.removeprefix("best_validation_"): value for name, value in best.items() if name != "best_epoch"},
        "epoch": best["best_epoch"],
    }
    layout.metrics.parent.mkdir(parents=True, exist_ok=True)
    metrics, analysis = evaluated.metrics(validation), dict(evaluated.analysis)
    analysis["looks_at"] = looks_at
    held_out = list(zip(folds, of_each, strict=True))
    analysis |= image_evidence(prepared, network, said, evaluated.calibration, held_out, is_final=is_final)
    if against.without_boosting:
        analysis["without_boosting"] = against.without_boosting
    write_whole(layout.metrics, _to_json(metrics))
    write_whole(layout.analysis, _to_json(analysis))
    with whole_file(layout.predictions) as part, part.open("w", newline="", encoding="utf-8") as file:
        # Left to itself, Python's csv puts a carriage return in a class's name into the file, where it ends a line.
        has_return = any("\r" in name for name in prepared.class_names)
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL)
        writer.writerows(evaluated.table)
    print(f"evaluate: test {evaluated.line}")
    for sentence in baselines_ahead(ungrouped(metrics), cast("DecisionAnalysis | None", analysis.get("decision"))):
        print(f"evaluate: {sentence}")


def _train_baseline(settings: Settings, layout: Layout, prepared: PreparedData) -> None:
    """Train the linear model that the run lacks; a job of a sweep leaves it out, being one of many."""
    from glassnet.stages import train

    print(f"evaluate: {layout.root} has no linear baseline, like every job of a sweep: it is trained first", flush=True)
    train.train_baseline(settings, prepared, layout, prepared.split("train"), prepared.split("validation"))


def _to_json(values: Mapping[str, object]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _classification(
    settings: Settings,
    prepared: PreparedData,
    network: TrainedModel,
    said: TestPredictions,
    linear: TrainedModel,
    against: Baselines,
    boosting: Boosting | None,
) -> Evaluation:
    names, has_learnt_all = prepared.class_names, _has_learnt_all(network)
    positive = positive_of(settings, prepared)
    test, train = labelled_rows(prepared, "test"), labelled_rows(prepared, "train")
    logits, probabilities = said.logits, said.predicted
    learnt_from = ("train", "validation") if has_learnt_all else ("train",)
    counts = np.sum([prepared.about["class_counts"][split] for split in learnt_from], axis=0)
    from_linear = apply_temperature(linear.outputs(test.X), 1.0)
    others: dict[str, FloatArray] = against.among(
        {"majority_class": majority_probabilities(len(test.y), counts), "softmax_regression": from_linear}
    )
    decision = network.about.get("decision")
    predicted, of_linear = decide(probabilities, decision), decide(from_linear, linear.about.get("decision"))
    answers = {name: of_linear if p is from_linear else p.argmax(axis=1) for name, p in others.items()}
    if boosting is not None:
        others["gradient_boosting"], answers["gradient_boosting"] = boosting.decides()
    if isinstance(network, Ensemble) and said.single is not None:
        others[SINGLE] = said.single
        answers[SINGLE] = decide(said.single, network.single.about.get("decision"))
    validation = prepared.split("validation")
    held_out = None if has_learnt_all else (np.asarray(validation.y), network.outputs(validation.X))
    features, categories = feature_names(prepared)
    with ThreadPoolExecutor(1) as thread:  # see `side_by_side`
        analysed = thread.submit(
            analyse_errors, test, probabilities, train, names, features, categories=categories, predicted=predicted
        )
        calibration, reliability = examine_calibration(test.y, logits, held_out)
        scores = scores_of_decision(test.y, probabilities, predicted, positive, decision)
        baselines = {
            name: scores_of_decision(test.y, p, answers[name], positive, decision) for name, p in others.items()
        }
        errors = analysed.result()
    if isinstance(prepared.preprocessing, ImagePreprocessing):
        add_pixels([*errors["cases"], *errors["least_certain"]], prepared.preprocessing, test)
    header = ["row", "actual", "predicted", "baseline_predicted", *(f"probability_{name}" for name in names)]
    table: list[list[object]] = [
        [row, names[label], names[guess], names[other], *(f"{q:.6g}" for q in p)]
        for row, label, guess, other, p in zip(test.rows, test.y, predicted, of_linear, probabilities, strict=True)
    ]
    looked_at = analyse_decision(test.y, probabilities, positive, decision, names)
    line = (
        f"accuracy {scores['accuracy']:.4f} (95% interval {scores['accuracy_low']:.4f} to "
        f"{scores['accuracy_high']:.4f}){made_for(scores, looked_at)}, log-loss {scores['log_loss']:.4f}"
    )
    analysis: ClassificationAnalysis = six_digits(
        {"reliability": reliability, "errors": errors, **({"decision": looked_at} if looked_at else {})}
    )
    comparisons = {name: compare_classifiers(test.y, predicted, other).as_scores() for name, other in answers.items()}
    if decision is not None and decision["rule"] == "cost":
        for name, other in answers.items():
            comparisons[name]["cost_sign_flip_p"] = compare_costs(test.y, predicted, other, decision["costs"])
    if SINGLE in others:
        comparisons[SINGLE] |= difference_of_log_losses(test.y, probabilities, others[SINGLE])
    return Evaluation(scores, baselines, comparisons, analysis, [[*header], *table], line, calibration)


def _has_learnt_all(network: TrainedModel) -> bool:
    """Return whether the network has learnt from the validation rows too: as a final one, or as an ensemble."""
    return isinstance(network, Ensemble) or bool(section_of(network.about["settings"], "training").get("final"))


def _regression(
    prepared: PreparedData,
    network: TrainedModel,
    said: TestPredictions,
    linear: TrainedModel,
    against: Baselines,
    boosting: Boosting | None,
) -> Evaluation:
    actual, learnt_from = prepared.targets("test"), prepared.targets("train")
    mean, scale = float(learnt_from.mean()), float(learnt_from.std()) if np.ptp(learnt_from) else 1.0
    test, train = (in_deviations(prepared, split, mean, scale) for split in ("test", "train"))
    validation = prepared.split("validation")
    has_learnt_all = _has_learnt_all(network)
    if has_learnt_all:
        learnt_from = np.concatenate([learnt_from, prepared.targets("validation")])
    predicted, from_linear = said.predicted[:, 0], linear.predict_features(test.X)[:, 0]
    others: dict[str, FloatArray] = against.among(
        {"mean_prediction": np.full(len(actual), learnt_from.mean()), "linear_regression": from_linear}
    )
    if boosting is not None:
        others["gradient_boosting"] = in_units(boosting.values(), prepared.target_scale)[:, 0]
    if said.single is not None:
        others[SINGLE] = said.single[:, 0]
    scores = regression_scores(actual, predicted)
    standardized, units = (predicted - mean) / scale, {"mean": mean, "scale": scale}
    features, categories = feature_names(prepared)
    errors = analyse_regression_errors(test, standardized, train, units, features, categories=categories)
    decimals = decimals_of(scale)
    table: list[list[object]] = [
        [row, *(f"{value:z.{decimals}f}" for value in values)]
        for row, *values in zip(test.rows, actual, predicted, from_linear, strict=True)
    ]
    interval = f"95% interval {scores['r2_low']:.4f} to {scores['r2_high']:.4f}"
    if np.isnan(scores["r2_low"]):
        is_short = len(actual) < LEAST_ROWS
        interval = "too few test rows for an interval" if is_short else "the target is the same in all test rows"
    mae, rmse = (readable(six_digits(scores[name])) for name in ("mae", "rmse"))  # as the report has them
    line = f"R² {scores['r2']:.4f} ({interval}), MAE {mae}, RMSE {rmse} in units of the target"
    header = ["row", "actual", "predicted", "baseline_predicted"]
    of_the_mean = float(np.square(validation.y, dtype=np.float64).mean())  # the mean of the training rows is 0
    analysis: RegressionAnalysis = {"validation_chance": of_the_mean, "errors": errors}
    baselines = {name: regression_scores(actual, p) for name, p in others.items()}
    comparisons = {name: compare_regressions(actual, predicted, p) for name, p in others.items()}
    return Evaluation(scores, baselines, comparisons, analysis, [[*header], *table], line)


if __name__ == "__main__":
    run_stage("evaluate", main)
