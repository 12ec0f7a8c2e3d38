"""Preprocessing of tables, learnt on the training rows: raw columns in, scaled and one-hot features out."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from glassnet.columns.number_forms import NumberForm
from glassnet.columns.raw_values import MissingMarkers, numbers_in, without_markers
from glassnet.sources import MissingRules, Scaling
from glassnet.tables.descriptions import Column, TableDescription
from glassnet.tables.table_features import (
    categories_of,
    decimal_of,
    example_of,
    feature_names,
    fit_categories,
    fit_dates,
    fit_numbers,
    is_constant,
    unseen,
)
from glassnet.tables.table_features import features as features_of

if TYPE_CHECKING:
    import pandas as pd


class TablePreprocessing:
    """Takes the columns of a frame to features.

    Numbers get mean 0 and deviation 1, or are scaled by median and quartiles, and so are dates, as days; strings become
    one column a category, and so do the months and weekdays of dates.

    Attributes:
        columns: one description for each raw column, in order.
        missing_markers: the strings that stand for a missing value, such as "?".
    """

    kind: Literal["table"] = "table"

    def __init__(self, columns: list[Column], missing_markers: list[str]) -> None:
        """Take the descriptions and the markers, as `fit` or `from_json` make them."""
        self.columns, self.missing_markers = columns, missing_markers
        self._missing = {decimal: MissingMarkers(missing_markers, decimal) for decimal in set(map(decimal_of, columns))}

    @classmethod
    def fit(
        cls,
        frame: "pd.DataFrame",
        features: tuple[str, ...],
        categorical: tuple[str, ...] = (),
        missing: MissingRules | None = None,
        forms: dict[str, dict[str, str]] | None = None,
        dates: dict[str, str] | None = None,
        scaling: Scaling = "standard",
    ) -> "TablePreprocessing":
        """Learn from the training rows in `frame`.

        Numbers that are the same, or missing, in all of them become a feature that is 0 in every row, whatever other
        rows hold: weights that were never trained must not meet it. Strings that are all missing become no feature.

        Args:
            frame: the training rows.
            features: the columns to use, in order.
            categorical: those of them that are strings.
            missing: what fills missing values. None: no value is missing, and none may be.
            forms: how numbers are written in later rows, for the columns where it is not plainly, see `NumberForm`.
            dates: the columns that are dates, and the form in which they are written.
            scaling: how numbers are scaled: "standard", or "robust", see `data.RobustScaling`.

        Raises:
            ValueError: for missing values that no rule covers, or numbers too large to be standardized.
        """
        rules = missing or MissingRules()
        columns: list[Column] = []
        for name in features:
            form, values = (forms or {}).get(name), frame[name]
            column: Column
            if name in categorical:
                column = fit_categories(name, values, rules)
            elif name in (dates or {}):
                column = fit_dates(name, values, (dates or {})[name], rules, scaling)
            else:
                column = fit_numbers(name, numbers_in(name, values, NumberForm()), rules, scaling)
            if form:
                column["form"] = form
            columns.append(column)
        fitted = cls(columns, list(rules.values))
        for column in columns:
            of_ones = features_of(column, fitted._raw(frame, column))[0 if column["kind"] == "categorical" else 1 :]
            if of_ones:
                column["shares"] = [float(feature.mean()) for feature in of_ones]
        return fitted

    @property
    def names(self) -> list[str]:
        """The raw columns that are needed."""
        return [column["name"] for column in self.columns]

    @property
    def constant_names(self) -> list[str]:
        """Those from which nothing can be learnt, since the training rows differ in none of their features."""
        return [column["name"] for column in self.columns if is_constant(column)]

    @property
    def feature_names(self) -> list[str]:
        """The name of each of the D features."""
        return [name for column in self.columns for name in feature_names(column)]

    @property
    def category_places(self) -> list[tuple[range, str]]:
        """Which features are the ones and zeros of one category, and what a row is called that has no 1 there."""
        found, start = [], 0
        for column in self.columns:
            for before, width, otherwise in categories_of(column):
                found.append((range(start + before, start + before + width), otherwise))
            start += len(feature_names(column))
        return found

    def transform(self, frame: "pd.DataFrame") -> npt.NDArray[np.float32]:
        """Return the features `(N, D)`; other columns of the frame are ignored, unseen categories become zeros.

        Raises:
            ValueError: naming the columns that are missing, hold no number or date or no finite one, or miss values
                where no rule says what fills them.
        """
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise ValueError(
                f"preprocessing: expected the columns {', '.join(self.names)}, received none of these: {missing}"
            )
        parts: list[npt.NDArray[np.float64]] = []
        for column in self.columns:
            parts += features_of(column, self._raw(frame, column))
        return np.column_stack(parts).astype(np.float32)

    def unseen_categories(self, frame: "pd.DataFrame") -> dict[str, list[str]]:
        """Return, for each column of strings or dates, what is in `frame` that the training rows did not have."""
        found = {c["name"]: unseen(c, self._raw(frame, c)) for c in self.columns if c["name"] in frame.columns}
        return {name: values for name, values in found.items() if values}

    def _raw(self, frame: "pd.DataFrame", column: Column) -> "pd.Series[Any]":
        values: Any = frame[column["name"]]
        return without_markers(values, self._missing[decimal_of(column)])

    def example(self) -> "pd.DataFrame":
        """Return one raw row as it may look: the mean of each number, the first of each column's categories."""
        import pandas as pd

        return pd.DataFrame([{column["name"]: example_of(column) for column in self.columns}])

    def to_json(self) -> TableDescription:
        """Return a form that JSON can hold."""
        return {"kind": self.kind, "columns": self.columns, "gap_marks": self.missing_markers}
