"""A CSV file of the user's own, as people have them: read as strings, each column then understood as a whole."""

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import iso_strings
from glassnet.columns.identifiers import counts_rows
from glassnet.columns.naming import listed, near, rows_were
from glassnet.columns.string_column import StringColumn
from glassnet.overrides import as_setting
from glassnet.sources.csv.beside import Beside, columns_beside, dividing_columns, require_dividing, require_read_alike
from glassnet.sources.csv.columns import Understood, understand
from glassnet.sources.csv.doubts import doubts
from glassnet.sources.csv.options import CSVOptions
from glassnet.sources.csv.strings import StringTable, read_strings
from glassnet.sources.csv.target import TargetColumn, understand_target
from glassnet.sources.raw import RawTable

Columns: TypeAlias = dict[str, StringColumn]
Rows: TypeAlias = npt.NDArray[np.bool_]

MOST_FEATURES = 10_000
PARTS_OF_A_DATE = 20  # features that a date may become: days, twelve months, seven weekdays
LONGEST = 200  # characters of a note within an error


def read_table(path: Path, options: CSVOptions) -> RawTable:
    """Return the table in a CSV file.

    Raises:
        ValueError: in one line, for whatever makes the file unusable.
    """
    table = read_strings(path, options, [] if options.target is None else [options.target])
    learnt_name = _require_columns(path, table, options)
    require_dividing(path, table, options)
    not_learnt = {*options.drop, options.group, *({options.time} - {*options.keep})}
    columns = {name: column for name, column in table.columns.items() if name not in not_learnt}
    target = columns.pop(learnt_name)
    markers = list(dict.fromkeys(marker for column in table.columns.values() for marker in column.markers))
    counters = _row_counters(columns, options)  # before rows are left out, which would break their count
    with_target, notes = _rows_with_target(path, table, target, options)
    columns, target = _taken(columns, with_target), target.take(with_target)
    dividing = dividing_columns(path, table, with_target, options)
    left_out = {name: column.take(with_target) for name, column in table.columns.items() if name != learnt_name}
    found = _understood(path, columns, counters, options)
    whole, lost = _rows_with_features(path, columns, found, options)
    if lost:  # what is left may be constant now
        names = found.names
        learnt_from = {name: column for name, column in columns.items() if name in names}
        columns, target = _taken(learnt_from, whole), target.take(whole)
        left_out = _taken(left_out, whole)
        dividing = {name: replace(each, values=each.values[whole]) for name, each in dividing.items()}
        again = understand(path, columns.values(), options)
        again.remarks.take_over(found.remarks, found.names)
        found = again
    require_read_alike(path, found.categories, options)
    notes = [*table.notes, *notes, *found.remarks.sentences(options, markers), *lost]
    _require_features(path, found, notes, options)
    learnt = understand_target(path, target, options)
    notes += [*learnt.notes, *doubts(columns, found, learnt, options, markers)]
    dividing |= columns_beside(
        {name: column for name, column in left_out.items() if name not in found.names and name not in dividing}
    )
    notes += [note for each in dividing.values() for note in each.notes]
    return _assembled(path, columns, found, learnt, options, notes, dividing)


def _require_columns(path: Path, table: StringTable, options: CSVOptions) -> str:
    """Return the name of the target.

    Raises:
        ValueError: unless the options name columns of the table, none of them for two purposes.
    """
    target, names = options.target, list(table.columns)
    if target is None or target not in names:
        received = "none" if target is None else repr(target)
        meant = None if target is None else near(target, names)
        hint = f"; did you mean {as_setting('data.target', meant)}?" if meant else ""
        if len(names) < 2:
            hint = "; with one column alone, set data.delimiter to what divides the fields"
        raise ValueError(
            f"{path}: expected data.target to name one of the columns {listed(names)}, received {received}{hint}"
        )
    named = {
        "drop": options.drop, "keep": options.keep, "categorical": options.categorical, "dates": options.dates
    }  # fmt: skip
    # For what; the target may be among those that are codes, as it may be one itself.
    purposes = {"drop": "not to learn from", "keep": "to learn from", "categorical": "", "dates": "to learn from"}
    for key, purpose in purposes.items():
        if unknown := [name for name in named[key] if name not in names]:
            meant = near(unknown[0], names)
            raise ValueError(
                f"{path}: expected data.{key} to name columns of {listed(names)}, received {listed(unknown)}"
                + (f"; did you mean {as_setting(f'data.{key}', [meant])}?" if meant else "")
            )
        if target in named[key] and purpose:
            raise ValueError(
                f"{path}: expected data.{key} to name columns {purpose}, received the target {target!r} among them; "
                "take it out"
            )
    for one, other in (("drop", "keep"), ("dates", "categorical")):
        if both := [name for name in named[one] if name in named[other]]:
            raise ValueError(
                f"{path}: expected a column in data.{one} or data.{other}, not in both, received {listed(both)} in both"
            )
    return target


def _row_counters(columns: Columns, options: CSVOptions) -> list[str]:
    spared = {*options.keep, *options.categorical, *options.dates}
    return [name for name, column in columns.items() if name not in spared and counts_rows(column, options.decimal)]


