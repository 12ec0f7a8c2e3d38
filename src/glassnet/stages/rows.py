"""The rows of a prepared split, and what their features are called, as the analysis of errors takes them."""

import numpy as np

from glassnet.evaluation import CategoryFeatures, LabelledRows
from glassnet.tables import ImagePreprocessing, PreparedData


def labelled_rows(prepared: PreparedData, name: str) -> LabelledRows:
    """Return the rows of a split with their targets as a network learns them."""
    split = prepared.split(name)
    y = np.asarray(split.y)
    return LabelledRows(split.X, y[:, 0] if y.ndim == 2 else y, np.asarray(prepared.rows(name)))


def feature_names(prepared: PreparedData) -> tuple[list[str], list[CategoryFeatures]]:
    """Return the names of the features, and which of them a category became; of pixels no names."""
    if isinstance(prepared.preprocessing, ImagePreprocessing):
        return [], []
    categories = prepared.preprocessing.category_places
    return prepared.preprocessing.feature_names, [CategoryFeatures(*each) for each in categories]
