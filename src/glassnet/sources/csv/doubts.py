"""What to doubt about the columns of a table that are learnt from: a sentence for each kind of doubt."""

import numpy as np

from glassnet.columns.identifiers import LEAST_ROWS, has_equal_steps, names_rows
from glassnet.columns.naming import all_named, with_details
from glassnet.columns.number_columns import CODE_OF_TWO, markers_among_strings, read_numbers
from glassnet.columns.sentinels import find_sentinels
from glassnet.columns.string_column import StringColumn
from glassnet.columns.telltales import Target
from glassnet.overrides import as_setting
from glassnet.sources.csv.columns import Understood
from glassnet.sources.csv.options import CSVOptions
from glassnet.sources.csv.target import TargetColumn


def doubts(
    columns: dict[str, StringColumn],
    found: Understood,
    target: TargetColumn,
    options: CSVOptions,
    markers: list[str],
) -> list[str]:
    """Return a note for each kind of doubt; those in `data.keep` are learnt from without one.

    Args:
        columns: the strings of all columns.
        found: what those that are learnt from are.
        target: the target.
        options: what to make of the columns.
        markers: the strings that stood for missing values in the file.
    """
    names = found.names
    asked = {name: columns[name] for name in columns if name in names and name not in options.keep}
    with np.errstate(over="ignore", invalid="ignore"):  # numbers may be as large as they like
        notes = [
            *_about_rows(asked, found),
            *_about_target(asked, found, target),
            *_about_sentinels(columns, found, target, markers, options.decimal),
            *_about_markers(asked, found, target, markers),
        ]
    return notes if options.missing_categorical == "own_category" else [*notes, *_about_words(found)]


def _about_rows(asked: dict[str, StringColumn], found: Understood) -> list[str]:
    """Return notes on columns that may name or count the rows."""
    counting, naming = [], []
    for name, column in asked.items():
        has_unit = {"prefix", "suffix"} & found.forms.get(name, {}).keys()
        if name in found.dates or name in found.remarks.about["only counter"] or has_unit:
            continue
        different, rows = len(column.strings), column.present
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


def _about_target(asked: dict[str, StringColumn], found: Understood, target: TargetColumn) -> list[str]:
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
    columns: dict[str, StringColumn], found: Understood, target: TargetColumn, markers: list[str], decimal: str
) -> list[str]:
    """Return a note on numbers that may stand for missing values."""
    numbers = dict(found.numbers)
    of_target = read_numbers(target.column, decimal).numbers if target.of_strings is None else target.of_strings
    if of_target is not None:  # a class may be one too
        numbers[target.column.name] = of_target
    details: dict[str, str] = {}
    strings_of: dict[float, str] = {}
    for name, of_strings in numbers.items():
        column = columns.get(name, target.column)
        counts, said = column.counts, []
        for number in find_sentinels(of_strings, counts):
            places = np.flatnonzero(of_strings == number)
            string = column.strings[places[0]]
            said.append(f"{string} in {counts[places].sum()} rows")
            strings_of.setdefault(number, string)
        if said:
            details[name] = ", ".join(said)
    if not details:
        return []
    others = [
        name
        for name, of_strings in numbers.items()
        if name not in details and not strings_of.keys().isdisjoint(of_strings.tolist())
    ]
    too = f" in all columns, {all_named(others)} too" if others else ""
    return [
        f"may stand for a missing value, being far outside the rest more than once: {with_details(details)}; "
        f"{as_setting('data.missing_values', [*markers, *strings_of.values()])} declares it{too}"
    ]


def _about_markers(
    asked: dict[str, StringColumn], found: Understood, target: TargetColumn, markers: list[str]
) -> list[str]:
    """Return a note on categories and classes that may be markers of missing values: a dash, n.a., #VALUE!."""
    details: dict[str, str] = {}
    strings: list[str] = []
    columns = {name: found.categories[name] for name in asked if name in found.categories}
    if target.of_strings is None:
        columns[target.column.name] = target.column
    for name, column in columns.items():
        counts = dict(zip(column.strings, column.counts.tolist(), strict=True))
        strays = markers_among_strings(column.strings, of_target=column is target.column)
        strays = [string for string in strays if string not in found.remarks.strays]
        if strays:
            details[name] = ", ".join(f"{string!r} in {counts[string]} rows" for string in strays)
            strings += strays
    if not details:
        return []
    declared = as_setting("data.missing_values", dict.fromkeys([*markers, *strings]))
    said = f"may mark a missing value, but is taken for a category or class: {with_details(details)}"
    return [f"{said}; {declared} declares it"]


def _about_words(found: Understood) -> list[str]:
    """Return a note on words read as missing that may be categories: None, and NA among codes of two letters."""
    details: dict[str, str] = {}
    for name, column in found.categories.items():
        codes = 2 * sum(CODE_OF_TWO.fullmatch(string) is not None for string in column.strings) > len(column.strings)
        words = {
            marker: rows for marker, rows in column.markers.items() if marker == "None" or (codes and marker == "NA")
        }
        if words:
            details[name] = ", ".join(f"{marker!r} in {rows} rows" for marker, rows in words.items())
    if not details:
        return []
    return [
        f"read as missing among strings: {with_details(details)}; if that is a category, set data.missing_values "
        "without it, or data.missing_categorical=own_category"
    ]
