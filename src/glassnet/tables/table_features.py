"""How one raw column becomes features: what is learnt of it on the training rows, and what that makes of other rows."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import MONTH_NAMES, WEEKDAY_NAMES, iso_strings, months, weekdays
from glassnet.columns.number_forms import NumberForm
from glassnet.columns.raw_values import days_in, numbers_in, strings_in
from glassnet.data.robust_scaling import robust_scale, robustly_scaled
from glassnet.sources import MissingRules, Scaling
from glassnet.tables.descriptions import CategoricalColumn, Column, DateColumn, NumericColumn

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]

MISSING = "(missing)"  # the category of its own that missing values in a string column may become


def number_form(column: Column) -> NumberForm:
    """Return how the column's numbers are written; models of before it was kept know plain numbers alone."""
    return NumberForm(**column["form"]) if "form" in column else NumberForm()


def decimal_of(column: Column) -> str:
    """Return the decimal separator in the column's strings."""
    return "." if column["kind"] == "date" else number_form(column).decimal


def fit_numbers(name: str, values: Floats, rules: MissingRules, scaling: Scaling = "standard") -> NumericColumn:
    """Return what is to be known of a column of numbers: what fills a missing one, mean and scale."""
    present = values[~np.isnan(values)]
    if not present.size:
        present = np.zeros(1)  # what fills them is as good as any other number
    with np.errstate(over="ignore"):
        fill = {"median": float(np.median(present)), "mean": float(present.mean())}.get(rules.numeric)
    filled = present if fill is None else np.where(np.isnan(values), fill, values)
    scale: float | None
    if _is_constant(present):  # of the filled ones the mean may round, and leave a tiny deviation
        mean, scale = float(present[0]), None
    else:
        mean, scale = mean_and_deviation(filled, name)
    column: NumericColumn = {
        "name": name,
        "kind": "numeric",
        "mean": mean,
        "scale": scale,
        "fill": fill,
        "indicator": rules.indicator and fill is not None and len(np.unique(np.isnan(values))) == 2,
        "gaps": int(np.isnan(values).sum()),
    }
    if scaling == "robust" and scale is not None:
        column["robust"] = robust_scale(filled)
    return column


def fit_dates(
    name: str, values: "pd.Series[Any]", date_format: str, rules: MissingRules, scaling: Scaling = "standard"
) -> DateColumn:
    """Return what is to be known of a column of dates: as of one of days, and the months and weekdays if they vary."""
    days = days_in(name, values, date_format)
    present = days[~np.isnan(days)]
    numbers = fit_numbers(name, days, rules, scaling)
    column: DateColumn = {
        "name": name,
        "kind": "date",
        "mean": numbers["mean"],
        "scale": numbers["scale"],
        "fill": numbers["fill"],
        "indicator": numbers["indicator"],
        "gaps": numbers["gaps"],
        "format": date_format,
        "months": _if_several(months(present)),
        "weekdays": _if_several(weekdays(present)),
    }
    if "robust" in numbers:
        column["robust"] = numbers["robust"]
    return column


def _if_several(parts: npt.NDArray[np.int64]) -> list[int]:
    """Return the different months or weekdays; none if they are all the same."""
    different: list[int] = np.unique(parts).tolist()
    return different if len(different) > 1 else []


def fit_categories(name: str, values: "pd.Series[Any]", rules: MissingRules) -> CategoricalColumn:
    """Return what is to be known of a column of strings: its categories, and what fills a missing one."""
    strings = [string for string in strings_in(values, (), ".") if string is not None]
    if not strings:
        empty = None if rules.categorical == "error" else MISSING
        return {"name": name, "kind": "categorical", "categories": [], "fill": empty, "gaps": len(values)}
    categories, counts = np.unique(strings, return_counts=True)
    fill = {"most_frequent": str(categories[counts.argmax()]), "own_category": MISSING}.get(rules.categorical)
    with_own = rules.categorical == "own_category" and len(strings) < len(values)
    return {
        "name": name,
        "kind": "categorical",
        "categories": [*map(str, categories), *([MISSING] if with_own and MISSING not in categories else [])],
        "fill": fill,
        "gaps": len(values) - len(strings),
    }


def feature_names(column: Column) -> list[str]:
    """Return the names of the features that a column becomes."""
    name = column["name"]
    if column["kind"] == "categorical":
        return [f"{name} = {category}" for category in column["categories"]]
    marked = [f"{name} is missing"] if column["indicator"] else []
    if column["kind"] == "numeric":
        return [name, *marked]
    in_month = [f"{name} in {MONTH_NAMES[month]}" for month in column["months"]]
    return [f"{name} (days)", *marked, *in_month, *(f"{name} on {WEEKDAY_NAMES[day]}" for day in column["weekdays"])]


def categories_of(column: Column) -> list[tuple[int, int, str]]:
    """Return the categories in the features of a column: after how many features, how many, and what none of them is.

    Example:
        For a date with an indicator, two months and seven weekdays:
        `[(1, 1, "day is not missing"), (2, 2, "day in another month"), (4, 7, "day on another weekday")]`.
    """
    name = column["name"]
    if column["kind"] == "categorical":
        return [(0, len(column["categories"]), f"{name} = a new value")]
    parts = [(int(column["indicator"]), f"{name} is not missing")]
    if column["kind"] == "date":
        parts += [(len(column["months"]), f"{name} in another month")]
        parts += [(len(column["weekdays"]), f"{name} on another weekday")]
    found, start = [], 1
    for features, otherwise in parts:
        found += [(start, features, otherwise)] if features else []
        start += features
    return found


