"""A table of one's own divided by groups or in time: what is prepared, recorded, noted and refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glassnet.sources import RawTable
from glassnet.sources.checks import require_sound
from glassnet.tables import PreparedData, prepare, read_prepared, read_raw, write_raw
from glassnet.tables.loading import load_raw
from tests.sources.tables import choice_for, class_of, lines, measured, note, read

VISITS = lines(
    "patient,day,a,y", lambda i: f"p{i // 5},{i // 28 + 1}.{i % 28 + 1}.2024,{measured(i)},{class_of(i // 5)}", 60
)


def prepared(folder: Path, content: str = VISITS, **changes: Any) -> PreparedData:
    """Return what becomes of a file, through the files of fetch."""
    path = folder / "visits.csv"
    path.write_text(content)
    choice = choice_for(path, **changes)
    write_raw(load_raw(choice), folder / "raw")
    prepare(read_raw(folder / "raw"), choice, folder / "prepared")
    # Without the files on the way, the splits are the same.
    prepare(load_raw(choice), choice, folder / "at once")
    assert (folder / "prepared" / "assignment.csv").read_bytes() == (folder / "at once" / "assignment.csv").read_bytes()
    return read_prepared(folder / "prepared")


def splits(data: PreparedData) -> list[str]:
    """Return the split of each row."""
    return pd.read_csv(data.folder / "assignment.csv")["split"].tolist()


@pytest.mark.parametrize("fold", [{}, {"folds": 4, "fold": 2}, {"repetition": 3}])
def test_a_patient_is_in_one_split(tmp_path: Path, fold: dict[str, Any]) -> None:
    """In folds and repetitions too; the column is not learnt from, though it could be, and is left out before it is."""
    data = prepared(tmp_path, group="patient", drop=["day", "patient"], **fold)
    of_row = splits(data)
    for start in range(0, 60, 5):
        assert len(set(of_row[start : start + 5])) == 1
    assert data.preprocessing.feature_names == ["a"]
    assert data.about["groups"]["column"] == "patient"
    assert sum(data.about["groups"]["groups"].values()) == 12
    assert min(data.about["groups"]["groups"].values()) >= 2


def test_groups_are_names(tmp_path: Path) -> None:
    """Equal numbers are one group however they are written; names that differ in case are two, with a note."""
    text = lines("g,a,y", lambda i: f"{i % 6 if i % 2 else f'{i % 6}.0'},{measured(i)},{class_of(i)}")
    assert sorted(set(read(tmp_path, text, group="g").frame["g"])) == ["0.0", "1", "2.0", "3", "4.0", "5"]
    alike = lines("g,a,y", lambda i: f"{'pP'[i % 2]}{i % 6},{measured(i)},{class_of(i)}")
    same = alike.replace("P1", "P2").replace("p0", "p2")
    assert "'P2' and 'p2'" in note(read(tmp_path, same, group="g"), "groups of data.group=g that differ in case")
    each = lines("g,a,y", lambda i: f"{i * 7},{measured(i)},{class_of(i)}")
    assert note(read(tmp_path, each, group="g"), "data.group=g names another group in each row")


def test_the_latest_are_for_testing(tmp_path: Path) -> None:
    """The column is no feature, unless it is in `keep`; the spans are recorded."""
    data = prepared(tmp_path, time="day", drop=["patient"])
    assert splits(data) == ["train"] * 36 + ["validation"] * 12 + ["test"] * 12
    assert data.preprocessing.feature_names == ["a"]
    assert data.about["times"] == {
        "column": "day",
        "spans": {
            "train": ["2024-01-01", "2024-02-08"],
            "validation": ["2024-02-09", "2024-02-20"],
            "test": ["2024-02-21", "2024-03-04"],
        },
        "unused": 0,
    }
    kept = prepared(tmp_path, time="day", drop=["patient"], keep=["day"])
    assert splits(kept) == splits(data)
    assert "day (days)" in kept.preprocessing.feature_names


def test_folds_of_time(tmp_path: Path) -> None:
    """What is later than a fold's validation rows is in no split, and written down so."""
    data = prepared(tmp_path, time="day", drop=["patient"], folds=3, fold=1)
    assert splits(data) == ["train"] * 24 + ["validation"] * 12 + ["unused"] * 12 + ["test"] * 12
    assert data.about["times"]["unused"] == 12
    assert data.about["rows"] == {"train": 24, "validation": 12, "test": 12}


def test_numbers_are_times(tmp_path: Path) -> None:
    """Years, in any order of the rows, with rows left out on the way."""
    text = lines(
        "year,a,y", lambda i: f"{2000 + i * 7 % 30},{measured(i) if i % 9 else ''},{class_of(i) if i % 11 else ''}"
    )
    data = prepared(tmp_path, text, time="year", missing_numeric="drop")
    years = [2000 + i * 7 % 30 for i in range(60) if i % 9 and i % 11]
    of_row = splits(data)
    assert len(of_row) == len(years)
    latest = {split: max(y for y, s in zip(years, of_row, strict=True) if s == split) for split in set(of_row)}
    assert latest["train"] < latest["validation"] < latest["test"]


