"""Raw values from files and programs: read as the table was, whatever types they come in, or named with their row."""

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glassnet.columns.raw_values import UnreadableError
from glassnet.sources import MissingRules
from glassnet.tables import TablePreprocessing, preprocessing_from_json

FRAME = pd.DataFrame(
    {
        "share": [12.0, 7.0, np.nan, 3.0],
        "when": ["2024-01-31", "2024-02-29", None, "2024-03-01T12:00:00"],
        "code": ["1", "2", "2", None],
    }
)
RULES = MissingRules("median", "own_category", indicator=True, values=("NA", "-999"))


def _fitted() -> TablePreprocessing:
    fitted = TablePreprocessing.fit(
        FRAME, ("share", "when", "code"), ("code",), RULES, {"share": {"suffix": "%"}}, {"when": "%d.%m.%Y"}
    )
    again = preprocessing_from_json(json.loads(json.dumps(fitted.to_json())))
    assert isinstance(again, TablePreprocessing)
    return again


@pytest.mark.parametrize(
    "rows",
    [
        {"share": ["12%", "7 %", "NA", "3%"], "when": ["31.01.2024", "29.2.2024", "NA", "2024-03-01T12:00:00"],
         "code": ["1.0", "2", "02", ""]},
        {"share": [12, 7, -999, 3], "when": [datetime.date(2024, 1, 31), datetime.datetime(2024, 2, 29), None,
         pd.Timestamp("2024-03-01 12:00")], "code": [1, 2, 2, None]},
        {"share": [12.0, 7.0, -999.0, 3.0], "when": np.array(["2024-01-31", "2024-02-29", "NaT", "2024-03-01T12:00"],
         dtype="datetime64[s]"), "code": [1.0, 2.0, 2.0, np.nan]},
        {"share": ["12", " 7 ", "-999.0", 3], "when": ["2024-01-31", "2024-02-29", " ", "2024-03-01 12:00"],
         "code": ["1", "2", "2", "-999"]},
    ],
    ids=["as in the file", "as a program has them", "as pandas reads them", "as a mixture"],
)  # fmt: skip
def test_rows_are_read_in_whatever_form_they_come(rows: dict[str, Any]) -> None:
    """Markers of missing values too: the number -999 as the string."""
    fitted = _fitted()
    assert fitted.transform(pd.DataFrame(rows)).tobytes() == fitted.transform(FRAME).tobytes()
    assert fitted.unseen_categories(pd.DataFrame(rows)) == {}


def test_what_the_training_rows_did_not_have_is_listed() -> None:
    """Months and weekdays of dates among it: they become zeros, as a category does."""
    fitted = _fitted()
    later = pd.DataFrame({"share": ["1%"], "when": ["05.06.2024"], "code": ["3"]})  # a Wednesday, as 2024-01-31
    assert fitted.unseen_categories(later) == {"when": ["June"], "code": ["3"]}
    names = dict(zip(fitted.feature_names, fitted.transform(later)[0].tolist(), strict=True))
    assert names["when on Wednesday"] == 1
    assert sum(value for name, value in names.items() if " in " in name) == 0


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("share", "12 kg", r"expected numbers in share, received '12 kg' in row 1, from 0"),
        ("share", "many", r"expected numbers in share, received 'many' in row 1"),
        ("share", [1], r"expected numbers in share, received \[1\] in row 1"),
        ("when", "01/31/2024", r"expected dates such as 31\.01\.2024 in when, received '01/31/2024' in row 1"),
        ("when", 17.5, r"in when, received '17\.5' in row 1"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_row(column: str, value: Any, said: str) -> None:
    """Of a long file one would search for it in vain."""
    rows = FRAME.astype(object)
    rows.at[1, column] = value
    with pytest.raises(UnreadableError, match=said):
        _fitted().transform(rows)


def test_models_of_before_read_plain_numbers() -> None:
    """Their columns have no form, and their markers are strings alone, or none."""
    column = {"name": "a", "kind": "numeric", "mean": 2.0, "scale": 2.0, "fill": 4.0, "indicator": False, "gaps": 1}
    text = {"name": "t", "kind": "categorical", "categories": ["u", "v"], "fill": "u", "gaps": 0}
    for extra in ({}, {"gap_marks": ["?"]}):
        old = preprocessing_from_json({"kind": "table", "columns": [column, text], **extra})
        assert isinstance(old, TablePreprocessing)
        rows = pd.DataFrame({"a": ["6", None, 2], "t": ["v", "u", "w"]})
        assert old.transform(rows).tolist() == [[2, 0, 1], [1, 1, 0], [0, 0, 0]]


def test_a_missing_value_that_no_rule_fills_is_named_with_its_row() -> None:
    """As after missing_numeric=drop, which leaves such rows out of the table."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0]})
    fitted = TablePreprocessing.fit(frame, ("a",), missing=MissingRules("drop"))
    with pytest.raises(ValueError, match=r"finite numbers in a, received 1 missing ones, the first in row 2, from 0"):
        fitted.transform(pd.DataFrame({"a": [1.0, 2.0, None]}))


def test_decimal_commas_are_read_in_later_rows() -> None:
    """As in the table; a point is none there."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "t": ["1,5", "2", "2"]})
    forms = {"a": {"decimal": ","}, "t": {"decimal": ","}}
    fitted = TablePreprocessing.fit(frame, ("a", "t"), ("t",), forms=forms)
    assert (
        fitted.transform(pd.DataFrame({"a": ["1,0"], "t": ["1,50"]})).tobytes() == fitted.transform(frame[:1]).tobytes()
    )
    with pytest.raises(UnreadableError, match=r"received '1\.5'"):
        fitted.transform(pd.DataFrame({"a": ["1.5"], "t": ["2"]}))
