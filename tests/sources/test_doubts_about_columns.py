"""Columns that promise too much are left out or named: counts and names of rows, copies of the target, sentinels."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sources.tables import class_of, lines, measured, note, read


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("write", [str, lambda n: f"{n}.0", lambda n: f"{n:04d}"])
def test_a_count_of_the_rows_is_left_out(tmp_path: Path, first: int, write: Callable[[int], str]) -> None:
    """Whatever it is called; of a sorted target, it would tell all."""
    text = lines("nr,a,y", lambda i: f"{write(i + first)},{measured(i)},{'pq'[i // 30]}")
    table = read(tmp_path, text)
    assert table.features == ("a",)
    assert table.notes == ("left out as a count of the rows: nr; data.keep=[nr] learns from it",)
    kept = read(tmp_path, text, keep=["nr"])
    assert (kept.features, kept.notes) == (("nr", "a"), ())


def test_rows_are_counted_before_any_is_left_out(tmp_path: Path) -> None:
    """Rows without a target, without a feature, and such as are none."""

    def row(i: int) -> str:
        return f"{i + 1},{measured(i) if i % 7 else ''},{class_of(i) if i % 11 else ''}\n" + (
            ",,\n" if i % 13 == 5 else ""
        )

    text = lines("id,a,y", lambda i: row(i).removesuffix("\n"))
    assert read(tmp_path, text, missing_numeric="drop").features == ("a",)


def test_a_count_of_the_rows_is_learnt_from_where_there_is_nothing_else(tmp_path: Path) -> None:
    """A series over time, say."""
    table = read(tmp_path, lines("t,y", lambda i: f"{i},{measured(i)}"))
    assert table.features == ("t",)
    assert table.notes == ("learnt from, since there is no other column, though it counts the rows: t",)


@pytest.mark.parametrize(
    "number", [lambda i: 1001 + i, lambda i: 60 - i, lambda i: 10 * i, lambda i: i / 4, lambda i: -i]
)
def test_equal_steps_are_noted(tmp_path: Path, number: Callable[[int], float]) -> None:
    """From another start, downwards, or by another step: a count of rows may be so, and a quantity too."""
    text = lines("nr,a,y", lambda i: f"{number(i)},{measured(i)},{class_of(i)}")
    table = read(tmp_path, text)
    assert table.features == ("nr", "a")
    said = note(table, "equal steps from row to row")
    assert "nr; unless it is a quantity, leave it out with data.drop=[nr]" in said
    assert read(tmp_path, text, keep=["nr"]).notes == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("customer", lambda i: 5000 + i * 37 % 61),
        ("account", lambda i: random.Random(i).randrange(10**7, 10**8)),
        ("patientId", lambda i: random.Random(i).randrange(10**5)),
        ("who", lambda i: f"c{random.Random(i).randrange(10**6)}"),
        ("row names", lambda i: i + 1 + i // 9),
    ],
)
def test_another_value_in_each_row_is_noted(tmp_path: Path, name: str, value: Callable[[int], Any]) -> None:
    """Whole numbers that were given out, and strings."""
    text = lines(f"{name},a,y", lambda i: f"{value(i)},{measured(i)},{class_of(i)}", 48)
    assert f"has: {name}; unless it is a quantity, leave it out with " in note(
        read(tmp_path, text), "another value in each row"
    )
    assert read(tmp_path, text, keep=[name]).notes == ()


@pytest.mark.parametrize(
    "value",
    [
        measured,
        lambda i: f"{float(measured(i)) * 1e6:.0f}",
        lambda i: random.Random(i).randrange(20_000, 200_000),
        lambda i: int(10 ** (3 + float(measured(i)))),
        lambda i: f"{i * 37 % 61} kg",
        lambda i: f"2024-01-{1 + i % 28:02d}",
    ],
)
def test_quantities_are_no_names(tmp_path: Path, value: Callable[[int], Any]) -> None:
    """Measurements, incomes, populations; numbers with a unit; dates."""
    table = read(tmp_path, lines("a,b,y", lambda i: f"{value(i)},{measured(-i)},{class_of(i)}"))
    assert not [said for said in table.notes if "in each row" in said or "steps" in said]


def test_what_tells_the_target_is_noted(tmp_path: Path) -> None:
    """The target under another name, a code that goes with one class each, a number that parts the classes."""

    def row(i: int) -> str:
        label = class_of(i)
        code = "uvwx"[2 * (label == "q") + i % 2]
        known = f"{i % 7}" if label == "q" else ""
        return (
            f"{'01'[label == 'q']},{code},{float(measured(i)) + 20 * (label == 'q'):.3f},{known},{measured(-i)},{label}"
        )

    text = lines("copy,code,score,known,a,y", row, 90)
    table = read(tmp_path, text)
    assert "'y': copy; leave it out with data.drop=[copy], unless it is known before" in note(table, "goes one to one")
    assert "'y' by itself: code, score, known; leave it out with data.drop=[code,score,known]" in note(
        table, "tells the"
    )
    assert read(tmp_path, text, keep=["copy", "code", "score", "known"]).notes == ()


@pytest.mark.parametrize("write", [lambda x: 1.8 * x + 32, lambda x: -x, lambda x: x**3, lambda x: f"v{x}"])
def test_what_tells_a_quantity_is_noted(tmp_path: Path, write: Callable[[float], Any]) -> None:
    """In another unit, on another scale, as a text; what comes close does not."""
    numbers = [round(random.Random(i % 40).gauss(50, 20), 1) for i in range(80)]
    table = read(tmp_path, lines("b,a,y", lambda i: f"{write(numbers[i])},{measured(i)},{numbers[i]}", 80))
    assert "'y': b; leave it out" in note(table, "goes one to one")
    close = read(
        tmp_path, lines("b,a,y", lambda i: f"{numbers[i] + 0.1 * float(measured(i))},{measured(i)},{numbers[i]}", 80)
    )
    assert close.notes == ()


def test_what_tells_by_chance_is_not_noted(tmp_path: Path) -> None:
    """Few rows, rare classes, values that hardly repeat."""
    few = lines("a,b,y", lambda i: f"{'uv'[i % 2]},{measured(i)},{'pq'[i % 2]}", 6)
    assert read(tmp_path, few).notes == ()
    rare = lines("a,b,y", lambda i: f"{i // 2},{measured(i)},{'q' if i // 2 in (9, 17) else 'p'}", 60)
    assert read(tmp_path, rare).notes == ()


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("-999", measured), ("-99", lambda i: i * 7 % 31), ("9999", lambda i: i * 37 % 101 / 4), ("-999.0", measured),
        ("99", lambda i: i % 6), ("-9", lambda i: i % 5), ("1e20", measured), ("-32768", measured),
        ("99", lambda i: i % 2),
    ],
)  # fmt: skip
def test_sentinels_are_noted(tmp_path: Path, value: str, rest: Callable[[int], Any]) -> None:
    """Far outside the rest, and more than once: named with the setting, which then takes them for missing."""
    text = lines("a,b,y", lambda i: f"{value if i % 10 == 3 else rest(i)},{measured(-i)},{class_of(i)}")
    assert f"a ({value} in 6 rows)" in note(read(tmp_path, text), "may stand for a missing value")
    declared = read(tmp_path, text, missing_values=[value])
    assert declared.notes == ()
    assert declared.frame["a"].isna().sum() == 6


def test_a_sentinel_in_the_target_and_beside_other_markers(tmp_path: Path) -> None:
    """The setting that the note names has the markers in use too, and says where else the number is."""
    text = lines(
        "kids,age,b,y",
        lambda i: f"{99 if i % 10 == 3 else i % 4},{20 + i * 7 % 80},{'NA' if i % 9 == 0 else measured(i)},"
        f"{-999 if i % 15 == 4 else measured(-i)}",
    )  # fmt: skip
    said = note(read(tmp_path, text), "may stand for a missing value")
    assert "kids (99 in 6 rows); y (-999 in 4 rows)" in said
    assert "\"data.missing_values=[NA,'99','-999']\" declares it in all columns, age too" in said
    table = read(tmp_path, text, missing_values=["NA", "-999"])
    assert len(table.frame) == 56


@pytest.mark.parametrize(
    "value",
    [
        lambda i: int(10 ** (2 + 2 * abs(float(measured(i))))),
        lambda i: 0 if i % 3 else i * 37 % 101,
        lambda i: 20 + i * 7 % 80,
        lambda i: [92, 95, 99][i % 3],
        lambda i: 1000 * (i % 2),
        lambda i: 9999 if i == 5 else measured(i),
        lambda i: -1 if i % 3 == 0 else i % 5,
    ],
)
def test_heavy_tails_and_ends_of_scales_are_no_sentinels(tmp_path: Path, value: Callable[[int], Any]) -> None:
    """Populations, counts that are mostly 0, ages up to 99, years, two values, one outlier."""
    table = read(tmp_path, lines("a,b,y", lambda i: f"{value(i)},{measured(-i)},{class_of(i)}"))
    assert not [said for said in table.notes if "missing" in said]


def test_numbers_as_large_as_a_float_holds_are_doubted_without_a_warning(tmp_path: Path) -> None:
    """Their differences are infinite."""
    values = ["1e308", "-1e308", "0", "1"]
    for changes in (dict[str, Any](), {"target": "a", "task": "regression"}):
        table = read(tmp_path, lines("a,b,y", lambda i: f"{values[i % 4]},{i * 1e300:.0f},{class_of(i)}"), **changes)
        assert len(table.frame) == 60


@pytest.mark.parametrize(
    ("target", "marker"),
    [
        ("pq", "-"), ("pq", "n.a."), ("pq", "#VALUE!"), ("pq", "\\N"), ("pq", "unknown"), ("01", "unknown"),
        ("01", "none"), ("01", "na"),
    ],
)  # fmt: skip
def test_a_class_that_may_mark_a_missing_value_is_noted(tmp_path: Path, target: str, marker: str) -> None:
    """It would be learnt like any other; declared, its rows are left out. Of two rows, the line names it."""
    text = lines("a,y", lambda i: f"{measured(i)},{marker if i % 6 == 0 else target['pq'.index(class_of(i))]}")
    table = read(tmp_path, text)
    assert marker in table.class_names
    said = note(table, "may mark a missing value")
    assert f"y ({marker!r} in 10 rows); " in said
    assert "data.missing_values=[" in said
    assert len(read(tmp_path, text, missing_values=[marker]).frame) == 50
    few = lines("a,y", lambda i: f"{measured(i)},{marker if i < 2 else target[i % 2]}")
    with pytest.raises(ValueError, match=r"data\.missing_values"):
        read(tmp_path, few)


@pytest.mark.parametrize("marker", ["-", "--", "n/d", "N.A.", "na", "Null", "#DIV/0!", "\\N"])
def test_a_category_that_may_mark_a_missing_value_is_noted(tmp_path: Path, marker: str) -> None:
    """Words such as unknown are categories as good as any."""
    text = lines("f,a,y", lambda i: f"{marker if i % 6 == 0 else 'uv'[i % 2]},{measured(i)},{class_of(i)}")
    assert f"f ({marker!r} in 10 rows)" in note(read(tmp_path, text), "may mark a missing value")
    assert read(tmp_path, text, keep=["f"]).notes == ()


@pytest.mark.parametrize("strings", ["+-", "-x", "* ** *** n", "ND SD MO", "unknown u v", "none few many"])
def test_signs_and_words_that_are_categories_are_not(tmp_path: Path, strings: str) -> None:
    """A test's result, stars of significance, North Dakota."""
    some = strings.split() if " " in strings else list(strings)
    table = read(tmp_path, lines("f,a,y", lambda i: f"{some[i * 7 % len(some)]},{measured(i)},{class_of(i)}"))
    assert not [said for said in table.notes if "mark" in said]


