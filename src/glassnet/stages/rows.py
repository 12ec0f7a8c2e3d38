"""The rows of a prepared split, and what their features are called, as the analysis of errors takes them."""

from collections.abc import Sequence

import numpy as np

from glassnet.evaluation import Case, CategoryFeatures, LabelledRows
from glassnet.evaluation.label_errors import SuspectedLabel
from glassnet.tables import ImagePreprocessing, PreparedData


def labelled_rows(prepared: PreparedData, name: str) -> LabelledRows:
    """Return the rows of a split, memory-mapped, with their targets as a network learns them."""
    split = prepared.mapped(name)
    y = np.array(split.y)
    return LabelledRows(np.asarray(split.X), y[:, 0] if y.ndim == 2 else y, np.asarray(prepared.rows(name)))


def feature_names(prepared: PreparedData) -> tuple[list[str], list[CategoryFeatures]]:
    """Return the names of the features, and which of them a category became; of pixels no names."""
    if isinstance(prepared.preprocessing, ImagePreprocessing):
        return [], []
    categories = prepared.preprocessing.category_places
    return prepared.preprocessing.feature_names, [CategoryFeatures(*each) for each in categories]


def in_deviations(prepared: PreparedData, name: str, mean: float, scale: float) -> LabelledRows:
    """Return the rows of a split with their targets, not their logarithms, in deviations of the training rows."""
    return LabelledRows(
        np.asarray(prepared.mapped(name).X), (prepared.targets(name) - mean) / scale, np.asarray(prepared.rows(name))
    )


def add_pixels(cases: Sequence[Case | SuspectedLabel], preprocessing: ImagePreprocessing, rows: LabelledRows) -> None:
    """Give each case, one of `rows`, its image, line by line, two hexadecimal digits a pixel, to be drawn."""
    positions = [int(np.flatnonzero(rows.rows == case["row"])[0]) for case in cases]
    pixels = preprocessing.pixels(np.asarray(rows.X[positions]))
    for case, image in zip(cases, pixels, strict=True):
        case["pixels"] = [line.tobytes().hex() for line in image]
