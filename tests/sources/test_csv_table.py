"""A user's own CSV, as people have them: what is understood, and what is refused in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glassnet.sources import DataChoice, MissingRules, RawTable
from glassnet.tables import TablePreprocessing, load_raw, prepare, read_prepared, read_raw, write_raw
from tests.settings import data_choice


def _settings(path: Path, **changes: Any) -> DataChoice:
    return data_choice("csv", **{"path": str(path), "target": "y", **changes})


def _read(path: Path, content: str | bytes, **changes: Any) -> RawTable:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table = load_raw(_settings(path, **changes))
    assert isinstance(table, RawTable)
    return table


def _lines(header: str, row: Any, rows: int = 30) -> str:
    return header + "\n" + "".join(row(i) + "\n" for i in range(rows))


_PIXELS = [f"{value % 7}.125" for value in range(800)]
MIXED = _lines(
    "id;Größe;colour;flag;same;remark;y",
    lambda i: (
        f"{i};{i * 7 % 31 / 4 if i % 7 else 'NA'};{['red', 'green', ''][i % 3]};{'true' if i % 4 else 'false'};7;"
        f'"text {i}; ""quoted""" ;{"yes" if i % 2 else "no"}'
    ),
)


def test_a_file_from_a_spreadsheet_is_understood(tmp_path: Path) -> None:
    """BOM, semicolons, quotes, missing values, strings, booleans; what is left out is said to be."""
    table = _read(tmp_path / "a.csv", "\ufeff" + MIXED, drop=["id"], most_categories=10)
    assert table.features == ("Größe", "colour", "flag")
    assert table.categorical == ("colour", "flag")
    assert (table.task, table.class_names) == ("classification", ("no", "yes"))
    assert table.frame["Größe"].isna().sum() == 5
    assert table.frame["colour"].isna().sum() == 10
    assert len(table.notes) == 2
    assert "constant or empty: same" in table.notes[0]
    assert "remark (30 different strings" in table.notes[1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    """Also where another one occurs inside quotes, and decimals have a comma."""
    text = _lines(delimiter.join("aby"), lambda i: delimiter.join([f'"{i},5"', str(i % 3), "pq"[i % 2]]))
    table = _read(tmp_path / "a.csv", text, decimal=",")
    assert table.features == ("a", "b")
    assert table.frame["a"].tolist() == [i + 0.5 for i in range(30)]


@pytest.mark.parametrize(
    ("values", "task", "names"),
    [
        (["1", "0"], "classification", ("0", "1")),
        (["True", "False"], "classification", ("False", "True")),
        (["10", "9", "100"], "classification", ("9", "10", "100")),
        (["Chablis, old", "Médoc"], "classification", ("Chablis, old", "Médoc")),
        ([f"{i}.5" for i in range(30)], "regression", ()),
        ([str(i * i) for i in range(30)], "regression", ()),
    ],
)
def test_the_task_follows_from_the_target(tmp_path: Path, values: list[str], task: str, names: tuple[str, ...]) -> None:
    """Integers, booleans, strings; class ids in the order of numbers, not of digits; names as they are."""
    text = _lines("a,y", lambda i: f'{i},"{values[i % len(values)]}"')
    table = _read(tmp_path / "a.csv", text)
    assert (table.task, table.class_names) == (task, names)


@pytest.mark.parametrize(
    ("content", "changes", "part"),
    [
        ("", {}, "empty file"),
        (" \n\n", {}, "empty file"),
        (bytes(range(256)) * 20, {}, "binary data"),
        ("a,y\n", {}, "expected rows below the header"),
        ("a,y\n1,2\n1,2,3\n", {}, "received 3 in row 2"),
        ("a,a,y\n1,2,x\n", {}, "more than one called a"),
        ("a,y\n1,\u00e9\n".encode("latin-1"), {}, "set data.encoding"),
        ('a,y\n"1,2\n3,4\n', {}, "received in row 1 below the header a quotation mark that is never closed"),
        (
            _lines("y,a,c", lambda i: f"{'pq'[i % 2]},{i},{chr(34) if i == 9 else ''}x"),
            {},
            "in row 10 below the header",
        ),
        ('y,a\np,1\nq,2\np,"', {}, "in row 3 below the header a quotation mark that is never closed"),
        (_lines("a,b", lambda i: f"{i},p"), {}, "expected data.target to name one of the columns a, b, received 'y'"),
        (_lines("a,y", lambda i: f"{i},p"), {"target": None}, "received none"),
        (_lines("a,y", lambda i: f"{i},{'pq'[i % 2]}"), {"drop": ["z"]}, "received z"),
        (_lines("a,y", lambda i: f"{i},{'pq'[i % 2]}"), {"drop": ["y"]}, "received the target 'y' among them"),
        (_lines("a,y", lambda i: f"{i if i else 'inf'},{'pq'[i % 2]}"), {}, "infinite ones in a"),
        (_lines("a,y", lambda i: f"5,{'pq'[i % 2]}"), {}, "none that is usable: left out as constant"),
        (_lines("a,y", lambda i: f"{i},p"), {}, "at least two classes"),
        (_lines("a,y", lambda i: f"{i},{'pq'[i % 2] if i else 'rare'}"), {}, "received 1 of 'rare'; set data.rare_cl"),
        (
            _lines("a,y", lambda i: f"{i},{'pq'[i % 2] if i else ''}"),
            {"missing_target": "error"},
            "received 1 rows without, the first is row 1 below the header; set data.missing_target=drop",
        ),
        (_lines("a,y", lambda i: f"{i},"), {}, "expected a value of the target 'y' in some row, received none"),
        (_lines("a,y", lambda i: f"{i},{'pq'[i % 2]}"), {"task": "regression"}, "numbers in the target"),
        (_lines("a,y", lambda i: f"{i},3"), {"task": "regression"}, "that varies"),
        (_lines("a,y", lambda i: f"{i},{i if i else 'NAN'}"), {}, "finite numbers in the target 'y', received 'NAN'"),
        (_lines("a,y", lambda i: f",{'pq'[i % 2]}"), {}, "none that is usable"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    tmp_path: Path, content: str | bytes, changes: dict[str, Any], part: str
) -> None:
    """The file, what was expected, what was received."""
    with pytest.raises(ValueError, match="expected") as caught:
        _read(tmp_path / "a.csv", content, **changes)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("note;a;b;y", lambda i: f'"a remark, of\nthree\r\nlines";{i % 7};{i % 5};{"pq"[i % 2]}'),
        ("note;a;b;y", lambda i: f"one\u2028two, three;{i % 7};{i % 5};{'pq'[i % 2]}"),
        (";".join([*(f"p{c}" for c in range(784)), "y"]), lambda i: ";".join([*_PIXELS[i % 7 :][:784], "pq"[i % 2]])),
        ("\t".join([*(f"p{c}" for c in range(784)), "y"]), lambda i: "\t".join([*_PIXELS[i % 7 :][:784], "pq"[i % 2]])),
    ],
)
def test_the_delimiter_is_found_by_rows_not_by_lines(tmp_path: Path, header: str, row: Any) -> None:
    """Where fields hold line breaks or what some take for them, and rows are longer than a page."""
    table = _read(tmp_path / "a.csv", _lines(header, row, 400))
    assert table.features in (("a", "b"), tuple(f"p{c}" for c in range(784)))
    assert (len(table.frame), table.class_names) == (400, ("p", "q"))
    write_raw(table, tmp_path / "raw")
    again = read_raw(tmp_path / "raw")
    assert isinstance(again, RawTable)
    pd.testing.assert_frame_equal(again.frame, table.frame)


def test_rows_of_different_lengths_are_told_by_the_delimiter_of_the_header(tmp_path: Path) -> None:
    """Not by one that divides nothing."""
    with pytest.raises(ValueError, match=r"expected 3 fields in every row.*\(delimiter ';'\), received 4 in row 7"):
        _read(tmp_path / "a.csv", _lines("a;b;y", lambda i: f"{i};2;{'pq'[i % 2]}" + (";" if i == 6 else "")))


def test_one_column_alone_hints_at_the_delimiter(tmp_path: Path) -> None:
    """In a line that stays short, however long the header is."""
    text = _lines("~".join([*(f"column {c}" for c in range(100)), "y"]), lambda i: "~".join(["0"] * 101))
    with pytest.raises(ValueError, match=r"set data\.delimiter to what divides the fields") as caught:
        _read(tmp_path / "a.csv", text)
    assert len(str(caught.value)) < 400


def test_a_field_without_end_is_no_matter_of_the_delimiter(tmp_path: Path) -> None:
    """A quotation mark that is never closed swallows the rest of the file."""
    text = _lines("a,note,y", lambda i: f"{i},{chr(34) if i == 9 else ''}{'text' * 50},{'pq'[i % 2]}", 1000)
    with pytest.raises(
        ValueError, match=r"in row 10 below the header a field of more than 131072 characters; is a quot"
    ):
        _read(tmp_path / "a.csv", text)


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "utf-16"), ("utf-16-le", "UTF-16LE"), ("utf-32", "UTF32"), ("utf-8-sig", "UTF-8"),
        ("utf-8-sig", "utf8"), ("cp1252", "windows-1252"),
    ],
)  # fmt: skip
def test_encodings_go_by_all_their_names(tmp_path: Path, encoding: str, named: str) -> None:
    """With a byte order mark or without."""
    text = _lines("größe,y", lambda i: f"{i},{'pq'[i % 2]}")
    table = _read(tmp_path / "a.csv", text.encode(encoding), encoding=named)
    assert table.features == ("größe",)
    if encoding == "utf-16":
        with pytest.raises(ValueError, match=r"received UTF-16; set data\.encoding=utf-16"):
            _read(tmp_path / "a.csv", text.encode(encoding))


