"""What to doubt about the columns of a table that are learnt from: a sentence for each kind of doubt."""

from typing import Any

import numpy as np

from glassnet.columns.identifiers import LEAST_ROWS, has_equal_steps, names_rows
from glassnet.columns.naming import all_named, with_details
from glassnet.columns.number_columns import CODE_OF_TWO, marks_among_texts, read_numbers
from glassnet.columns.sentinels import find_sentinels
from glassnet.columns.telltales import Target
from glassnet.columns.text_column import TextColumn
from glassnet.overrides import as_setting
from glassnet.sources.csv_columns import Understood
from glassnet.sources.csv_target import TargetColumn


def doubts(
    columns: dict[str, TextColumn], found: Understood, target: TargetColumn, settings: dict[str, Any], marks: list[str]
) -> list[str]:
    """Return a note for each kind of doubt; those in `data.keep` are learnt from without one.

    Args:
        columns: the texts of all columns.
        found: what those that are learnt from are.
        target: the target.
        settings: see `conf/data/csv.yaml`.
        marks: the texts that stood for missing values in the file.
    """
    names = found.names
    asked = {name: columns[name] for name in columns if name in names and name not in settings["keep"]}
    with np.errstate(over="ignore", invalid="ignore"):  # numbers may be as large as they like
        notes = [
            *_about_rows(asked, found),
            *_about_target(asked, found, target),
            *_about_sentinels(columns, found, target, marks, settings["decimal"]),
            *_about_marks(asked, found, target, marks),
        ]
    return notes if settings["missing_categorical"] == "own_category" else [*notes, *_about_words(found)]


def _about_rows(asked: dict[str, TextColumn], found: Understood) -> list[str]:
    """Return notes on columns that may name or count the rows."""
    counting, naming = [], []
    for name, column in asked.items():
        has_unit = {"prefix", "suffix"} & found.forms.get(name, {}).keys()
        if name in found.dates or name in found.remarks.about["only counter"] or has_unit:
            continue
        different, rows = len(column.texts), column.present
        if different < rows or rows < LEAST_ROWS:
            continue
        if name in found.categories:
            naming.append(name)
        elif has_equal_steps(column.spread(found.numbers[name])):
            counting.append(name)
        elif names_rows(name, found.numbers[name]):
            naming.append(name)
    notes = []
    if counting:
        notes.append(
            f"goes by equal steps from row to row, as a count of the rows does: {all_named(counting)}; unless it is a "
            f"quantity, leave it out with {as_setting('data.drop', counting)}"
        )
    if naming:
        notes.append(
            f"has another value in each row, as a name of the row has: {all_named(naming)}; unless it is a quantity, "
            f"leave it out with {as_setting('data.drop', naming)}"
        )
    return notes


def _about_target(asked: dict[str, TextColumn], found: Understood, target: TargetColumn) -> list[str]:
    """Return notes on columns that tell the target by themselves."""
    places = target.column.places if target.numbers is None else np.unique(target.numbers, return_inverse=True)[1]
    of_target = Target(places, target.numbers, len(asked))
    told: dict[str, list[str]] = {"copies": [], "tells": []}
    for name, column in asked.items():
        if name in found.categories:
            how = of_target.told_by(found.categories[name].places)
        else:
            how = of_target.told_by(column.places, column.spread(found.numbers[name]))
        if how:
            told[how].append(name)
    notes = []
    if names := told["copies"]:
        notes.append(
            f"goes one to one with the target {target.column.name!r}: {all_named(names)}; leave it out with "
            f"{as_setting('data.drop', names)}, unless it is known before the target is"
        )
    if names := told["tells"]:
        notes.append(
            f"tells the target {target.column.name!r} by itself: {all_named(names)}; leave it out with "
            f"{as_setting('data.drop', names)}, unless it is known before the target is"
        )
    return notes


def _about_sentinels(
    columns: dict[str, TextColumn], found: Understood, target: TargetColumn, marks: list[str], decimal: str
) -> list[str]:
    """Return a note on numbers that may stand for missing values."""
    numbers = dict(found.numbers)
    of_target = read_numbers(target.column, decimal).numbers if target.of_texts is None else target.of_texts
    if of_target is not None:  # a class may be one too
        numbers[target.column.name] = of_target
    details: dict[str, str] = {}
    texts_of: dict[float, str] = {}
    for name, of_texts in numbers.items():
        column = columns.get(name, target.column)
        counts, said = column.counts, []
        for number in find_sentinels(of_texts, counts):
            places = np.flatnonzero(of_texts == number)
            text = column.texts[places[0]]
            said.append(f"{text} in {counts[places].sum()} rows")
            texts_of.setdefault(number, text)
        if said:
            details[name] = ", ".join(said)
    if not details:
        return []
    others = [
        name
        for name, of_texts in numbers.items()
        if name not in details and not texts_of.keys().isdisjoint(of_texts.tolist())
    ]
    too = f" in all columns, {all_named(others)} too" if others else ""
    return [
        f"may stand for a missing value, being far outside the rest more than once: {with_details(details)}; "
        f"{as_setting('data.missing_values', [*marks, *texts_of.values()])} declares it{too}"
    ]


def _about_marks(asked: dict[str, TextColumn], found: Understood, target: TargetColumn, marks: list[str]) -> list[str]:
    """Return a note on categories and classes that may be marks of missing values: a dash, n.a., #VALUE!."""
    details: dict[str, str] = {}
    texts: list[str] = []
    columns = {name: found.categories[name] for name in asked if name in found.categories}
    if target.of_texts is None:
        columns[target.column.name] = target.column
    for name, column in columns.items():
        counts = dict(zip(column.texts, column.counts.tolist(), strict=True))
        strays = marks_among_texts(column.texts, of_target=column is target.column)
        strays = [text for text in strays if text not in found.remarks.strays]
        if strays:
            details[name] = ", ".join(f"{text!r} in {counts[text]} rows" for text in strays)
            texts += strays
    if not details:
        return []
    declared = as_setting("data.missing_values", dict.fromkeys([*marks, *texts]))
    said = f"may mark a missing value, but is taken for a category or class: {with_details(details)}"
    return [f"{said}; {declared} declares it"]


def _about_words(found: Understood) -> list[str]:
    """Return a note on words read as missing that may be categories: None, and NA among codes of two letters."""
    details: dict[str, str] = {}
    for name, column in found.categories.items():
        codes = 2 * sum(CODE_OF_TWO.fullmatch(text) is not None for text in column.texts) > len(column.texts)
        words = {mark: rows for mark, rows in column.marks.items() if mark == "None" or (codes and mark == "NA")}
        if words:
            details[name] = ", ".join(f"{mark!r} in {rows} rows" for mark, rows in words.items())
    if not details:
        return []
    return [
        f"read as missing among texts: {with_details(details)}; if that is a category, set data.missing_values without "
        "it, or data.missing_categorical=own_category"
    ]
