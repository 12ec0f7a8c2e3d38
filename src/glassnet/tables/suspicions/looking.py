"""The rows of a table made ready to be looked at."""

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from glassnet.sources import RawTable
from glassnet.tables.raw_units import column_places
from glassnet.tables.suspicions.rows import FINE, LEAST_FINE, Ints, Looked
from glassnet.tables.table_preprocessing import TablePreprocessing

if TYPE_CHECKING:
    import pandas as pd


def looked_at(
    raw: RawTable, frame: "pd.DataFrame", y: npt.NDArray[Any], split: Ints, preprocessing: TablePreprocessing
) -> Looked:
    """Return these rows of the table with their targets, their split and what the preprocessing makes of them."""
    columns = dict(column_places(preprocessing))
    numeric = [name for name in raw.features if name not in raw.categorical and name not in raw.dates]
    least = max(LEAST_FINE, FINE * len(frame))
    fine = [name for name in numeric if frame[name].nunique() >= least]
    return Looked(preprocessing.transform(frame), columns, fine, y, raw.task == "regression", split)