def test_what_python_alone_takes_for_a_number_is_a_text(tmp_path: Path) -> None:
    """An underscore between digits is part of a code."""
    table = _read(tmp_path / "a.csv", _lines("a,y", lambda i: f"{i % 3}_0,{i % 2}_{i % 2}"))
    assert table.categorical == ("a",)
    assert table.class_names == ("0_0", "1_1")


def test_decimal_commas_that_were_not_declared_are_noticed(tmp_path: Path) -> None:
    """In a column to learn from, which becomes strings; and in the target."""
    text = _lines("a;b;y", lambda i: f"{i % 5},5;-{i % 7},25;{'pq'[i % 2]}")
    table = _read(tmp_path / "a.csv", text)
    assert table.categorical == ("a", "b")
    assert "numbers with a decimal comma: a, b; set data.decimal" in table.notes[0]
    assert _read(tmp_path / "a.csv", text, decimal=",").notes == ()
    with pytest.raises(ValueError, match=r"data\.task=regression, and data\.decimal, since they have a decimal comma"):
        _read(tmp_path / "a.csv", _lines("a;y", lambda i: f"{i};{i},5"))


def test_points_that_part_thousands_are_no_decimals(tmp_path: Path) -> None:
    """Where the comma is the decimal separator, 1.500 is not one and a half; that it is read as 1500 is said."""
    text = _lines("a;b;y", lambda i: f"{['900', '1.500', '2.300'][i % 3]};{i % 7},5;{'pq'[i % 2]}")
    table = _read(tmp_path / "a.csv", text, decimal=",")
    assert table.frame["a"].tolist()[:3] == [900, 1500, 2300]
    assert table.notes == ("read as numbers: a ('1.500')",)