def is_constant(column: Column) -> bool:
    """Return whether nothing can be learnt from a column, since the training rows differ in no feature of it."""
    if column["kind"] == "categorical":
        return len(column["categories"]) < 2
    return column["scale"] is None and not column["indicator"]


def features(column: Column, values: "pd.Series[Any]") -> list[Floats]:
    """Return the features of each row, one array for each of `feature_names`.

    Raises:
        ValueError: for what is no number or date, not finite, or missing where no rule says what fills it.
    """
    if column["kind"] == "categorical":
        return _of_categories(column, values)
    if column["kind"] == "numeric":
        numbers = numbers_in(column["name"], values, number_form(column))
        return _of_numbers(column, numbers)
    days = days_in(column["name"], values, column["format"])
    known = np.where(np.isnan(days), 0, days)
    parts = [(months(known), column["months"]), (weekdays(known), column["weekdays"])]
    indicators = [
        ((of_rows == part) & ~np.isnan(days)).astype(np.float64) for of_rows, found in parts for part in found
    ]
    return [*_of_numbers(column, days), *indicators]


def unseen(column: Column, values: "pd.Series[Any]") -> list[str]:
    """Return what the training rows did not have: categories of a string column, months and weekdays of a date's."""
    if column["kind"] == "categorical":
        strings = strings_in(values, column["categories"], decimal_of(column))
        return sorted({string for string in strings if string is not None} - set(column["categories"]))
    if column["kind"] == "numeric":
        return []
    days = days_in(column["name"], values, column["format"])
    days = days[~np.isnan(days)]
    new = [
        MONTH_NAMES[month] for month in np.unique(months(days)) if column["months"] and month not in column["months"]
    ]
    return new + [
        WEEKDAY_NAMES[day] for day in np.unique(weekdays(days)) if column["weekdays"] and day not in column["weekdays"]
    ]


def example_of(column: Column) -> Any:
    """Return a raw value as it may look: the mean number or day, the first category."""
    if column["kind"] == "categorical":
        return [*column["categories"], ""][0]
    return column["mean"] if column["kind"] == "numeric" else iso_strings(np.floor(np.array([column["mean"]])))[0]


def mean_and_deviation(numbers: Floats, name: str) -> tuple[float, float]:
    """Return the mean and the standard deviation of the numbers called `name`, which differ.

    Raises:
        ValueError: if their squares are beyond what a float holds.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(numbers.mean()), float(numbers.std())
    if not (np.isfinite(mean) and 0 < deviation < np.inf):
        raise ValueError(
            f"preprocessing: expected numbers in {name} that can be standardized, received {numbers.min():g} to "
            f"{numbers.max():g}; mend or rescale them, or leave the column out"
        )
    return mean, deviation


def _is_constant(numbers: Floats) -> bool:
    """Return whether the numbers are all the same, or differ by no more than their rounding: 0.1 + 0.2 and 0.3.

    Their computed variance is then within its own error, `n·ε·σ² + (n·μ·ε)²`. (Chan, Golub & LeVeque, "Algorithms for
    computing the sample variance", 1983; scikit-learn's scaler has the same rule.)
    """
    if numbers.max() == numbers.min():
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        mean, variance = numbers.mean(), numbers.var()
        eps = len(numbers) * np.finfo(np.float64).eps
        return bool(np.isfinite(variance) and variance <= eps * variance + (eps * mean) ** 2)


def _of_numbers(column: NumericColumn | DateColumn, numbers: Floats) -> list[Floats]:
    """Return scaled numbers, and which of them are missing if the column has an indicator for it."""
    if np.isinf(numbers).any():
        raise ValueError(f"preprocessing: expected finite numbers in {column['name']}, received infinite ones")
    missing, fill = np.isnan(numbers), column["fill"]
    if missing.any() and fill is None:
        raise ValueError(
            f"preprocessing: expected finite numbers in {column['name']}, received {int(missing.sum())} missing ones, "
            f"the first in row {int(missing.argmax())}, from 0; the training rows had none, or were left out for it"
        )
    if fill is not None and missing.any():
        numbers = np.where(missing, fill, numbers)
    if column["scale"] is None:
        standardized = np.zeros(len(numbers))
    elif "robust" in column:
        standardized = robustly_scaled(numbers, column["robust"])
    else:
        with np.errstate(over="ignore"):
            standardized = (numbers - column["mean"]) / column["scale"]
    if len(strange := numbers[np.abs(standardized) > np.finfo(np.float32).max]):
        raise ValueError(
            f"preprocessing: expected numbers in {column['name']} such as the training rows have (mean "
            f"{column['mean']:.3g}, deviation {column['scale']:.3g}), received {strange[0]:g}, which is beyond float32"
        )
    return [standardized, missing.astype(np.float64)] if column["indicator"] else [standardized]


def _of_categories(column: CategoricalColumn, values: "pd.Series[Any]") -> list[Floats]:
    """Return one array of ones and zeros for each category; a string that is none of them is zero in all."""
    strings = strings_in(values, column["categories"], decimal_of(column))
    missing = sum(string is None for string in strings)
    if missing and column["fill"] is None:
        raise ValueError(f"preprocessing: expected a string in {column['name']}, received {missing} missing ones")
    places: dict[str | None, int] = {category: place for place, category in enumerate(column["categories"])}
    chosen = np.array([places.get(column["fill"] if string is None else string, -1) for string in strings])
    return [(chosen == place).astype(np.float64) for place in range(len(places))]