def _understood(path: Path, columns: Columns, counters: list[str], options: CSVOptions) -> Understood:
    """Return what the columns are, without those that count the rows, unless nothing else can be learnt from."""
    found = understand(path, [column for name, column in columns.items() if name not in counters], options)
    kind = "counter"
    if counters and not found.names:
        found, kind = understand(path, columns.values(), options), "only counter"
    for name in counters:
        found.remarks.add(kind, name)
    return found


def _taken(columns: Columns, kept: Rows) -> Columns:
    """Return the columns of these rows alone."""
    return columns if kept.all() else {name: column.take(kept) for name, column in columns.items()}


def _rows_with_target(
    path: Path, table: StringTable, target: StringColumn, options: CSVOptions
) -> tuple[Rows, list[str]]:
    """Return which rows have a value of the target, and what is to be said of the others.

    Raises:
        ValueError: if none has one, or one has none and the settings refuse that.
    """
    notes = []
    if table.empty:
        notes.append(
            f"{rows_were(len(table.empty))} left out as wholly empty, and not counted in row numbers: row "
            f"{listed(table.empty)} below the header"
        )
    missing = target.missing
    if not missing.any():
        return ~missing, notes
    in_file = table.rows_in_file[missing]
    if missing.all():
        raise ValueError(f"{path}: expected a value of the target {target.name!r} in some row, received none")
    if options.missing_target == "error":
        raise ValueError(
            f"{path}: expected a value of the target {target.name!r} in every row, received {len(in_file)} rows "
            f"without, the first is row {in_file[0]} below the header; set data.missing_target=drop to leave them out"
        )
    markers = ", ".join(f"{marker!r} in {count}" for marker, count in target.markers.items())
    read = f"; read as missing there: {markers}, which data.missing_values decides" if markers else ""
    notes.append(
        f"{rows_were(len(in_file))} left out, having no value of the target {target.name!r}, and not counted in row "
        f"numbers: row {listed(in_file)} below the header{read}"
    )
    return ~missing, notes


def _rows_with_features(path: Path, columns: Columns, found: Understood, options: CSVOptions) -> tuple[Rows, list[str]]:
    """Return which rows have what the settings ask of the columns that are learnt from, and a note on the others."""
    lost = np.zeros(len(next(iter(columns.values())).places) if columns else 0, dtype=bool)
    if options.missing_numeric == "drop":
        for name, of_strings in found.numbers.items():  # "NAN" is a number too, and none
            lost |= np.isnan(columns[name].spread(of_strings))
    if options.missing_categorical == "drop":
        for column in found.categories.values():
            lost |= column.missing
    if not lost.any():
        return ~lost, []
    if lost.all():
        raise ValueError(
            f"{path}: expected a row without missing values for missing_…=drop, received {len(lost)} rows with some"
        )
    count = int(lost.sum())
    return ~lost, [
        f"{count} row{'s' if count > 1 else ''} with missing values {'were' if count > 1 else 'was'} left out, and "
        f"{'are' if count > 1 else 'is'} not counted in row numbers"
    ]


def _require_features(path: Path, found: Understood, notes: list[str], options: CSVOptions) -> None:
    if not found.names:
        said = "; ".join(note if len(note) <= LONGEST else f"{note[:LONGEST]}…" for note in notes)
        raise ValueError(
            f"{path}: expected a column to learn from, received none that is usable: {said or 'no columns'}"
        )
    of_dates = PARTS_OF_A_DATE * len(found.dates)
    expected = len(found.numbers) + of_dates + sum(len(column.strings) for column in found.categories.values())
    if expected > MOST_FEATURES:
        raise ValueError(
            f"{path}: expected at most {MOST_FEATURES} features, received {expected} ({len(found.numbers)} numbers, "
            f"and every category of {len(found.categories)} string columns); leave columns out with data.drop, or "
            "lower data.most_categories"
        )


def _assembled(
    path: Path,
    columns: Columns,
    found: Understood,
    target: TargetColumn,
    options: CSVOptions,
    notes: list[str],
    dividing: dict[str, Beside],
) -> RawTable:
    """Return the table of all that was found."""
    import pandas as pd

    names = found.names
    features = tuple(name for name in columns if name in names)
    content: dict[str, Any] = {}
    for name in features:
        if name in found.categories:
            content[name] = found.categories[name].values()
        else:
            values = columns[name].spread(found.numbers[name])
            content[name] = np.array(iso_strings(values), dtype=object) if name in found.dates else values
    content[target.column.name] = target.column.values() if target.numbers is None else target.numbers
    content |= {name: each.values for name, each in dividing.items() if name not in content}
    # As objects, else pandas would take strings for strings of its own.
    frame = pd.DataFrame({name: pd.Series(values, dtype=values.dtype) for name, values in content.items()})
    if not target.kept.all():
        frame = frame[target.kept].reset_index(drop=True)
    return RawTable(
        name=path.stem,
        description=f"{path.name}: {len(frame)} rows",
        frame=frame,
        features=features,
        target=target.column.name,
        task=target.task,
        class_names=target.class_names,
        categorical=tuple(name for name in features if name in found.categories),
        missing=options.missing,
        notes=tuple(notes),
        forms=found.forms,
        dates=found.dates | {name: each.date_format for name, each in dividing.items() if each.date_format},
        group=options.group,
        time=options.time,
        together=options.near_copies == "together",
        beside=tuple(name for name in dividing if name not in (*features, options.group, options.time)),
        trusted=tuple(options.keep),
        dropped=tuple(options.drop),
    )