def test_rare_whole_numbers_have_no_decimal_comma(tmp_path: Path) -> None:
    """The advice for classes of few rows is about what the target holds."""
    with pytest.raises(ValueError, match=r"or data\.task=regression if it is a quantity"):
        _read(tmp_path / "a.csv", _lines("a,y", lambda i: f"{i},{i % 2 if i else 7}"))


def test_a_mark_of_gaps_that_was_not_declared_is_noticed(tmp_path: Path) -> None:
    """One string among numbers turns them all into strings, whether they are few or so many that they are left out."""
    for different in (20, 200):
        text = _lines("a,b,y", lambda i, n=different: f"{i % 7},{i % n / 4 if i % 5 else '--'},{'pq'[i % 11 % 2]}", 200)
        table = _read(tmp_path / "a.csv", text)
        said = "though most are numbers: b ('--'); declare in data.missing_values what marks a missing value ("
        assert f"{said}\"data.missing_values=['--']\")" in table.notes[-1]
        assert _read(tmp_path / "a.csv", text, missing_values=["--"]).notes == ()


@pytest.mark.parametrize(
    ("header", "row", "note"),
    [
        ("a,y,", "{a},{y},", "the column without a name was left out"),
        ("a,y,, ,", "{a},{y},,,", "3 columns without a name were left out"),
        (",a,y,", "{a},{a},{y},x", "2 columns without a name were left out"),
    ],
)
def test_columns_without_a_name_are_left_out(tmp_path: Path, header: str, row: str, note: str) -> None:
    """Row numbers in front, and the empty columns that a spreadsheet adds behind; however many there are."""
    table = _read(tmp_path / "a.csv", _lines(header, lambda i: row.format(a=i % 7, y="pq"[i % 2])))
    assert table.features == ("a",)
    assert table.notes == (note,)


