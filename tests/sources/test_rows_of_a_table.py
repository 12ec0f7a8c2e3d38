"""Which rows of a file are rows of the table: titles, names, empty records and rows without a target are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.tables import prepare, read_prepared
from tests.sources.tables import choice_for, class_of, lines, measured, note, read


def test_rows_without_a_target_are_left_out_and_no_others(tmp_path: Path) -> None:
    """One of 60 rows; that income is missing in 30 costs none of them."""
    text = lines(
        "age,income,y", lambda i: f"{measured(i)},{measured(-i) if i % 2 else ''},{class_of(i) if i != 17 else ''}"
    )
    table = read(tmp_path, text)
    assert len(table.frame) == 59
    assert table.frame["income"].isna().sum() == 30
    said = (
        "1 row was left out, having no value of the target 'y', and not counted in row numbers: row 18 below the header"
    )
    assert table.notes == (said,)
    with pytest.raises(
        ValueError, match=r"received 1 rows without, the first is row 18 below the header; set data\.missing"
    ):
        read(tmp_path, text, missing_target="error")
    prepare(table, choice_for(tmp_path / "a.csv"), tmp_path / "prepared")
    prepared = read_prepared(tmp_path / "prepared")
    assert said in prepared.about["notes"]
    assignment = (tmp_path / "prepared/assignment.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in assignment[1:]] == [str(row) for row in range(59)]
    rows = np.concatenate([prepared.rows(split) for split in ("train", "validation", "test")])
    assert sorted(rows.tolist()) == list(range(59))


@pytest.mark.parametrize("marker", ["NA", "#N/A", "None", "n/a", "<NA>", "?", " "])
@pytest.mark.parametrize("value", [class_of, measured])
def test_what_marks_a_missing_target_is_named(tmp_path: Path, marker: str, value: Any) -> None:
    """Where a marker was a class of its own, the note says which setting decides."""
    table = read(tmp_path, lines("a,y", lambda i: f"{measured(i)},{marker if i % 10 == 3 else value(i)}"))
    assert len(table.frame) == 54
    said = note(table, "6 rows were left out, having no value of the target 'y'")
    assert ("row 4, 14, 24, 34, 44, 54 below the header" in said) is True
    decides = f"read as missing there: {marker!r} in 6, which data.missing_values decides"
    assert (decides in said) is bool(marker.strip())


def test_the_rule_for_features_stays_apart(tmp_path: Path) -> None:
    """missing_numeric=drop is about the features; both counts are said."""
    text = lines("a,b,y", lambda i: f"{measured(i) if i % 6 else ''},{measured(-i)},{class_of(i) if i % 10 else ''}")
    table = read(tmp_path, text, missing_numeric="drop")
    assert len(table.frame) == 60 - 6 - 8
    assert note(table, "having no value of the target").startswith("6 rows were left out")
    assert note(table, "with missing values").startswith("8 rows with missing values were left out")
    assert table.frame["a"].notna().all()


@pytest.mark.parametrize("record", [",,", " , ,", '"","",""', ",,,,"])
@pytest.mark.parametrize("rule", ["drop", "error"])
def test_wholly_empty_records_are_no_rows(tmp_path: Path, record: str, rule: str) -> None:
    """Excel's, however long they are: nothing is missing in them."""
    text = lines("a,b,y", lambda i: f"{measured(i)},{measured(-i)},{class_of(i)}" if i % 20 != 5 else record)
    table = read(tmp_path, text, missing_target=rule, missing_numeric="drop")
    assert len(table.frame) == 57
    assert table.notes == (
        "3 rows were left out as wholly empty, and not counted in row numbers: row 6, 26, 46 below the header",
    )


