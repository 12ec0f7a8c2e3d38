"""What a source returns: a table with named columns, or a stack of images, and what they mean."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Task: TypeAlias = Literal["classification", "regression"]


@dataclass(frozen=True)
class RawTable:
    """A table as it was fetched, and what its columns mean.

    Attributes:
        name: a short name.
        description: a phrase with its origin.
        frame: numbers as float64, missing ones NaN; strings as str, missing ones None; dates as strings in ISO's form;
            the target without missing values.
        features: the columns to learn from.
        target: the column to predict: class names as str, or float64 for regression.
        task: what is learnt.
        class_names: the name of each class id, none for regression.
        categorical: those of the features that are strings.
        missing: what fills missing values, see `TablePreprocessing.fit`; None where there are none, and none may come.
        notes: what was left out of the table, and why, a sentence each.
        forms: how numbers were written in the file, where it was not plainly, see `NumberForm.to_json`.
        dates: those of the features that are dates, each with the form in which it was written.
    """

    name: str
    description: str
    frame: "pd.DataFrame"
    features: tuple[str, ...]
    target: str
    task: Task = "classification"
    class_names: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    missing: dict[str, Any] | None = None
    notes: tuple[str, ...] = field(default=())
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RawImages:
    """Images of one size with a label each.

    Attributes:
        name: a short name.
        description: a phrase with its origin.
        images: `(N, height, width)` uint8.
        labels: `(N,)` class ids.
        class_names: the name of each class id.
        test_rows: how many of the last rows the publisher set aside for testing; 0 if none.
    """

    name: str
    description: str
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    test_rows: int = 0


RawData: TypeAlias = RawTable | RawImages
