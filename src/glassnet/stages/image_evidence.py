"""What the report has of image classifiers alone: robustness, copies of training images, labels and confusions."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from glassnet.evaluation import Calibration, LabelledRows, apply_temperature, decide
from glassnet.evaluation.confusions import largest_confusions
from glassnet.evaluation.copies import copies_of_training_rows
from glassnet.evaluation.label_errors import LabelErrors, all_label_errors, suspected_label_errors
from glassnet.evaluation.rounding import six_digits
from glassnet.files import JsonObject
from glassnet.nn import FloatArray
from glassnet.stages.judging import TestPredictions
from glassnet.stages.robust import robustness_of
from glassnet.stages.rows import add_pixels, labelled_rows
from glassnet.stages.side_by_side import side_by_side
from glassnet.tables import ImagePreprocessing, PreparedData, TrainedModel
from glassnet.training import Ensemble


def image_evidence(
    prepared: PreparedData,
    network: TrainedModel,
    said: TestPredictions,
    calibration: Calibration | None,
    held_out: Sequence[tuple[PreparedData, FloatArray]] = (),
    *,
    is_final: bool,
) -> JsonObject:
    """Return what analysis.json has of images alone; nothing of a table.

    Args:
        prepared: the data, of an ensemble those of its single network.
        network: the model.
        said: what it says of the test rows.
        calibration: of what it says; of a classification.
        held_out: the data of each member, if it is an ensemble, and what that says of its own validation rows.
        is_final: whether it has learnt from the validation rows too.
    """
    if not isinstance(prepared.preprocessing, ImagePreprocessing) or calibration is None:
        return {}
    test, learnt = labelled_rows(prepared, "test"), _learnt_rows(prepared, is_final=is_final)
    predicted = decide(said.predicted, network.about.get("decision"))
    calibrated = apply_temperature(said.logits, calibration["temperature"] or 1.0)
    names = prepared.class_names
    parts: dict[str, Callable[[], object]] = {
        "copies": partial(copies_of_training_rows, test, learnt, predicted == test.y),
        "label_errors": partial(_with_pixels, prepared, test, calibrated, learnt),
        "confusions": partial(largest_confusions, test, said.predicted, predicted, learnt, names),
    }
    if isinstance(network, Ensemble):
        parts["label_errors_learnt"] = partial(_of_learnt_rows, held_out)
    else:
        parts["robustness"] = partial(robustness_of, prepared, prepared.preprocessing, network)
    rounded: JsonObject = six_digits(side_by_side(parts))
    return rounded


def _with_pixels(
    prepared: PreparedData, rows: LabelledRows, probabilities: FloatArray, learnt: LabelledRows
) -> LabelErrors:
    """Return the suspected labels of rows, with their images."""
    found = suspected_label_errors(rows, probabilities, learnt, prepared.class_names)
    if isinstance(prepared.preprocessing, ImagePreprocessing):
        add_pixels(found["shown"], prepared.preprocessing, rows)
    return found


def _learnt_rows(prepared: PreparedData, *, is_final: bool) -> LabelledRows:
    """Return the rows that the network learnt from, for a final model those of validation too."""
    train = labelled_rows(prepared, "train")
    if not is_final:
        return train
    more = labelled_rows(prepared, "validation")
    parts = zip((train.X, train.y, train.rows), (more.X, more.y, more.rows), strict=True)
    return LabelledRows(*(np.concatenate(pair) for pair in parts))


def _of_learnt_rows(held_out: Sequence[tuple[PreparedData, FloatArray]]) -> LabelErrors:
    """Return the suspected labels of the rows that are not for testing, each by the member that has not seen it.

    That is the cross-validated confidence of Northcutt, Jiang & Chuang, "Confident learning", 2021.
    """
    parts = []
    for fold, probabilities in held_out:
        rows = labelled_rows(fold, "validation")
        parts.append(_with_pixels(fold, rows, probabilities, labelled_rows(fold, "train")))
    return all_label_errors(parts)