def test_rows_are_counted_as_they_stand_in_the_file(tmp_path: Path) -> None:
    """A row without a target behind an empty one, and one that is too short."""
    text = lines("a,y", lambda i: {5: ",", 7: f"{measured(i)},"}.get(i, f"{measured(i)},{class_of(i)}"))
    assert "row 8 below the header" in note(read(tmp_path, text), "no value of the target")
    with pytest.raises(ValueError, match=r"received 1 in row 61 after it"):
        read(tmp_path, text + "5\n")


def test_names_of_rows_as_r_writes_them_are_left_out(tmp_path: Path) -> None:
    """write.table's header is one field short; by default a space divides the fields."""
    for delimiter in (" ", ",", "\t", ";"):
        rows = [delimiter.join([f'"{i + 1}"', measured(i), measured(-i), f'"{class_of(i)}"']) for i in range(60)]
        table = read(tmp_path, "\n".join([delimiter.join(['"a"', '"b"', '"y"']), *rows]) + "\n")
        assert table.features == ("a", "b")
        assert table.frame["a"].tolist() == [float(measured(i)) for i in range(60)]
        assert table.notes == (
            "the first field of each row was left out as its name, since the header has one field less",
        )


def test_rows_that_end_with_a_delimiter_have_no_name(tmp_path: Path) -> None:
    """Nor has a header that does have a column more."""
    text = lines("a,y", lambda i: f"{measured(i)},{class_of(i)},")
    for content in (text, text.replace(",\n", "\n").replace("a,y\n", "a,y,\n")):
        table = read(tmp_path, content)
        assert (table.features, table.notes) == (("a",), ())


def test_decimal_commas_do_not_pass_for_names(tmp_path: Path) -> None:
    """Each row is one field too long, but the first fields are no names: they come more than once."""
    with pytest.raises(ValueError, match=r"expected 2 fields in every row.* received 3 in row 1 after it"):
        read(tmp_path, lines("a,y", lambda i: f"{i % 7},{i % 10},{class_of(i)}"))


@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
@pytest.mark.parametrize("first", ["sep={}", '"sep={}"', "SEP={}"])
def test_the_line_that_tells_excel_the_delimiter_is_none_of_the_table(tmp_path: Path, sign: str, first: str) -> None:
    """In any case, with a byte order mark before it."""
    other = "," if sign != "," else ";"
    text = lines(sign.join("aby"), lambda i: sign.join([measured(i), f"u{other}v{i % 3}", class_of(i)]))
    table = read(tmp_path, "\ufeff" + first.format(sign) + "\n" + text)
    assert table.features == ("a", "b")
    assert len(table.frame) == 60


@pytest.mark.parametrize(
    "titles", ["Report 2024\n", "Report, of 2024\n\nfrom Cork\n", "Report 2024;;\n;;\n", "# by a, b; c; d; e\n", ";;\n"]
)
def test_titles_above_the_header_are_left_out(tmp_path: Path, titles: str) -> None:
    """The header is the line that names the target."""
    table = read(tmp_path, titles + lines("a;b;y", lambda i: f"{measured(i)};{measured(-i)};{class_of(i)}"))
    assert table.features == ("a", "b")
    assert len(table.frame) == 60
    if titles.strip(";\n"):
        assert note(table, "what stands above the header was left out: '").count("Report") == titles.count("Report")


def test_a_row_that_has_the_name_of_the_target_is_no_header(tmp_path: Path) -> None:
    """The line then says which columns there are."""
    with pytest.raises(ValueError, match=r"expected data\.target to name one of the columns a, z, received 'p'"):
        read(tmp_path, lines("a,z", lambda i: f"{measured(i)},{class_of(i)}"), target="p")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_without_a_mark_are_named(tmp_path: Path, encoding: str) -> None:
    """What looks like binary data, half of it being zero; the line says what to set."""
    content = lines("größe,y", lambda i: f"{measured(i)},{class_of(i)}").encode(encoding)
    with pytest.raises(
        ValueError, match=rf"{encoding[:6].upper()} without a byte order mark; set data.encoding={encoding}"
    ):
        read(tmp_path, content)
    assert read(tmp_path, content, encoding=encoding).features == ("größe",)