def test_a_class_may_be_a_sentinel(tmp_path: Path) -> None:
    """Among classes 0 and 1."""
    table = read(tmp_path, lines("a,y", lambda i: f"{measured(i)},{-999 if i % 6 == 0 else 'pq'.index(class_of(i))}"))
    assert "y (-999 in 10 rows)" in note(table, "may stand for a missing value")


@pytest.mark.parametrize("value", [lambda i: {"p": "yes", "q": "no"}[class_of(i)], lambda i: "pq".index(class_of(i))])
def test_a_copy_of_the_target_with_missing_values_is_noted(tmp_path: Path, value: Callable[[int], object]) -> None:
    """They are in rows of either class."""
    table = read(tmp_path, lines("a,b,y", lambda i: f"{value(i) if i % 9 else ''},{measured(i)},{class_of(i)}"))
    assert "one to one with the target 'y': a;" in note(table, "one to one")


def test_stray_strings_in_a_quantity_are_named(tmp_path: Path) -> None:
    """The target then has as many classes as numbers, which is not what is wrong with it."""
    with pytest.raises(ValueError, match=r"data\.missing_values with 'out of range', 'see \*', since most are numbers"):
        read(tmp_path, lines("a,y", lambda i: f"{i % 7},{ {4: 'out of range', 9: 'see *'}.get(i, measured(i)) }"))
