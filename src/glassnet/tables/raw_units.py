"""The way back from features to a raw column: which features it became, and what a standardized number was before."""

import numpy as np

from glassnet.data.robust_scaling import robustly_unscaled
from glassnet.tables.descriptions import DateColumn, NumericColumn
from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.preprocessing import Preprocessing
from glassnet.tables.table_features import Floats, feature_names


def column_places(preprocessing: Preprocessing) -> list[tuple[str, range]]:
    """Return the features that each raw column became, none for one of strings that were all missing."""
    if isinstance(preprocessing, ImagePreprocessing):
        return [(name, range(place, place + 1)) for place, name in enumerate(preprocessing.names)]
    places, start = [], 0
    for column in preprocessing.columns:
        width = len(feature_names(column))
        places.append((column["name"], range(start, start + width)))
        start += width
    return places


def in_raw_units(column: NumericColumn | DateColumn, standardized: Floats) -> Floats:
    """Return the numbers, or the days since 1970, that were standardized, or robustly scaled."""
    if "robust" in column:
        return robustly_unscaled(standardized, column["robust"])
    return np.asarray(standardized, dtype=np.float64) * (column["scale"] or 1.0) + column["mean"]
