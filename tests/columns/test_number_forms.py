"""Numbers as people write them: which number a text is, and in which one form a whole column has them."""

import pytest

from glassnet.columns.number_forms import NumberForm, find_form, read_number, split_number, to_numbers


@pytest.mark.parametrize(
    ("text", "number", "form"),
    [
        ("12%", 12, NumberForm(suffix="%")),
        ("12.5 ‰", 12.5, NumberForm(suffix="‰")),
        ("$1,200", 1200, NumberForm(prefix="$", grouping=",")),
        ("-$1,200.50", -1200.5, NumberForm(prefix="$", grouping=",")),
        ("$-5", -5, NumberForm(prefix="$")),
        ("US$ 7", 7, NumberForm(prefix="US$")),
        ("EUR 7", 7, NumberForm(prefix="EUR")),
        ("7 €", 7, NumberForm(suffix="€")),
        ("12 kg", 12, NumberForm(suffix="kg")),
        ("12kg", 12, NumberForm(suffix="kg")),
        ("23 °C", 23, NumberForm(suffix="°C")),
        ("12 m2", 12, NumberForm(suffix="m2")),
        ("8 km/h", 8, NumberForm(suffix="km/h")),
        ("1e-3 mol", 0.001, NumberForm(suffix="mol")),
        ("'12", 12, NumberForm()),
        ("’12", 12, NumberForm()),
        ("'12'", 12, NumberForm()),
        ('="12"', 12, NumberForm()),
        ('="12%"', 12, NumberForm(suffix="%")),
        ("1 200", 1200, NumberForm(grouping=" ")),
        ("1\u00a0200\u00a0300", 1200300, NumberForm(grouping=" ")),
        ("1\u2009200", 1200, NumberForm(grouping=" ")),
        ("1\u202f200", 1200, NumberForm(grouping=" ")),
        ("1'200", 1200, NumberForm(grouping="'")),
        ("1,23,456", 123456, NumberForm(grouping=",")),
        ("−5", -5, NumberForm()),
        ("–5", -5, NumberForm()),
        ("−0", 0, NumberForm()),
        ("(5)", -5, NumberForm()),
        ("($1,200)", -1200, NumberForm(prefix="$", grouping=",")),
        ("(5%)", -5, NumberForm(suffix="%")),
        ("+5", 5, NumberForm()),
    ],
)
def test_a_number_is_read_with_its_form(text: str, number: float, form: NumberForm) -> None:
    """Units, currencies, spaces of any kind, the wrappings of a spreadsheet, an accountant's minus."""
    split = split_number(text, ".")
    assert split == (number, form)
    assert str(split[0]) != "-0.0"
    assert read_number(text, form) == number


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "(", "'", '=""', "3+", "<5", ">5", "~5", "±5", "T", "Q1", "A12", "#12", "5-10", "5 to 10", "1 and 2",
        "12:30", "1.2.3", "1,2,3", "1,200,50", "070 123 456", "12½", "--5", "-(5)", "(5", "2024-01-31", "1_200", "4x4",
        "5.",
    ],
)  # fmt: skip
def test_what_is_another_number_or_none_is_not_read(text: str) -> None:
    """At least three is not three, and a name with a number in it is a name."""
    assert split_number(text, ".") is None


@pytest.mark.parametrize(
    ("strings", "decimal", "form"),
    [
        (["12%", "7 %", "(3%)"], ".", NumberForm(suffix="%")),
        (["$900", "$1,200", "-$5"], ".", NumberForm(prefix="$", grouping=",")),
        (["$1,234", "$2,345"], ".", NumberForm(prefix="$", grouping=",")),
        (["12 kg", "30 lb"], ".", None),
        (["12 kg", "30"], ".", None),
        (["12 mW", "30 MW"], ".", None),
        (["1,200", "1 200"], ".", None),
        (["950", "1,200"], ".", NumberForm(grouping=",")),
        (["1,234", "2,345"], ".", NumberForm(grouping=",")),
        (["1.234", "2.345"], ",", NumberForm(grouping=".", decimal=",")),
        (["1,234,567", "2,345"], ".", NumberForm(grouping=",")),
        (["1.500 €", "900 €"], ".", None),
        (["1.500 €", "900 €"], ",", NumberForm(suffix="€", grouping=".", decimal=",")),
        (["$1.459", "$2.059"], ".", NumberForm(prefix="$")),
        (["12,5 %", "13 %"], ".", None),
        (["12,5 %", "13 %"], ",", NumberForm(suffix="%", decimal=",")),
        (["1 200,5", "7"], ",", NumberForm(grouping=" ", decimal=",")),
        (["5", "−3"], ".", NumberForm()),
    ],
)
def test_a_column_has_one_form_or_none(strings: list[str], decimal: str, form: NumberForm | None) -> None:
    """One unit, and one thousands separator."""
    assert find_form(strings, decimal) == form


def test_other_units_are_refused_later_and_plain_numbers_are_not() -> None:
    """What a model learnt in kilograms it does not take in pounds; a program passes the number alone."""
    form = NumberForm(suffix="kg", grouping=",")
    assert [read_number(text, form) for text in ("1,200 kg", "7", "−7 kg")] == [1200, 7, -7]
    for text in ("7 lb", "1 200 kg", "seven", "1_0"):
        with pytest.raises(ValueError, match="expected a number"):
            read_number(text, form)


def test_plain_numbers_are_those_of_the_file_format() -> None:
    """An underscore between digits makes a code, and a point is no decimal where the comma is."""
    assert to_numbers(["1", "-2.5", "1e3"], ".") is not None
    assert to_numbers(["1_0", "2"], ".") is None
    assert to_numbers(["1.5", "2"], ",") is None
    numbers = to_numbers(["1,5", "2"], ",")
    assert numbers is not None
    assert numbers.tolist() == [1.5, 2]