def test_groups_in_time(tmp_path: Path) -> None:
    """Both: groups by their latest time; training rows that are no earlier than a test row are counted in a note."""
    data = prepared(tmp_path, group="patient", time="day")
    assert splits(data) == ["train"] * 40 + ["validation"] * 10 + ["test"] * 10
    assert not any("as late as" in said for said in data.about["notes"])
    mixed = lines("patient,day,a,y", lambda i: f"p{i % 12},{100 + i},{measured(i)},{class_of(i)}")
    notes = prepared(tmp_path, mixed, group="patient", time="day").about["notes"]
    assert any("of 40 training rows are as late as the first test row, or later" in said for said in notes)


def test_what_a_split_lacks_is_noted(tmp_path: Path) -> None:
    """A class that ended before the test rows began; one that begins after the training rows is refused."""
    early = lines("day,a,y", lambda i: f"{i},{measured(i)},{'pqr'[i % 3] if i < 30 else 'pq'[i % 2]}")
    notes = prepared(tmp_path, early, time="day").about["notes"]
    assert "with data.time=day there are no test rows of class 'r', whose scores say nothing of it" in notes
    late = lines("day,a,y", lambda i: f"{i},{measured(i)},{'pq'[i % 2] if i < 50 else 'pqr'[i % 3]}")
    with pytest.raises(
        ValueError, match=r"received none of r, of which there are other rows; data\.time=day puts them"
    ):
        prepared(tmp_path, late, time="day")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"group": "y"}, "expected data.group to name a column beside the target, received 'y'"),
        ({"time": "y"}, "expected data.time to name a column beside the target"),
        ({"group": "patent"}, "did you mean data.group=patient?"),
        ({"time": "a", "group": "a"}, "expected different columns in data.group and data.time"),
        ({"group": "patient", "keep": ["patient"]}, "which is data.group: rows of the test split are of groups"),
        ({"time": "patient"}, "expected dates or numbers in data.time='patient', received 'p0'"),
        ({"time": "day", "categorical": ["day"]}, "which data.categorical takes for categories"),
        (
            {"group": "patient", "folds": 12},
            "data.group=patient: expected 13 groups or more, one for 12 folds and test",
        ),
        ({"time": "day", "folds": 3, "repetition": 1}, "data.time=day: expected repetition=0 with folds by time"),
    ],
)
def test_nonsense_is_one_line(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """What was expected, what came, and where."""
    with pytest.raises(ValueError, match="expected") as caught:
        prepared(tmp_path, **changes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "changes", "said"),
    [
        (
            lambda i: "x",
            {"group": "g"},
            "expected 3 groups or more in data.group='g', one for each split, received 'x' alone",
        ),
        (lambda i: "" if i in (7, 9) else i % 5, {"group": "g"}, "received 2 rows without, the first is row 9 below"),
        (
            lambda i: "" if i == 7 else i,
            {"time": "g"},
            "data.time='g', received 1 rows without, the first is row 9 below",
        ),
        (lambda i: 2024, {"time": "g"}, "data.time=g: expected 3 different times or more"),
        (lambda i: f"{i % 24}:30", {"time": "g"}, "expected dates or numbers in data.time='g', received '0:30'"),
    ],
)
def test_columns_that_will_not_do(tmp_path: Path, value: Any, changes: dict[str, Any], said: str) -> None:
    """Rows of the file are counted as they stand in it, the wholly empty and those without a target too."""
    text = lines(
        "g,a,y", lambda i: (",,\n" if i == 3 else "") + f"{value(i)},{measured(i)},{class_of(i) if i != 5 else ''}"
    )
    with pytest.raises(ValueError, match="expected") as caught:
        prepared(tmp_path, text, **changes)
    assert said in str(caught.value)


def _own(**changes: Any) -> RawTable:
    frame = pd.DataFrame(
        {"a": np.arange(30.0), "who": np.arange(30) // 3, "day": [f"2024-01-{i + 1:02d}" for i in range(30)]}
    )
    frame["y"] = [class_of(i) for i in range(30)]
    given = {"group": "who", "time": "day", "dates": {"day": "ISO 8601"}} | changes
    return RawTable("own", "a test", frame, ("a",), "y", class_names=("p", "q"), **given)


def test_a_source_of_ones_own_has_groups_and_times() -> None:
    """It says so of its table, and what is wrong with them is one line."""
    require_sound(_own())
    require_sound(_own(time="a", dates={}))
    for changes, said in (
        ({"group": "whom"}, "expected group to be one column of the frame beside the target, received 'whom'"),
        ({"group": "a"}, "expected group to be no feature"),
        ({"time": "y", "dates": {}}, "expected time to be one column of the frame beside the target"),
        ({"dates": {}}, "expected finite numbers in 'day', as time, unless dates names it"),
        ({"time": "who", "group": None, "dates": {"who": "ISO 8601"}}, "expected dates in ISO's form in 'who'"),
    ):
        with pytest.raises(ValueError, match=said):
            require_sound(_own(**changes))