def test_the_encoding_of_windows_is_offered_first(tmp_path: Path) -> None:
    """It has all that latin-1 has, and the euro; a byte that it lacks leaves the other."""
    text = lines("größe,y", lambda i: f"{measured(i)},{class_of(i)}")
    with pytest.raises(ValueError, match=r"0xf6 at 2; set data\.encoding=cp1252 \(Windows\) or latin-1"):
        read(tmp_path, text.encode("cp1252"))
    with pytest.raises(ValueError, match=r"set data\.encoding=latin-1 if"):
        read(tmp_path, text.encode("latin-1") + b"\x811,p\n")


@pytest.mark.parametrize("content", ["sep=;\n", ",,\n,,\n"])
def test_files_without_a_table_are_one_line(tmp_path: Path, content: str) -> None:
    """With delimiters alone, or what tells them."""
    with pytest.raises(ValueError, match="expected a table with a header, received an empty file"):
        read(tmp_path, content)


@pytest.mark.parametrize("row", ["{a},{i},5,{y}", "{a},1,{i}00,{y}"])
def test_numbers_with_decimals_do_not_pass_for_names(tmp_path: Path, row: str) -> None:
    """A comma within the second field makes a field more of it, and each first field is another one."""
    with pytest.raises(ValueError, match=r"expected 3 fields in every row.* received 4 in row 1 after it"):
        read(tmp_path, lines("a,b,y", lambda i: row.format(a=f"{i / 7:.4f}", i=i + 1, y=class_of(i))))


def test_quotation_marks_behind_a_backslash_belong_to_the_text(tmp_path: Path) -> None:
    """Databases write them so; a folder that ends with a backslash, in a file without any, stays as it is."""
    text = lines("a,b,y", lambda i: f'{measured(i)},"says \\"{i % 3}\\", and more",{class_of(i)}')
    table = read(tmp_path, text)
    assert table.frame["a"].tolist() == [float(measured(i)) for i in range(60)]
    assert table.frame["b"].tolist() == [f'says "{i % 3}", and more' for i in range(60)]
    folders = read(tmp_path, lines("a,b,y", lambda i: f'{measured(i)},"C:\\{i % 3}\\",{class_of(i)}'))
    assert set(folders.frame["b"]) == {"C:\\0\\", "C:\\1\\", "C:\\2\\"}


@pytest.mark.parametrize(
    ("written", "declared", "told"),
    [
        ("utf-16-be", "utf-16", "received UTF-16 without a byte order mark; set data.encoding=utf-16-be"),
        ("utf-16-le", "utf-32-le", "received UTF-16 without a byte order mark; set data.encoding=utf-16-le"),
        ("utf-32", "utf-8", "received UTF-32; set data.encoding=utf-32"),
        ("utf-32", "utf-16", "received UTF-32; set data.encoding=utf-32"),
        ("utf-16", "utf-16-be", "received UTF-16; set data.encoding=utf-16"),
        ("utf-8", "utf-16", "received text of single bytes; set data.encoding=utf-8"),
    ],
)
def test_a_wide_encoding_that_is_another_is_named(tmp_path: Path, written: str, declared: str, told: str) -> None:
    """Read in the wrong order of bytes it would be characters without a meaning, or a table without rows."""
    content = lines("größe,y", lambda i: f"{measured(i)},{class_of(i)}").encode(written)
    with pytest.raises(ValueError, match=f"expected {declared} text, {told}$"):
        read(tmp_path, content, encoding=declared)


def test_signs_that_are_rare_in_tables_do_not_speak_against_an_encoding(tmp_path: Path) -> None:
    """Chinese strings in UTF-16 without a byte order mark, which is declared."""
    text = lines("数,y", lambda i: f"{'中文字'[i % 3] * 30},{class_of(i)}")
    assert read(tmp_path, text.encode("utf-16-le"), encoding="utf-16-le").features == ("数",)
