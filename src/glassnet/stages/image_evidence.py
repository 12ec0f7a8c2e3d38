"""What the report of an image classifier says beyond its scores: robustness, and copies of training images."""

import numpy as np

from glassnet.evaluation import LabelledRows, decide
from glassnet.evaluation.copies import copies_of_training_rows
from glassnet.evaluation.rounding import six_digits
from glassnet.files import JsonObject
from glassnet.nn import FloatArray
from glassnet.stages.robust import robustness_of
from glassnet.stages.rows import labelled_rows
from glassnet.tables import ImagePreprocessing, PreparedData, TrainedModel
from glassnet.training import Ensemble


def image_evidence(
    prepared: PreparedData, network: TrainedModel, probabilities: FloatArray, *, is_final: bool
) -> JsonObject:
    """Return what analysis.json has of images alone; nothing of a table.

    Args:
        prepared: the data, of an ensemble those of its single network.
        network: the model.
        probabilities: what it says of the test rows `(N, C)`.
        is_final: whether it has learnt from the validation rows too.
    """
    if not isinstance(prepared.preprocessing, ImagePreprocessing):
        return {}
    test, learnt = labelled_rows(prepared, "test"), _learnt_rows(prepared, is_final=is_final)
    predicted = decide(probabilities, network.about.get("decision"))
    found: dict[str, object] = {"copies": copies_of_training_rows(test, learnt, predicted == test.y)}
    if not isinstance(network, Ensemble):
        found["robustness"] = robustness_of(prepared, prepared.preprocessing, network)
    rounded: JsonObject = six_digits(found)
    return rounded


def _learnt_rows(prepared: PreparedData, *, is_final: bool) -> LabelledRows:
    """Return the rows that the network learnt from, for a final model those of validation too."""
    train = labelled_rows(prepared, "train")
    if not is_final:
        return train
    more = labelled_rows(prepared, "validation")
    parts = zip((train.X, train.y, train.rows), (more.X, more.y, more.rows), strict=True)
    return LabelledRows(*(np.concatenate(pair) for pair in parts))