@pytest.mark.parametrize(
    ("value", "rule", "names"),
    [
        ("Y", {"missing_categorical": "own_category"}, ["a", "f = Y", "f = (missing)"]),
        ("1", {"missing_indicator": True}, ["a", "f", "f is missing"]),
        ("Y", {}, ["a"]),
        ("1", {}, ["a"]),
    ],
)
def test_one_value_or_none_is_no_constant_where_gaps_are_marked(
    tmp_path: Path, value: str, rule: dict[str, Any], names: list[str]
) -> None:
    """A box that is ticked or left blank says something, if the rule for missing values keeps them apart."""
    text = _lines("a,f,y", lambda i: f"{i * 37 % 101 / 4},{value if i % 3 else ''},{'pq'[i % 2]}")
    table = _read(tmp_path / "a.csv", text, **rule)
    prepare(table, _settings(tmp_path / "a.csv", **rule), tmp_path / "prepared")
    prepared = read_prepared(tmp_path / "prepared")
    assert prepared.preprocessing.feature_names == names
    assert prepared.about["notes"] == ([] if rule else ["left out as constant or empty: f"])


@pytest.mark.parametrize(
    ("strings", "decimal", "numbers"),
    [
        (("950", "1,200", "-3,450"), ".", [950, 1200, -3450]),
        (("1,234,560", "2,345,678", "3,456,789"), ".", [1234560, 2345678, 3456789]),
        (("1,234.5", "2,345.0", "3,456.7"), ".", [1234.5, 2345, 3456.7]),
        (("1.234,5", "17", "3.456,7"), ",", [1234.5, 17, 3456.7]),
    ],
)
def test_thousands_are_not_taken_for_decimals(
    tmp_path: Path, strings: tuple[str, str, str], decimal: str, numbers: list[float]
) -> None:
    """Read by the other decimal separator, 1,200 would be less than 950; in the target too."""
    text = _lines("a;b;y", lambda i: f"{strings[i % 3]};{i % 7};{'pq'[i % 2]}")
    table = _read(tmp_path / "a.csv", text, decimal=decimal)
    assert table.frame["a"].tolist()[:3] == numbers
    assert table.notes[0].startswith("read as numbers: a ('")
    assert "data.decimal" not in " ".join(table.notes)
    target = _read(tmp_path / "a.csv", text, decimal=decimal, target="a", task="regression")
    assert target.frame["a"].tolist()[:3] == numbers


