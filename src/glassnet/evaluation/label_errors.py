"""Suspected label errors: rows whose class is improbable to the network, and another than that of their neighbours."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.neighbours import LabelledRows, nearest_rows
from glassnet.evaluation.scores import FloatArray, LabelArray

NEIGHBOURS = 5
AGREE = 4  # of these that are of the class that the network is sure of
SHOWN = 30


class SuspectedLabel(TypedDict):
    """A row whose class may be wrong; its image, if it is one, in hexadecimal digits by line.

    Attributes:
        row: its number in the raw data.
        given: its class.
        predicted: the class that the network is sure of.
        probability_given: the probability of the one.
        probability_predicted: that of the other.
        neighbours: the classes of the nearest training rows.
        pixels: of an image.
    """

    row: int
    given: str
    predicted: str
    probability_given: float
    probability_predicted: float
    neighbours: list[str]
    pixels: NotRequired[list[str]]


class LabelErrors(TypedDict):
    """What was suspected of the labels of some rows.

    Attributes:
        rows: how many were looked at.
        improbable: those of which the network is sure that they are of another class.
        suspected: those of them whose neighbours are of that class too.
        shown: the suspected ones whose own class is the least probable.
    """

    rows: int
    improbable: int
    suspected: int
    shown: list[SuspectedLabel]


def suspected_label_errors(
    rows: LabelledRows, probabilities: FloatArray, train: LabelledRows, class_names: tuple[str, ...]
) -> LabelErrors:
    """Return the rows whose class speaks against both the network and their neighbours, the least probable first.

    A row is suspected if the network is sure of another class, see `sure_of`, and at least 4 of its 5 nearest training
    rows are of that class.

    Args:
        rows: which the network has not learnt from.
        probabilities: what it says of them `(N, C)`; calibrated ones.
        train: the training rows.
        class_names: the name of each class.
    """
    surely = sure_of(rows.y, probabilities)
    improbable = np.flatnonzero((surely >= 0) & (surely != rows.y))
    _, nearest = nearest_rows(rows.X[improbable], train.X, min(NEIGHBOURS, len(train.y)))
    labels = train.y[nearest]
    agree = np.count_nonzero(labels == surely[improbable, np.newaxis], axis=1) >= AGREE
    suspected, labels = improbable[agree], labels[agree]
    stated = probabilities[suspected, rows.y[suspected]]
    order = np.lexsort((rows.rows[suspected], stated))[:SHOWN]
    return {
        "rows": len(rows.y),
        "improbable": len(improbable),
        "suspected": len(suspected),
        "shown": [
            {
                "row": int(rows.rows[i]),
                "given": class_names[rows.y[i]],
                "predicted": class_names[surely[i]],
                "probability_given": float(probabilities[i, rows.y[i]]),
                "probability_predicted": float(probabilities[i, surely[i]]),
                "neighbours": [class_names[label] for label in around],
            }
            for i, around in zip(suspected[order], labels[order], strict=True)
        ],
    }


def all_label_errors(parts: Sequence[LabelErrors]) -> LabelErrors:
    """Return what was suspected of the labels of several sets of rows, as of one set.

    Args:
        parts: of each set; no row is in two of them.
    """
    shown = [each for part in parts for each in part["shown"]]
    return {
        "rows": sum(part["rows"] for part in parts),
        "improbable": sum(part["improbable"] for part in parts),
        "suspected": sum(part["suspected"] for part in parts),
        "shown": sorted(shown, key=lambda each: (each["probability_given"], each["row"]))[:SHOWN],
    }


def sure_of(y: LabelArray, probabilities: FloatArray) -> npt.NDArray[np.int64]:
    """Return the class `(N,)` that the network is sure of in each row, −1 where there is none.

    It is sure of a class whose probability reaches the mean that this class has in the rows that are labelled so; of
    several the most probable one. The mean is high for a class that is easily told and low for one that is not, so that
    no class is suspected merely because it is hard. (The confident joint of Northcutt, Jiang & Chuang, "Confident
    learning: estimating uncertainty in dataset labels", 2021.)

    Args:
        y: the labels `(N,)`.
        probabilities: what the network says `(N, C)`.
    """
    classes = probabilities.shape[1]
    counts = np.bincount(y, minlength=classes)
    sums = np.bincount(y, weights=probabilities[np.arange(len(y)), y], minlength=classes)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)  # of a class without rows nothing is known
    reached = np.where(probabilities >= means, probabilities, -1.0)
    return np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), -1)
