"""The mean training row in features: what the contributions of a row's columns are measured from."""

import numpy as np

from glassnet.data.robust_scaling import robustly_scaled
from glassnet.tables.descriptions import Column
from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.preprocessing import Preprocessing
from glassnet.tables.table_features import Floats, feature_names


def mean_row(preprocessing: Preprocessing) -> Floats:
    """Return the features `(D,)` of the mean training row.

    A standardized number is 0 there, a robustly scaled one what its mean becomes; a column of ones and zeros is the
    share of the training rows that have a 1. Of images it is one of the mean grey value of all training pixels, since
    that is all that is known of them.

    Raises:
        ValueError: if the preprocessing is of a version that did not keep those shares.
    """
    if isinstance(preprocessing, ImagePreprocessing):
        return np.zeros(len(preprocessing.names))
    return np.array([value for column in preprocessing.columns for value in _of_column(column)])


def _of_column(column: Column) -> list[float]:
    if column["kind"] == "categorical":
        standardized = []
    elif "robust" in column:
        standardized = robustly_scaled(np.array([column["mean"]]), column["robust"]).tolist()
    else:
        standardized = [0.0]
    missing = len(feature_names(column)) - len(standardized)
    shares = column.get("shares", [])
    if len(shares) != missing:
        raise ValueError(
            f"preprocessing: expected the shares of the training rows in {missing} columns of ones and zeros of "
            f"{column['name']}, received {len(shares)}: the model is of a version that did not keep them; train again"
        )
    return [*standardized, *shares]