def test_numbers_with_three_digits_after_the_other_sign_may_be_decimals(tmp_path: Path) -> None:
    """Nothing tells 1,234 from 1.234 where each number has one comma; both are as good to learn from, and one is noted.

    Where the comma is known to be the decimal separator, the point is none.
    """
    text = _lines("a;b;y", lambda i: f"1,{100 + i * 7 % 40};{i};{'pq'[i % 2]}")
    said = "read as numbers whose thousands a comma parts{} ('1,100'); if it stands for decimals, set data.decimal"
    table = _read(tmp_path / "a.csv", text)
    assert table.frame["a"].tolist()[:2] == [1100, 1107]
    assert said.format(": a") in " ".join(table.notes)
    table = _read(tmp_path / "a.csv", text, decimal=",")
    assert table.frame["a"].tolist()[:2] == [1.1, 1.107]
    table = _read(tmp_path / "a.csv", text, target="a", task="regression")
    assert table.frame["a"].tolist()[:2] == [1100, 1107]
    assert said.format("") in " ".join(table.notes)
    table = _read(tmp_path / "a.csv", text.replace("1,", "1."), decimal=",")
    assert table.frame["a"].tolist()[:2] == [1100, 1107]
    assert "data.decimal" not in " ".join(table.notes)


def test_strings_that_are_numbers_and_none_are_missing_wherever_that_counts(tmp_path: Path) -> None:
    """NAN is one however it is written; where rows with missing values are to be left out, its rows are."""
    text = _lines("a,b,y", lambda i: f"{'NAN' if i % 10 == 4 else i / 4},{i % 7},{'pq'[i // 2 % 2]}")
    assert _read(tmp_path / "a.csv", text).frame["a"].isna().sum() == 3
    table = _read(tmp_path / "a.csv", text, missing_numeric="drop")
    assert len(table.frame) == 27
    assert table.notes == ("3 rows with missing values were left out, and are not counted in row numbers",)


def test_spaces_before_a_quotation_mark_are_no_text(tmp_path: Path) -> None:
    """As some programs write after each delimiter; a delimiter inside quotation marks divides nothing."""
    table = _read(tmp_path / "a.csv", _lines("a, b, y", lambda i: f'{i}, "u, v{i % 3}", {"pq"[i % 2]}'))
    assert sorted(set(table.frame["b"])) == ["u, v0", "u, v1", "u, v2"]


def test_a_carriage_return_in_a_text_survives_the_raw_files(tmp_path: Path) -> None:
    """Fetched and read back as DVC has it, the table is the one that a run by hand has."""
    text = _lines("a,note,y", lambda i: f'{i},"one\rtwo\r\nthree{i % 2}","p\r{"qr"[i % 2]}"', 60)
    table = _read(tmp_path / "a.csv", text)
    write_raw(table, tmp_path / "raw")
    again = read_raw(tmp_path / "raw")
    assert isinstance(again, RawTable)
    pd.testing.assert_frame_equal(again.frame, table.frame)
    assert len(again.frame) == 60


def test_ten_thousand_columns_of_text_are_one_short_line(tmp_path: Path) -> None:
    """Whether each cell is different, or the few strings would make too many features."""
    header = ",".join([*(f"t{column}" for column in range(10_000)), "y"])
    for cell, part in ((lambda i, c: f"w{i}-{c}", "none that is usable"), (lambda i, c: f"w{i % 3}", "at most 10000")):
        text = _lines(header, lambda i, cell=cell: ",".join([*(cell(i, c) for c in range(10_000)), "pq"[i % 2]]), 12)
        with pytest.raises(ValueError, match=part) as caught:
            _read(tmp_path / "a.csv", text, most_categories=5)
        assert len(str(caught.value)) < 1000


def test_gaps_in_what_is_left_out_cost_no_row(tmp_path: Path) -> None:
    """A column of remarks that is mostly empty, say; nor may rows that are left out bring it back."""
    text = _lines(
        "a,c,remark,y",
        lambda i: f'{i * 37 % 101 / 4 if i % 9 else ""},"{i % 2},5",{f"r{i}" if i % 3 else ""},{"pq"[i // 2 % 2]}',
    )
    rules = {"missing_numeric": "drop", "missing_categorical": "drop", "most_categories": 19}
    table = _read(tmp_path / "a.csv", text, **rules)
    assert table.features == ("a", "c")
    assert len(table.frame) == 26
    assert [note.partition(" ")[0] for note in table.notes] == ["left", "taken", "4"]


