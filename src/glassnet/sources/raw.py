"""What a source returns: a table with named columns, or a stack of images, and what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.files import JsonObject

if TYPE_CHECKING:
    import pandas as pd

Task: TypeAlias = Literal["classification", "regression"]
NumericRule: TypeAlias = Literal["median", "mean", "drop", "error"]
CategoricalRule: TypeAlias = Literal["most_frequent", "own_category", "drop", "error"]


@dataclass(frozen=True)
class MissingRules:
    """What fills missing values, as learnt on the training rows.

    Attributes:
        numeric: what fills a missing number or date. "drop": such rows were left out; "error": there were none. Either
            way none may come later.
        categorical: what fills a missing string, likewise.
        indicator: whether a numeric column with missing values gets a companion that marks them.
        values: the strings that stand for a missing value in later rows.
    """

    numeric: NumericRule = "error"
    categorical: CategoricalRule = "error"
    indicator: bool = False
    values: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        """Return a form that JSON can hold."""
        return {
            "numeric": self.numeric,
            "categorical": self.categorical,
            "indicator": self.indicator,
            "values": list(self.values),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "MissingRules":
        """Return what `to_json` described."""
        return cls(data["numeric"], data["categorical"], data["indicator"], tuple(data["values"]))


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
        missing: what fills missing values; None where there are none, and none may come.
        notes: what was left out of the table, and why, a sentence each.
        forms: how numbers were written in the file, where it was not plainly, see `NumberForm.to_json`.
        dates: those of the features, and `time`, that are dates, each with the form in which it was written.
        group: the column whose value is the same in rows that belong in one split, such as all rows of a patient; it is
            no feature. None: each row is for itself.
        time: the column by which rows are divided, the latest for testing: dates, or float64 that grow with time. None:
            they are divided at random.
        together: whether near copies of a row are in the same split as it.
        beside: further columns of the frame, strings or dates, that are not learnt from, but may say what rows belong
            to, or when they are from.
        trusted: the columns that the user wants to learn from whatever is to be doubted about them.
        dropped: the columns that the user left out.
    """

    name: str
    description: str
    frame: "pd.DataFrame"
    features: tuple[str, ...]
    target: str
    task: Task = "classification"
    class_names: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    missing: MissingRules | None = None
    notes: tuple[str, ...] = field(default=())
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    time: str | None = None
    together: bool = False
    beside: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def is_independent(self) -> bool:
        """Whether rows are divided each by itself, at random, as if none had to do with another."""
        return self.group is None and self.time is None and not self.together


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


@dataclass(frozen=True)
class WithTestRows:
    """Says of what a source returns that it has test rows: without a test fraction, they are the test split."""


@dataclass(frozen=True)
class OfQuantity:
    """Says of what a source returns that its target may be a quantity, whose logarithm can be learnt."""


RawData: TypeAlias = RawTable | RawImages
