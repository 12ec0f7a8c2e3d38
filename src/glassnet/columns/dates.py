"""Dates as people write them: in which form a column has them, and what they are as days since 1970."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

ISO = "ISO 8601"
# Where two of them fit, nothing tells day from month, and the first one counts.
DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%d. %m. %Y",
    "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d. %b %Y", "%d-%b-%y", "%d %b %y",
    "%d %B %Y", "%d. %B %Y", "%d-%B-%Y", "%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%B %d %Y", "%Y %b %d", "%Y-%b-%d",
    "%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y", "%A, %d %B %Y", "%A, %B %d, %Y",
)  # fmt: skip
TIMES = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M",
    ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p", " %H:%M UTC", " %H:%M:%S UTC", " %H:%M:%S GMT", ":%H:%M:%S",
)  # fmt: skip
MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y")
AROUND_A_TIME = ("%a %b %d %H:%M:%S %Y", "%Y%m%dT%H%M%S")
LEAST_PLAIN = 6  # different numbers, of which each may be a date by chance
PLAIN_NUMBERS = ("%Y%m%d", "%Y%m%d%H%M%S", "%Y%m", "%Y")  # dates only where they are declared to be
ISO_PATTERN = re.compile(
    r"(?:1[5-9]|2\d|99)\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
)
PLAIN_PATTERN = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:\d\d(?:\d{6})?)?")
PARTS = {
    "%Y": r"(?:1[5-9]|2\d|99)\d\d", "%y": r"\d\d", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%H": r"\d{1,2}",
    "%I": r"\d{1,2}", "%M": r"\d\d", "%S": r"\d\d", "%f": r"\d{1,9}", "%p": "[AaPp][Mm]",
    "%b": "[A-Za-z]{3}", "%B": "[A-Za-z]{3,9}", "%a": "[A-Za-z]{3}", "%A": "[A-Za-z]{6,9}",
}  # fmt: skip
# In English whatever the locale: they are names of features.
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def find_date_format(strings: Sequence[str], *, declared: bool = False) -> tuple[str, str | None] | None:
    """Return the form in which all strings are dates, and another that fits, if day and month may change places.

    Args:
        strings: those of a column, each once.
        declared: whether they are known to be dates. Numbers such as 20240131 are taken for dates only then.
    """
    if not strings:
        return None
    if all(map(ISO_PATTERN.fullmatch, strings)):
        return (ISO, None) if _days(strings, ISO) is not None else None
    forms = [
        *_forms_of(strings[0]),
        *(form for form in PLAIN_NUMBERS if declared and _pattern(form).fullmatch(strings[0])),
    ]
    fitting = [
        form for form in forms if all(map(_pattern(form).fullmatch, strings)) and _days(strings, form) is not None
    ]
    if not fitting or (not declared and fitting[0] in {"%Y-%m", "%Y/%m"} and all(map(_is_season, strings))):
        return None
    return fitting[0], next((form for form in fitting[1:] if "%m" in form), None)


def may_be_plain_dates(strings: Sequence[str]) -> bool:
    """Return whether numbers may be dates, such as 20240131 or 202401: of the years since 1900, and enough of them."""
    if (
        len(strings) < LEAST_PLAIN
        or len(strings[0]) not in {6, 8, 14}
        or not all(map(PLAIN_PATTERN.fullmatch, strings))
    ):
        return False
    return any(are_dates(strings, form) for form in PLAIN_NUMBERS[:-1] if _pattern(form).fullmatch(strings[0]))


def are_dates(strings: Sequence[str], form: str) -> bool:
    """Return whether all strings are dates in this form."""
    return _days(strings, form) is not None


def stray_among_dates(strings: Sequence[str]) -> list[str]:
    """Return what is no date among strings of which half or more are dates in one form; nothing if they are not."""
    forms = [ISO, *dict.fromkeys(form for string in strings[:3] for form in _forms_of(string))]
    for form in forms:
        pattern = ISO_PATTERN if form == ISO else _pattern(form)
        if 2 * sum(pattern.fullmatch(string) is not None for string in strings) >= len(strings):
            strays = [string for string, day in zip(strings, _days_or_nan(strings, form), strict=True) if np.isnan(day)]
            return strays if 2 * len(strays) <= len(strings) else []
    return []


def to_days(strings: Sequence[str], form: str) -> npt.NDArray[np.float64]:
    """Return dates in this form, or in ISO's, as days since 1970; those with an offset as they are in UTC.

    Raises:
        ValueError: if one is no date; its second argument is that string.
    """
    days = _days(strings, form)
    if days is None and all(map(ISO_PATTERN.fullmatch, strings)):  # as fetch writes them, whatever their form was
        days = _days(strings, ISO)
    if days is not None:
        return days
    alone = np.empty(len(strings))
    for place, string in enumerate(strings):
        forms = [form, form.replace("%b", "%B"), *([ISO] if ISO_PATTERN.fullmatch(string) else [])]
        one = next((days for days in (_days([string], each) for each in forms) if days is not None), None)
        if one is None:
            raise ValueError(f"expected dates such as {example(form)}, received {string!r}", string)
        alone[place] = one[0]
    return alone


def iso_strings(days: npt.ArrayLike) -> list[str | None]:
    """Return days since 1970 as ISO has them, with the time if it is not midnight; None for NaN."""
    different, places = np.unique(np.asarray(days, dtype=np.float64), return_inverse=True)
    strings = [None if np.isnan(day) else _iso_string(float(day)) for day in different]
    return [strings[place] for place in places]


def _iso_string(day: float) -> str:
    milliseconds = round(day * 86_400_000)
    return str(np.datetime64(milliseconds, "ms")).removesuffix(".000").removesuffix("T00:00:00")


def example(form: str) -> str:
    """Return a date in this form."""
    return "2024-01-31" if form == ISO else date(2024, 1, 31).strftime(form)


def is_date_format(form: str) -> bool:
    """Return whether this says how to write dates: in the terms of `strftime`, with a year."""
    codes = re.findall("%.", form)
    return bool({"%Y", "%y"} & set(codes)) and set(codes) <= {*PARTS, "%z", "%%", "%j"}


def months(days: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the month of each day, from 0."""
    return np.floor(days).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def weekdays(days: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the weekday of each day, from 0 for Monday; 1970 began on a Thursday."""
    return (np.floor(days).astype(np.int64) + 3) % 7


def as_string(value: Any) -> str:
    """Return what a program passes on as a date as the string that it may have been: a moment, or 20240131."""
    if isinstance(value, date | np.datetime64):  # a datetime and pandas' Timestamp are dates too
        import pandas as pd

        return pd.Timestamp(value).isoformat()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _days(strings: Sequence[str], form: str) -> npt.NDArray[np.float64] | None:
    """Return dates as days since 1970, or None if one is no date in this form."""
    days = _days_or_nan(strings, form)
    return None if np.isnan(days).any() else days


def _days_or_nan(strings: Sequence[str], form: str) -> npt.NDArray[np.float64]:
    import pandas as pd

    moments = pd.to_datetime(list(strings), format="ISO8601" if form == ISO else form, utc=True, errors="coerce")
    since = moments.tz_localize(None).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(since), np.nan, since.astype(np.int64) / 86_400_000_000)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """Return what fits a string in this form, far quicker than reading it."""
    parts = PARTS | {"%m": r"\d\d"} if form in MONTHS else PARTS  # 2000-1 may be a term, or a part
    return re.compile("".join(parts.get(part, re.escape(part)) for part in re.split("(%.)", form)))


def _forms_of(string: str) -> list[str]:
    """Return the forms that a string may be a date in."""
    forms = [form for form in (*MONTHS, *AROUND_A_TIME) if _pattern(form).fullmatch(string)]
    for day in DAYS:
        if begins := _pattern(day).match(string):
            forms += [day + time for time in TIMES if _pattern(time).fullmatch(string[begins.end() :])]
    return forms


def _is_season(string: str) -> bool:
    """Return whether a month may as well be the year after: 2003-04."""
    year, month = re.split("[-/]", string)
    return (int(year) + 1) % 100 == int(month)
