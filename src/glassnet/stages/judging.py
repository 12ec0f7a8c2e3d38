"""What a trained model says of the test rows; an ensemble also of rows that one of its members has not learnt from.

An ensemble takes the rows as each member's preprocessing has made them, and is held against its single network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from glassnet.evaluation import (
    Comparison,
    apply_temperature,
    classification_scores,
    compare_classifiers,
    compare_log_losses,
    compare_regressions,
    decide,
    regression_scores,
)
from glassnet.evaluation.scores import LabelArray
from glassnet.files import JsonObject
from glassnet.nn import FloatArray
from glassnet.tables import PreparedData, Preprocessing, TrainedModel
from glassnet.training import Ensemble

SINGLE = "single_network"
OUT_OF_FOLD = ("accuracy", "log_loss", "r2", "mae", "rmse", "examples")


@dataclass(frozen=True)
class TestPredictions:
    """What a model says of the test rows.

    Attributes:
        predicted: probabilities `(N, C)`, or for a regression values `(N, 1)` in the target's units.
        logits: of a classification; where an ensemble has averaged probabilities, their logarithm, which is as good.
        single: what the single network beside an ensemble says; None if there is no ensemble.
    """

    predicted: FloatArray
    logits: FloatArray
    single: FloatArray | None = None


def test_predictions(network: TrainedModel, prepared: PreparedData, folds: Sequence[PreparedData]) -> TestPredictions:
    """Return what a model says of the test rows.

    Args:
        network: the model.
        prepared: the data of the single network.
        folds: the data of each member, if it is an ensemble.
    """
    if not isinstance(network, Ensemble):
        return _said_by(network, prepared)
    predicted = network.averaged([fold.split("test").X for fold in folds])
    single = _said_by(network.single, prepared).predicted
    logits = np.log(np.maximum(predicted, np.finfo(predicted.dtype).tiny)) if network.class_names else predicted
    return TestPredictions(predicted, logits, single)


def _said_by(network: TrainedModel, prepared: PreparedData) -> TestPredictions:
    X = prepared.split("test").X
    if not network.class_names:
        predicted = network.predict_features(X)
        return TestPredictions(predicted, predicted)
    logits = network.outputs(X)
    return TestPredictions(apply_temperature(logits, 1.0), logits)


def difference_of_log_losses(y: LabelArray, ensemble: FloatArray, single: FloatArray) -> Comparison:
    """Return how the log-losses of an ensemble and its single network differ on the same rows."""
    of_losses = compare_log_losses(y, ensemble, single)
    return {
        "log_loss_difference": of_losses["difference"],
        "log_loss_difference_low": of_losses["difference_low"],
        "log_loss_difference_high": of_losses["difference_high"],
        "log_loss_sign_flip_p": of_losses["sign_flip_p"],
    }


def predicted_out_of_fold(network: Ensemble[Preprocessing], folds: Sequence[PreparedData]) -> list[FloatArray]:
    """Return what each member says of the rows that it has not learnt from, its own validation rows."""
    return [
        network.predicted_by(member, fold.split("validation").X)
        for member, fold in zip(network.members, folds, strict=True)
    ]


def out_of_fold(
    network: Ensemble[Preprocessing],
    prepared: PreparedData,
    folds: Sequence[PreparedData],
    of_each: Sequence[FloatArray],
) -> JsonObject:
    """Return the scores of the rows that are not for testing, each predicted by the member that did not learn from it.

    On the validation rows of the single network these predictions are compared with that network's: one member against
    it, for of rows that the others have learnt from no average can be judged.

    Args:
        network: the ensemble.
        prepared: the data of the single network.
        folds: those of each member.
        of_each: what each member says, see `predicted_out_of_fold`.
    """
    is_regression = not network.class_names
    rows = np.concatenate([fold.rows("validation") for fold in folds])
    predicted = np.concatenate(of_each)
    if is_regression:
        y = np.concatenate([fold.targets("validation") for fold in folds])
        scores = regression_scores(y, predicted[:, 0])
    else:
        y = np.concatenate([np.asarray(fold.split("validation").y) for fold in folds])
        answers = decide(predicted, network.about.get("decision"))
        scores = classification_scores(y, predicted, answers)
    kept = {name for each in OUT_OF_FOLD for name in (each, f"{each}_low", f"{each}_high")}
    place = {int(row): number for number, row in enumerate(rows)}
    validation = prepared.rows("validation")
    both = np.array([int(row) in place for row in validation])  # folds by time leave out the earliest rows
    there = [place[int(row)] for row in validation[both]]
    X = prepared.split("validation").X[both]
    compared: Comparison
    if is_regression:
        single = network.single.predict_features(X)
        compared = compare_regressions(y[there], predicted[there, 0], single[:, 0])
    else:
        single = apply_temperature(network.single.outputs(X), 1.0)
        of_single = decide(single, network.single.about.get("decision"))
        compared = compare_classifiers(y[there], answers[there], of_single).as_scores()
        compared |= difference_of_log_losses(y[there], predicted[there], single)
    return {
        **{name: value for name, value in scores.items() if name in kept},
        "comparisons": {SINGLE: cast(JsonObject, compared)},
    }
