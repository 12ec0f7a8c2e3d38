"""What the columns of a file are: numbers in any one form, dates, categories; and what is said where they are not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.sources import RawTable
from glassnet.tables import prepare, read_prepared, read_raw, write_raw
from tests.sources.tables import choice_for, class_of, lines, measured, note, read

MARKERS = [
    "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "-NaN", "nan", "-nan", "NULL", "null", "None",
    "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "?", "",
]  # fmt: skip


@pytest.mark.parametrize("marker", MARKERS)
def test_what_pandas_takes_for_missing_is_missing(tmp_path: Path, marker: str) -> None:
    """Among numbers and among strings, in 5% of the rows."""
    text = lines(
        "a,c,y",
        lambda i: f"{marker if i % 20 == 3 else measured(i)},{marker if i % 20 == 7 else 'uvw'[i % 3]},{class_of(i)}",
    )
    table = read(tmp_path, text)
    assert table.categorical == ("c",)
    assert table.frame["a"].isna().sum() == table.frame["c"].isna().sum() == 3


def test_none_among_strings_is_said_to_be_missing(tmp_path: Path) -> None:
    """It may be a category; and so may NA among codes of two letters."""
    text = lines(
        "a,b,c,y", lambda i: f"{measured(i)},{['None', 'some'][i % 2]},{['NA', 'EU', 'US'][i % 3]},{class_of(i)}"
    )
    rules: dict[str, Any] = {"missing_categorical": "own_category"}
    said = note(read(tmp_path, text, missing_values=["None", "NA"]), "read as missing among")
    assert "c ('NA' in 20 rows); if that is a category, set data.missing_values without it" in said
    assert read(tmp_path, text, **rules).notes == ()
    assert read(tmp_path, text, missing_values=[]).categorical == ("b", "c")


@pytest.mark.parametrize(
    ("write", "number"),
    [
        (lambda n: f"{n}%", 1), (lambda n: f"${n + 1000:,}", 1), (lambda n: f"{n} kg", 1), (lambda n: f"'{n}", 1),
        (lambda n: f'="{n}"', 1), (lambda n: f"{n + 1000:,}".replace(",", " "), 1),
        (lambda n: f"{n + 1000:,}".replace(",", "\u2009"), 1), (lambda n: f"{n + 1000:,}".replace(",", "\u00a0"), 1),
        (lambda n: f"−{n}", -1), (lambda n: f"({n})", -1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("different", [20, 60])
def test_numbers_in_one_form_are_numbers(
    tmp_path: Path, write: Callable[[int], str], number: int, different: int
) -> None:
    """However many there are; a note names the column and the form, and the model reads later rows in it."""
    values = [i * 7 % different for i in range(60)]
    text = lines("a;b;y", lambda i: f"{write(values[i])};{measured(i)};{class_of(i)}")
    table = read(tmp_path, text)
    assert table.categorical == ()
    shift = 1000 if "1" in write(0) else 0
    assert table.frame["a"].tolist() == [number * (value + shift) for value in values]
    assert note(table, "read as numbers: a (").startswith(f"read as numbers: a ({write(values[0])!r})")
    prepare(table, choice_for(tmp_path / "a.csv"), tmp_path / "prepared")
    preprocessing = read_prepared(tmp_path / "prepared").preprocessing
    raw = table.frame.head(3).astype(object).assign(a=[write(value) for value in values[:3]])
    assert preprocessing.transform(raw).tobytes() == preprocessing.transform(table.frame.head(3)).tobytes()


def test_numbers_in_several_forms_are_strings_and_said_to_be(tmp_path: Path) -> None:
    """Pounds are no kilograms."""
    table = read(tmp_path, lines("a,b,y", lambda i: f"{i % 9} {'kg' if i % 2 else 'lb'},{measured(i)},{class_of(i)}"))
    assert table.categorical == ("a",)
    assert note(table, "written in different forms").endswith("a ('0 lb', '1 kg')")
    table = read(tmp_path, lines("a,b,y", lambda i: f"{i % 9}{'' if i % 2 else '%'},{measured(i)},{class_of(i)}"))
    assert note(table, "written in different forms").endswith("a ('0%', '1')")


@pytest.mark.parametrize("strays", [["-"], ["-", "--", ".", "n.d."], ["missing"], ["#DIV/0!", "#VALUE!"]])
def test_what_may_mark_a_missing_value_is_to_be_declared(tmp_path: Path, strays: list[str]) -> None:
    """However many different ones there are; then they are missing."""
    text = lines("a,y", lambda i: f"{strays[i // 5 % len(strays)] if i % 5 == 0 else measured(i)},{class_of(i)}")
    table = read(tmp_path, text + lines("9,p", lambda i: f"{measured(i)},{class_of(i)}"), most_categories=500)
    said = note(table, "taken for strings, though most are numbers: a (")
    assert "declare in data.missing_values what marks a missing value" in said
    assert all(repr(stray) in said for stray in strays)
    assert read(tmp_path, text, missing_values=strays).categorical == ()


@pytest.mark.parametrize("strays", [["3+"], ["T"], ["136A"], ["T", "U", "V", "W"], ["<5", "-"]])
def test_what_is_a_value_is_not_said_to_be_missing(tmp_path: Path, strays: list[str]) -> None:
    """Three or more, a trace of rain, the number of a family: named, without advice to declare them."""
    text = lines("a,y", lambda i: f"{strays[i // 5 % len(strays)] if i % 5 == 0 else i * 37 % 101},{class_of(i)}", 100)
    said = note(read(tmp_path, text, most_categories=500), "taken for strings, though most are numbers: a (")
    assert repr(strays[0]) in said
    assert "missing" not in said


def test_notes_name_all_columns(tmp_path: Path) -> None:
    """Not eight of them; a run of names that count is said by its ends."""
    odd = ["red", "green", "blue", "rain", "snow", "hail", "salt", "sand", "clay", "loam"]
    header = ",".join([*odd, *(f"p{c}" for c in range(1, 31)), "y"])
    text = lines(header, lambda i: ",".join([*(["-" if i % 9 == 0 else measured(i)] * 40), class_of(i)]), 90)
    said = note(read(tmp_path, text, most_categories=500), "most are numbers")
    assert f"{', '.join(odd)}, p1 to p30 (30 columns) ('-')" in said


def test_states_are_no_free_text(tmp_path: Path) -> None:
    """51 of them, each in some twelve rows, are categories; a note says how many, and which setting leaves them out."""
    text = lines("s,r,b,y", lambda i: f"state {i % 51},remark {i},{measured(i)},{class_of(i)}", 600)
    table = read(tmp_path, text)
    assert table.categorical == ("s",)
    assert "free text" not in " ".join(table.notes)
    said = "s (51 different strings, each in 11.8 rows on average); data.most_categories="
    assert note(table, "learnt from as categories, since they repeat").endswith(f"{said}50 leaves them out")
    assert note(table, "600 different strings").endswith("=50: r (600 different strings in 600 rows)")
    table = read(tmp_path, text, most_categories=50)
    assert table.features == ("b",)
    assert note(table, "though they repeat").endswith(f"{said}51 learns from them")
    assert read(tmp_path, text, most_categories=51).categorical == ("s",)
    assert read(tmp_path, text, keep=["s"]).notes == (note(table, "600 different strings"),)


@pytest.mark.parametrize(
    ("different", "rows", "is_learnt_from"), [(300, 1500, True), (301, 1505, False), (60, 299, False)]
)
def test_many_strings_are_learnt_from_where_they_repeat(
    tmp_path: Path, different: int, rows: int, is_learnt_from: bool
) -> None:
    """Five times or more on average, and 300 at most."""
    text = lines("s,b,y", lambda i: f"t{i % different},{measured(i)},{class_of(i)}", rows)
    assert (read(tmp_path, text).categorical == ("s",)) is is_learnt_from


@pytest.mark.parametrize(
    ("write", "form", "changes"),
    [
        (lambda d: d, "ISO 8601", {}),
        (lambda d: f"{d}T12:00:00Z", "ISO 8601", {}),
        (lambda d: "/".join(d.split("-")), "%Y/%m/%d", {}),
        (lambda d: ".".join(reversed(d.split("-"))), "%d.%m.%Y", {}),
        (lambda d: "/".join(reversed(d.split("-"))), "%d/%m/%Y", {}),
        (lambda d: d.replace("-", ""), "%Y%m%d", {"dates": ["w"]}),
        (lambda d: ".".join(reversed(d.split("-"))), "%d.%m.%Y", {"dates": ["w"], "date_format": "%d.%m.%Y"}),
    ],
)
def test_dates_become_days_months_and_weekdays(
    tmp_path: Path, write: Callable[[str], str], form: str, changes: dict[str, Any]
) -> None:
    """Found out or declared; written and read back; and a raw row is read as the file was."""
    dates = [f"2024-{1 + i % 3:02d}-{1 + i * 5 % 28:02d}" for i in range(60)]
    table = read(tmp_path, lines("w,b,y", lambda i: f"{write(dates[i])},{measured(i)},{class_of(i)}"), **changes)
    assert (table.categorical, table.dates) == ((), {"w": form})
    assert table.frame["w"][0] == ("2024-01-01T12:00:00" if "T" in write("2024-01-01") else "2024-01-01")
    assert note(table, "read as dates").startswith("read as dates, which become days, and month and weekday")
    write_raw(table, tmp_path / "raw")
    again = read_raw(tmp_path / "raw")
    assert isinstance(again, RawTable)
    prepare(again, choice_for(tmp_path / "a.csv", **changes), tmp_path / "prepared")
    preprocessing = read_prepared(tmp_path / "prepared").preprocessing
    names = preprocessing.feature_names
    assert names[:4] == ["w (days)", "w in January", "w in February", "w in March"]
    assert names[4:11] == [f"w on {day}day" for day in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")]
    X = preprocessing.transform(table.frame.assign(w=[write(date) for date in dates]))
    assert X.tobytes() == preprocessing.transform(table.frame).tobytes()
    assert X[0, 1:11].tolist() == [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]  # 2024-01-01 was a Monday


def test_missing_dates_follow_the_rule_for_numbers(tmp_path: Path) -> None:
    """The median day fills them, in no month and on no weekday; or their rows are left out."""
    text = lines("w,b,y", lambda i: f"{'' if i % 6 == 0 else f'2024-01-{1 + i % 28:02d}'},{measured(i)},{class_of(i)}")
    table = read(tmp_path, text)
    prepare(table, choice_for(tmp_path / "a.csv"), tmp_path / "prepared")
    preprocessing = read_prepared(tmp_path / "prepared").preprocessing
    X = preprocessing.transform(table.frame)
    gone = table.frame["w"].isna().to_numpy()
    assert gone.sum() == 10
    assert len(np.unique(X[gone, 0])) == 1
    assert not X[gone, 1:8].any()
    assert (X[~gone, 1:8].sum(axis=1) == 1).all()
    assert "w in January" not in preprocessing.feature_names  # all are
    assert len(read(tmp_path, text, missing_numeric="drop").frame) == 50


def test_the_order_of_day_and_month_is_said_where_nothing_tells_it(tmp_path: Path) -> None:
    """And the setting that decides it."""
    text = lines("w,b,y", lambda i: f"{1 + i % 12:02d}/{1 + i * 5 % 12:02d}/2024,{measured(i)},{class_of(i)}")
    table = read(tmp_path, text)
    assert note(table, "nothing tells the day from the month").endswith(
        "w ('01/01/2024' has the month first; data.date_format='%d/%m/%Y' reads the day first)"
    )
    assert table.frame["w"][1] == "2024-02-06"
    assert read(tmp_path, text, date_format="%d/%m/%Y").frame["w"][1] == "2024-06-02"


def test_codes_with_zeros_before_them_are_said_to_be_numbers(tmp_path: Path) -> None:
    """A postcode, and the setting that makes categories of it; hours have zeros too, and are quantities."""
    text = lines("zip,hour,y", lambda i: f"{i * 37 % 13 * 997:05d},{i * 7 % 24:02d},{class_of(i)}")
    table = read(tmp_path, text)
    assert note(table, "as codes are").endswith("zip (as in '00000'); data.categorical=[zip] takes them for categories")
    assert read(tmp_path, text, categorical=["zip"]).categorical == ("zip",)
    assert read(tmp_path, text, keep=["zip"]).notes == ()


def test_a_sentinel_among_numbers_with_a_unit_is_to_be_declared(tmp_path: Path) -> None:
    """It has none."""
    text = lines("a,b,y", lambda i: f"{-999 if i % 9 == 0 else f'{i * 7 % 90}%'},{measured(i)},{class_of(i)}")
    assert "a ('-999'); declare in data.missing_values" in note(read(tmp_path, text), "most are numbers")
    assert read(tmp_path, text, missing_values=["-999"]).frame["a"].isna().sum() == 7


def test_numbers_that_may_be_dates_and_marks_among_dates_are_said(tmp_path: Path) -> None:
    """With the setting that reads them as dates; and of years with two digits, what is taken for their century."""
    text = lines("w,b,y", lambda i: f"2024{1 + i % 12:02d}{1 + i * 5 % 28:02d},{measured(i)},{class_of(i)}")
    assert note(read(tmp_path, text), "may be dates").endswith(
        "w (as in '20240101'); data.dates=[w] reads them as dates"
    )
    assert read(tmp_path, text, dates=["w"]).frame["w"][1] == "2024-02-06"
    assert read(tmp_path, text, keep=["w"]).notes == ()
    for marker in ("0000-00-00", "NaT", "-"):
        dates = [f"2024-01-{1 + i % 28:02d}" if i % 9 else marker for i in range(60)]
        text = "\n".join(["w,b,y", *(f"{date},{measured(i)},{class_of(i)}" for i, date in enumerate(dates))]) + "\n"
        said = note(read(tmp_path, text), "most are dates")
        assert f"w ({marker!r}); declare in data.missing_values what marks a missing value (" in said
        assert read(tmp_path, text, missing_values=[marker]).frame["w"].isna().sum() == 7
    born = read(tmp_path, lines("w,b,y", lambda i: f"{13 + i % 9}.01.{40 + i},{measured(i)},{class_of(i)}"))
    assert "years from 69 are of the last century, others of this" in note(born, "read as dates")


def test_dates_may_stay_strings(tmp_path: Path) -> None:
    """As codes, say; and what is no date among dates is said."""
    text = lines("w,b,y", lambda i: f"2024-01-{1 + i % 28:02d},{measured(i)},{class_of(i)}")
    assert read(tmp_path, text, categorical=["w"]).categorical == ("w",)
    table = read(tmp_path, text.replace("2024-01-05", "soon"))
    assert note(table, "taken for strings, though most are dates").endswith("w ('soon')")


def test_equal_numbers_are_one_label(tmp_path: Path) -> None:
    """Classes of a target and categories that are codes; which were several is said."""
    codes = ["0", "0.0", "1", "1.0"]
    text = lines("a,c,y", lambda i: f"{measured(i)},{codes[i * 7 % 11 % 4]},{codes[i * 5 % 13 % 4]}")
    table = read(tmp_path, text, categorical=["c"])
    assert table.class_names == ("0", "1")
    assert sorted(set(table.frame["c"])) == ["0", "1"]
    assert note(table, "one class of the target").endswith("'y': 0 = 0.0; 1 = 1.0")
    assert note(table, "one category").endswith("c (0 = 0.0; 1 = 1.0)")
    prepare(table, choice_for(tmp_path / "a.csv"), tmp_path / "prepared")
    preprocessing = read_prepared(tmp_path / "prepared").preprocessing
    X = [
        preprocessing.transform(table.frame.head(1).assign(c=code))[:, 1:].tolist()
        for code in ("1", "1.0", "01", 1, 1.0)
    ]
    assert X == [[[0, 1]]] * 5
    assert read(tmp_path, lines("a,y", lambda i: f"{measured(i)},{['1.0', '2.0'][i % 2]}")).class_names == (
        "1.0",
        "2.0",
    )


def test_words_that_differ_in_case_or_spaces_are_noted_and_not_merged(tmp_path: Path) -> None:
    """Yes and yes are two classes, and two categories, and said to be."""
    words = ["Yes", "yes", "NO", "No", "New York", "New  York", "<=50K", "<=50K.", "full-time", "full time"]
    words += ["1-2", "12"]
    text = lines("a,c,y", lambda i: f"{measured(i)},{words[i * 7 % 23 % 12]},{words[i % 4]}", 120)
    table = read(tmp_path, text)
    assert table.class_names == ("NO", "No", "Yes", "yes")
    assert "'Yes' and 'yes'; 'NO' and 'No'" in note(table, "classes of the target 'y' that differ in case or spaces")
    said = note(table, "categories of their own: c (")
    for pair in ("'New  York' and 'New York'", "'<=50K' and '<=50K.'", "'full time' and 'full-time'"):
        assert pair in said
    assert "1-2" not in said


@pytest.mark.parametrize(
    ("value", "rows", "task", "said"),
    [
        (lambda i: i % 5, 60, "classification", "5 different whole numbers, taken for classes; data.task=regression"),
        (
            lambda i: i % 26,
            260,
            "regression",
            "26 different whole numbers, taken for a quantity; data.task=classification",
        ),
        (
            lambda i: i % 10 / 2,
            60,
            "regression",
            "10 different numbers, taken for a quantity; data.task=classification",
        ),
        (lambda i: i % 2, 60, "classification", None),
        (lambda i: i * 37 % 251, 251, "regression", None),
        (measured, 60, "regression", None),
    ],
)
def test_what_else_a_target_may_be_is_said(
    tmp_path: Path, value: Callable[[int], Any], rows: int, task: str, said: str | None
) -> None:
    """Where it may; not of two classes, nor of numbers that hardly repeat."""
    text = lines("a,y", lambda i: f"{measured(-i)},{value(i)}", rows)
    table = read(tmp_path, text)
    assert table.task == task
    if said is None:
        assert table.notes == ()
    else:
        note(table, f"the target 'y' has {said}")
        assert read(tmp_path, text, task=task).notes == ()


def test_a_target_in_a_form_is_a_quantity(tmp_path: Path) -> None:
    """Fractions with a percent sign; and what is no number is named with what to set."""
    text = lines("a;y", lambda i: f"{measured(i)};{i * 7 % 59}%")
    table = read(tmp_path, text)
    assert (table.task, table.frame["y"][1]) == ("regression", 7)
    note(table, "the target 'y' is read as numbers ('0%')")
    with pytest.raises(
        ValueError, match=r"for regression, received '--'; set data\.missing_values with '--', since most"
    ):
        read(tmp_path, text.replace(";7%", ";--"), task="regression")


def test_dates_are_no_target(tmp_path: Path) -> None:
    """Each would be a class of its own."""
    with pytest.raises(
        ValueError, match=r"classes or numbers in the target 'y', received dates such as '2024-01-01'; give"
    ):
        read(tmp_path, lines("a,y", lambda i: f"{measured(i)},2024-{1 + i % 12:02d}-{1 + i * 5 % 28:02d}"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keep": ["z"]}, "expected data.keep to name columns of a, b, y, received z"),
        ({"dates": ["z"]}, "expected data.dates to name columns of a, b, y, received z"),
        ({"keep": ["y"]}, "to name columns to learn from, received the target 'y' among them; take it out"),
        ({"dates": ["a"]}, "expected dates in a, which data.dates names, received '0.405'; set data.date_format"),
        ({"keep": ["a"], "drop": ["a"]}, "a column in data.drop or data.keep, not in both, received a in both"),
        ({"dates": ["a"], "categorical": ["a"]}, "data.dates or data.categorical, not in both, received a in both"),
        ({"target": "Y"}, "received 'Y'; did you mean data.target=y?"),
        ({"drop": ["A "]}, "received A ; did you mean data.drop=[a]?"),
    ],
)
def test_settings_that_do_not_fit_the_table_are_one_line(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """Which setting, what was expected, what came."""
    with pytest.raises(ValueError, match="expected") as caught:
        read(tmp_path, lines("a,b,y", lambda i: f"{measured(i)},{measured(-i)},{class_of(i)}"), **changes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_yaml_took_for_a_number_is_told(tmp_path: Path) -> None:
    """2_020 is 2020 for it, as DVC's -S passes it on."""
    with pytest.raises(ValueError, match=r"received 2020; did you mean \"data\.drop=\['2_020'\]\"\?"):
        read(tmp_path, lines("2_020,b,y", lambda i: f"{i % 7},{measured(i)},{class_of(i)}"), drop=["2020"])