def test_rare_classes_may_be_left_out(tmp_path: Path) -> None:
    """And are named."""
    text = _lines("a,y", lambda i: f"{i},{'pq'[i % 2] if i else 'rare'}")
    table = _read(tmp_path / "a.csv", text, rare_classes="drop")
    assert table.class_names == ("p", "q")
    assert len(table.frame) == 29
    assert table.notes[-1] == "left out, fewer than 3 rows each, and not counted in row numbers: classes rare"


@pytest.mark.parametrize(
    ("rules", "rows"),
    [
        ({}, 30),
        ({"missing_numeric": "mean", "missing_indicator": True, "missing_categorical": "own_category"}, 30),
        ({"missing_numeric": "drop"}, 25),
        ({"missing_numeric": "drop", "missing_categorical": "drop"}, 16),
    ],
)
def test_gaps_are_filled_by_rules_learnt_on_training_rows(tmp_path: Path, rules: dict[str, Any], rows: int) -> None:
    """Written and read back, split and prepared: finite features, standardized over the training rows."""
    settings = _settings(tmp_path / "a.csv", drop=["id"], most_categories=10, **rules)
    table = _read(tmp_path / "a.csv", MIXED, drop=["id"], most_categories=10, **rules)
    assert len(table.frame) == rows
    write_raw(table, tmp_path / "raw")
    again = read_raw(tmp_path / "raw")
    assert isinstance(again, RawTable)
    sizes = prepare(again, settings, tmp_path / "prepared")
    assert sum(sizes.values()) == rows
    direct = prepare(table, settings, tmp_path / "direct")
    assert direct == sizes
    prepared = read_prepared(tmp_path / "prepared")
    X = np.asarray(prepared.split("train").X)
    assert np.isfinite(X).all()
    assert X.tobytes() == np.asarray(read_prepared(tmp_path / "direct").split("train").X).tobytes()
    assert X.shape[1] == len(prepared.preprocessing.feature_names)
    if rules.get("missing_indicator"):
        assert "Größe is missing" in prepared.preprocessing.feature_names
        assert "colour = (missing)" in prepared.preprocessing.feature_names


def test_prediction_takes_raw_rows_with_unseen_categories_and_missing_values() -> None:
    """An unseen category becomes zeros and is declared; a missing value is filled as in training, whatever its form."""
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan, 4.0], "c": ["u", "v", "u", "u"], "b": ["true", "false"] * 2})
    rules = MissingRules("median", "most_frequent")
    fitted = TablePreprocessing.fit(frame, ("a", "c", "b"), ("c", "b"), rules)
    assert fitted.feature_names == ["a", "c = u", "c = v", "b = false", "b = true"]
    new = pd.DataFrame({"a": [2.0, np.nan], "c": ["w", None], "b": [True, False], "more": ["x", "y"]})
    X = fitted.transform(new)
    assert X[:, 0].tolist() == [0.0, 0.0] or np.isfinite(X[:, 0]).all()
    assert X[:, 1:].tolist() == [[0, 0, 0, 1], [1, 0, 1, 0]]
    assert X[0, 0] == X[1, 0]  # the median of 1, 2 and 4 is 2
    assert fitted.unseen_categories(new) == {"c": ["w"]}
    assert fitted.unseen_categories(frame) == {}
    assert fitted.unseen_categories(new.assign(c="U", b="TRUE")) == {
        "b": ["TRUE"],
        "c": ["U"],
    }  # a string is what it is
    assert fitted.unseen_categories(new.assign(b="True")) == {"c": ["w"]}  # or what a program made of a truth value
    with pytest.raises(ValueError, match=r"received none of these: \['c'\]"):
        fitted.transform(new.drop(columns="c"))
    with pytest.raises(ValueError, match="expected numbers in a"):
        fitted.transform(new.assign(a=["x", "y"]))
