"""Raw values as files and programs pass them on: numbers, dates and strings, however they are written."""

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import as_string, example, to_days
from glassnet.columns.number_forms import NumberForm, number_or_nan, read_number

if TYPE_CHECKING:
    import pandas as pd


class UnreadableError(ValueError):
    """A value that is no number, or no date, where one is needed."""

    def __init__(self, column: str, expected: str, value: object, row: int) -> None:
        """Keep what was expected in which column, and what stands in which row, from 0."""
        super().__init__(f"preprocessing: expected {expected} in {column}, received {value!r} in row {row}, from 0")
        self.column, self.expected, self.value, self.row = column, expected, value, row


class MissingMarkers:
    """What stands for a missing value: an empty string, a marker, and a marker's number however it is written."""

    def __init__(self, markers: Collection[str], decimal: str) -> None:
        """Take the markers, such as "NA" and "-999", which -999.0 is too, and the decimal separator."""
        self.strings, self.decimal = {"", *markers}, decimal
        self.numbers = {number for marker in markers if not math.isnan(number := number_or_nan(marker, decimal))}

    def __contains__(self, value: object) -> bool:
        """Return whether a value, a string stripped, is one."""
        if isinstance(value, str):
            return value in self.strings or (bool(self.numbers) and number_or_nan(value, self.decimal) in self.numbers)
        if not self.numbers or isinstance(value, bool):
            return False
        return isinstance(value, int | float | np.integer | np.floating) and float(value) in self.numbers


def without_markers(values: "pd.Series[Any]", markers: MissingMarkers) -> "pd.Series[Any]":
    """Return a column in which what marks a missing value is one."""
    if values.dtype.kind in "biufM":
        return values.mask(values.isin(markers.numbers)) if markers.numbers else values
    stripped = (value.strip() if isinstance(value, str) else value for value in values)
    found = np.fromiter((value in markers for value in stripped), dtype=bool, count=len(values))
    return values.mask(found) if found.any() else values


def numbers_in(name: str, values: "pd.Series[Any]", form: NumberForm) -> npt.NDArray[np.float64]:
    """Return a column as numbers, NaN where one is missing.

    Raises:
        UnreadableError: if a value is no number, and no string that is one in this form.
    """
    if values.dtype.kind in "biuf":
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers, raw = np.full(len(values), np.nan), values.to_numpy(dtype=object)
    for row in np.flatnonzero(values.notna()).tolist():
        value = raw[row]
        try:
            numbers[row] = read_number(value.strip(), form) if isinstance(value, str) else float(value)
        except (TypeError, ValueError) as error:
            raise UnreadableError(name, "numbers", value, row) from error
    return numbers


def days_in(name: str, values: "pd.Series[Any]", form: str) -> npt.NDArray[np.float64]:
    """Return a column of dates as days since 1970, NaN where one is missing.

    Raises:
        UnreadableError: if a value is no date, in this form or in ISO's.
    """
    present = values.notna().to_numpy()
    strings = [as_string(value) for value in values[present]]
    different = list(dict.fromkeys(strings))
    try:
        day_of = dict(zip(different, to_days(different, form), strict=True))
    except ValueError as error:
        strange = error.args[1]
        row = int(np.flatnonzero(present)[strings.index(strange)])
        raise UnreadableError(name, f"dates such as {example(form)}", strange, row) from error
    days = np.full(len(values), np.nan)
    days[present] = [day_of[string] for string in strings]
    return days


def strings_in(values: "pd.Series[Any]", categories: Collection[str], decimal: str) -> list[str | None]:
    """Return a column as strings, None where one is missing.

    A string that is a category is that. Any other, a number or a truth value is the category as which it may have been
    written, if there is one: 1, 1.0 and "1.0" are "1", and True is "True", "true" or "TRUE".
    """
    known = set(categories)
    by_number = {number: c for c in categories if not math.isnan(number := number_or_nan(c, decimal))}

    def string(value: Any) -> str | None:
        if value is None or value != value:  # NaN is not itself
            return None
        is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
        written = str(int(value)) if is_whole else str(value)
        if written in known:
            return written
        if written in ("True", "False"):  # which on its way through another program may have become a string
            return next((form for form in (written.lower(), written.upper()) if form in known), written)
        return by_number.get(number_or_nan(written, decimal), written)

    return [string(value) for value in values.astype(object).where(values.notna(), None)]
