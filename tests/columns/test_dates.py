"""Dates: in which form a column has them, which days they are, and what nothing tells."""

import numpy as np
import pytest

from glassnet.columns.dates import (
    ISO,
    as_string,
    find_date_format,
    is_date_format,
    iso_strings,
    may_be_plain_dates,
    months,
    stray_among_dates,
    to_days,
    weekdays,
)


@pytest.mark.parametrize(
    ("strings", "form"),
    [
        (["2024-01-31", "2023-12-01"], ISO),
        (["2024-01-31T12:00:00Z", "2024-01-31"], ISO),
        (["2024-01-31 12:00", "2024-01-31 12:00:30.5"], ISO),
        (["2024-1-31", "2024-12-1"], "%Y-%m-%d"),
        (["2024/01/31"], "%Y/%m/%d"),
        (["31.01.2024", "1.2.2024"], "%d.%m.%Y"),
        (["31.01.24"], "%d.%m.%y"),
        (["31/01/2024", "02/03/2024"], "%d/%m/%Y"),
        (["01/31/2024", "02/03/2024"], "%m/%d/%Y"),
        (["1/31/24 1:05 PM"], "%m/%d/%y %I:%M %p"),
        (["31 Jan 2024"], "%d %b %Y"),
        (["31-Jan-24"], "%d-%b-%y"),
        (["January 31, 2024"], "%B %d, %Y"),
        (["Jan 31, 2024"], "%b %d, %Y"),
        (["2024-01", "2024-03"], "%Y-%m"),
        (["Jan 2024"], "%b %Y"),
        (["01/2024"], "%m/%Y"),
        (["31. 01. 2024", "1. 2. 2024"], "%d. %m. %Y"),
        (["2024-01-31 12:00:00 UTC"], "%Y-%m-%d %H:%M:%S UTC"),
        (["Wed, 31 Jan 2024 12:00:00 GMT"], "%a, %d %b %Y %H:%M:%S GMT"),
        (["Wed Jan 31 12:00:00 2024"], "%a %b %d %H:%M:%S %Y"),
        (["31/Jan/2024:12:00:00"], "%d/%b/%Y:%H:%M:%S"),
        (["20240131T120000"], "%Y%m%dT%H%M%S"),
    ],
)
def test_the_form_is_found(strings: list[str], form: str) -> None:
    """Of one text, or of all of them together."""
    assert find_date_format(strings) == (form, None)


@pytest.mark.parametrize(
    "strings",
    [
        [], ["20240131"], ["2024"], ["30.02.2024"], ["31/01/2024", "01/31/2024"], ["2024-13-01"], ["1.2.3"], ["12:30"],
        ["31 Foo 2024"], ["2024-01-31", "soon"], ["2003-04", "2004-05"], ["2000-1", "2000-2"], ["1960-64"],
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(strings: list[str]) -> None:
    """Days that no month has, seasons and terms, plain numbers, two orders in one column."""
    assert find_date_format(strings) is None


@pytest.mark.parametrize(
    ("strings", "may_be"),
    [
        ([f"202401{day:02d}" for day in range(1, 29)], True),
        ([f"2024{month:02d}" for month in range(1, 13)], True),
        ([f"202401{day:02d}120000" for day in range(1, 29)], True),
        ([f"202402{day:02d}" for day in range(1, 32)], False),
        ([f"2024{month:02d}" for month in range(1, 14)], False),
        (["20240131", "20240201"], False),
        ([f"{year}" for year in range(1990, 2020)], False),
    ],
)
def test_numbers_may_be_dates(strings: list[str], may_be: bool) -> None:
    """Where all are, of enough; a year may as well be a number."""
    assert may_be_plain_dates(strings) == may_be


@pytest.mark.parametrize(
    ("text", "form", "day"), [("20240131", "%Y%m%d", 19753), ("202401", "%Y%m", 19723), ("2024", "%Y", 19723)]
)
def test_numbers_are_dates_where_they_are_declared(text: str, form: str, day: int) -> None:
    """As 20240131 is."""
    assert find_date_format([text], declared=True) == (form, None)
    assert to_days([text], form).tolist() == [day]


@pytest.mark.parametrize(
    ("strings", "first", "other"),
    [
        (["01/02/2024", "03/04/2024"], "%m/%d/%Y", "%d/%m/%Y"),
        (["01.02.2024", "03.04.2024"], "%d.%m.%Y", "%m.%d.%Y"),
        (["01-02-2024"], "%d-%m-%Y", "%m-%d-%Y"),
    ],
)
def test_where_nothing_tells_day_from_month_both_are_named(strings: list[str], first: str, other: str) -> None:
    """With slashes the month is first, as pandas has it; with points or hyphens the day."""
    assert find_date_format(strings) == (first, other)


def test_dates_become_days_months_and_weekdays() -> None:
    """2024-01-31, a Wednesday, is day 19,753 since 1970; an offset counts, and half a day is half of one."""
    days = to_days(["31.01.2024", "2024-02-01T12:00:00Z", "2024-02-01T01:00:00+02:00"], "%d.%m.%Y")
    assert days.tolist() == [19753, 19754.5, 19753 + 23 / 24]
    assert iso_strings([*days[:2], np.nan]) == ["2024-01-31", "2024-02-01T12:00:00", None]
    assert months(days).tolist() == [0, 1, 0]
    assert weekdays(days).tolist() == [2, 3, 2]
    assert weekdays(np.array([-1.0])).tolist() == [2]  # 1969-12-31
    with pytest.raises(ValueError, match=r"dates such as 31\.01\.2024, received '31/01/2024'"):
        to_days(["30.01.2024", "31/01/2024"], "%d.%m.%Y")


def test_the_short_and_the_long_name_of_a_month_are_read() -> None:
    """May is both: what was found in a column of Mays must not refuse a June."""
    assert to_days(["May 5, 2024", "June 5, 2024"], "%b %d, %Y").tolist() == [19848, 19879]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.datetime64("2024-01-31"), "2024-01-31T00:00:00"), (20240131, "20240131"), (20240131.0, "20240131"),
        (" 2024-01-31 ", "2024-01-31"),
    ],
)  # fmt: skip
def test_what_programs_pass_on_is_read_too(value: object, text: str) -> None:
    """Moments, and numbers where a column has such dates."""
    assert as_string(value) == text


def test_what_is_no_date_among_dates_is_found() -> None:
    """So that a column that is taken for strings says why."""
    assert stray_among_dates(["2024-01-31", "2024-02-01", "2024-02-02", "soon"]) == ["soon"]
    assert stray_among_dates(["31.01.2024", "01.02.2024", "32.01.2024"]) == ["32.01.2024"]
    assert stray_among_dates(["1960-64", "1965-69"]) == []
    assert stray_among_dates(["a", "b"]) == []


def test_a_form_has_a_year() -> None:
    """In the terms of strftime; anything else is refused where it is set."""
    assert is_date_format("%d.%m.%Y")
    assert is_date_format("%d %b %y %H:%M")
    for form in ("dd.mm.yyyy", "%d.%m.", "%Q %Y", ""):
        assert not is_date_format(form)
