"""A CSV file of the user's own, as people have them: read as text, each column then understood as a whole."""

import re
from collections import Counter
from collections.abc import Container, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.sources.csv_text import is_number, listed, read_texts, to_number, to_numbers
from glassnet.data.sources.raw import RawTable, Task

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 20  # a whole-number target with more values than this is taken for a quantity
LEAST_IN_A_CLASS = 3  # one row for each split
MOST_FEATURES = 10_000
MOST_MARKS = 3  # different texts among numbers that may stand for a gap


def csv_table(settings: dict[str, Any]) -> RawTable:
    """Return the table that the settings describe: see `conf/data/csv.yaml` for what each of them means.

    Raises:
        ValueError: in one line, for whatever makes the file unusable.
    """
    import pandas as pd

    path = Path(settings["path"])
    frame, notes = read_texts(path, settings)
    target = settings["target"]
    if target is None or target not in frame.columns:
        received = "none" if target is None else repr(target)
        hint = (
            "; with one column alone, set data.delimiter to what divides the fields" if len(frame.columns) < 2 else ""
        )
        raise ValueError(
            f"{path}: expected data.target to name one of the columns {listed(frame.columns)}, received {received}"
            f"{hint}"
        )
    unknown = [name for name in [*settings["drop"], *settings["categorical"]] if name not in frame.columns]
    if unknown:
        raise ValueError(
            f"{path}: expected data.drop and data.categorical to name columns of {listed(frame.columns)}, "
            f"received {listed(unknown)}"
        )
    if target in settings["drop"]:
        raise ValueError(
            f"{path}: expected data.drop to name columns not to learn from, received the target {target!r} among them; "
            "take it out"
        )
    frame = frame.drop(columns=settings["drop"])
    numeric, categorical, left_out = _understand(path, frame.drop(columns=target), settings)
    notes += left_out
    frame, lost = _drop_gaps(path, frame, target, numeric, categorical, settings)
    if lost:  # what is left may be constant now
        numeric, categorical, left_out = _understand(path, frame.drop(columns=target), settings)
        notes += [*lost, *(note for note in left_out if note not in notes)]
    features = [name for name in frame.columns if name in numeric or name in categorical]
    if not features:
        raise ValueError(
            f"{path}: expected a column to learn from, received none that is usable: {'; '.join(notes) or 'no columns'}"
        )
    expected = len(numeric) + sum(frame[name].nunique() for name in categorical)
    if expected > MOST_FEATURES:
        raise ValueError(
            f"{path}: expected at most {MOST_FEATURES} features, received {expected} ({len(numeric)} numbers, and "
            f"every category of {len(categorical)} text columns); leave columns out with data.drop, or lower "
            "data.most_categories"
        )
    labels, task, class_names, rare = _understand_target(path, frame[target], settings)
    target_column = pd.Series(labels, dtype=labels.dtype)  # else pandas would take objects for strings of its own
    table = pd.DataFrame({name: numeric.get(name, frame[name]) for name in features} | {target: target_column})
    if rare is not None:
        keep, note = rare
        table, notes = table[keep].reset_index(drop=True), [*notes, note]
    return RawTable(
        name=path.stem,
        description=f"{path.name}: {len(table)} rows",
        frame=table,
        features=tuple(features),
        target=target,
        task=task,
        class_names=class_names,
        categorical=tuple(name for name in features if name in categorical),
        missing={key: settings[f"missing_{key}"] for key in ("numeric", "categorical", "indicator", "values")},
        notes=tuple(notes),
    )


def _drop_gaps(
    path: Path, frame: "pd.DataFrame", target: str, numeric: Mapping[str, Any], categorical: Container[str],
    settings: dict[str, Any],
) -> "tuple[pd.DataFrame, list[str]]":  # fmt: skip
    """Leave out rows with gaps where the settings say so; a gap in the target is an error otherwise.

    Gaps in columns that are not learnt from cost no row; where rows go, so do those columns.
    """
    dropping = [rule for rule in ("numeric", "categorical") if settings[f"missing_{rule}"] == "drop"]
    gaps = frame.isna()
    for name, values in numeric.items():  # "NAN" is a number too, and none
        gaps[name] = np.isnan(values)
    if dropping:
        used = [name for name in frame.columns if name in numeric or name in categorical]
        watched = [target, *(name for name in used if ("numeric" if name in numeric else "categorical") in dropping)]
        lost = gaps[watched].any(axis=1)
        if lost.all():
            raise ValueError(
                f"{path}: expected a row without gaps for missing_…=drop, received {len(frame)} rows with some"
            )
        note = f"{int(lost.sum())} rows with gaps were left out, and are not counted in row numbers"
        return (frame[~lost][[*used, target]].reset_index(drop=True), [note]) if lost.any() else (frame, [])
    if gaps[target].any():
        rows = np.flatnonzero(gaps[target])
        raise ValueError(
            f"{path}: expected a value of the target {target!r} in every row, received {len(rows)} rows without, the "
            f"first is row {rows[0] + 1} below the header; delete them, or set data.missing_numeric=drop"
        )
    return frame, []


def _understand(
    path: Path, frame: "pd.DataFrame", settings: dict[str, Any]
) -> tuple[dict[str, Any], set[str], list[str]]:
    """Return the numeric columns with their values, the names of the categorical ones, and what was left out."""
    numeric: dict[str, Any] = {}
    categorical: set[str] = set()
    empty, wordy, infinite, parted, other_sign, mixed = [], [], [], [], [], []
    for name in frame.columns:
        present = frame[name].dropna()
        is_constant = present.empty or (present == present.iloc[0]).all()
        if is_constant and (present.empty or not _marks_gaps(frame[name], settings)):
            empty.append(name)
            continue
        values = None if name in settings["categorical"] else to_numbers(frame[name], settings["decimal"])
        if values is not None:
            numeric[name] = values
            if np.isinf(values).any():
                infinite.append(name)
            continue
        if name not in settings["categorical"] and _has_parted_thousands(present, settings):
            parted.append(name)
        elif name not in settings["categorical"] and _has_other_decimals(frame[name], settings):
            other_sign.append(name)
        elif name not in settings["categorical"] and (strange := _strange_among_numbers(present, settings)):
            mixed.append(f"{name} ({strange[:20]!r})")
        if (distinct := present.nunique()) <= settings["most_categories"]:
            categorical.add(name)
        else:
            wordy.append(f"{name} ({distinct} different texts)")
    if infinite:
        raise ValueError(
            f"{path}: expected finite numbers, received infinite ones in {listed(infinite)}; declare their text in "
            "data.missing_values, or leave the column out with data.drop"
        )
    notes = [f"left out as constant or empty: {listed(empty)}"] if empty else []
    if wordy:
        notes.append(
            f"left out as free text, more than data.most_categories={settings['most_categories']}: {listed(wordy)}"
        )
    other, sign = _other_sign(settings)
    if parted:
        notes.append(
            f"taken for texts, since a {sign} parts the thousands of their numbers: {listed(parted)}; write those "
            "without it"
        )
    if other_sign:
        notes.append(
            f"taken for texts, though they look like numbers with a decimal {sign}: {listed(other_sign)}; set "
            f"data.decimal to read them as such (\"data.decimal='{other}'\")"
        )
    if mixed:
        notes.append(
            f"taken for texts, though most are numbers: {listed(mixed)}; declare in data.missing_values what marks a "
            "gap"
        )
    return numeric, categorical, notes


def _marks_gaps(values: "pd.Series[Any]", settings: dict[str, Any]) -> bool:
    """Return whether a column has gaps, and becomes features that tell them from the rest."""
    if values.notna().all():
        return False
    is_numeric = values.name not in settings["categorical"] and to_numbers(values, settings["decimal"]) is not None
    return bool(settings["missing_indicator"]) if is_numeric else settings["missing_categorical"] == "own_category"


def _other_sign(settings: dict[str, Any]) -> tuple[str, str]:
    """Return the sign for decimals that the settings do not name, and what to call it."""
    return (".", "point") if settings["decimal"] == "," else (",", "comma")


def _has_parted_thousands(texts: "pd.Series[Any]", settings: dict[str, Any]) -> bool:
    """Return whether all texts are numbers, once the sign that is not for decimals no longer parts their thousands.

    Where that sign stands before three digits in every text that has it, and some text has it twice, has decimals
    besides, or is a number without it, it does not stand for decimals itself.
    """
    other, decimal = _other_sign(settings)[0], settings["decimal"]
    marked = [text for text in texts if other in text]
    whole, fraction = rf"[+-]?\d{{1,3}}(?:{re.escape(other)}\d{{3}})+", rf"(?:{re.escape(decimal)}\d+)?"
    if not marked or not all(re.fullmatch(whole + fraction, text) for text in marked):
        return False
    tells = len(marked) < len(texts) or any(text.count(other) > 1 or decimal in text for text in marked)
    return tells and all(is_number(text, decimal) for text in texts if other not in text)


def _has_other_decimals(values: "pd.Series[Any]", settings: dict[str, Any]) -> bool:
    """Return whether texts that are no numbers would be, if the sign for decimals were the other one."""
    return to_numbers(values, settings["decimal"]) is None and to_numbers(values, _other_sign(settings)[0]) is not None


def _strange_among_numbers(texts: "pd.Series[Any]", settings: dict[str, Any]) -> str | None:
    """Return what is no number where half of the texts or more are, and the others are the same few: marks of gaps."""
    strange = [text for text in texts if not is_number(text, settings["decimal"])]
    return str(strange[0]) if 2 * len(strange) <= len(texts) and len(set(strange)) <= MOST_MARKS else None


def _understand_target(
    path: Path, values: "pd.Series[Any]", settings: dict[str, Any]
) -> "tuple[Any, Task, tuple[str, ...], tuple[Any, str] | None]":
    """Return labels, task, class names, and where classes are too small and may go, the rows to keep and a note."""
    target, task = settings["target"], settings["task"]
    numbers = to_numbers(values, settings["decimal"])
    if task == "auto":
        quantity = numbers is not None and (
            (numbers != np.round(numbers)).any() or len(np.unique(numbers)) > MOST_CLASSES
        )
        task = "regression" if quantity else "classification"
    if task == "regression":
        if numbers is None:
            strange = next(
                value for value in values if to_numbers(values[values == value], settings["decimal"]) is None
            )
            raise ValueError(f"{path}: expected numbers in the target {target!r} for regression, received {strange!r}")
        if not np.isfinite(numbers).all():
            strange = next(value for value, number in zip(values, numbers, strict=True) if not np.isfinite(number))
            raise ValueError(f"{path}: expected finite numbers in the target {target!r}, received {strange!r}")
        if (numbers == numbers[0]).all():
            raise ValueError(f"{path}: expected a target {target!r} that varies, received {numbers[0]:g} in every row")
        return numbers, "regression", (), None
    counts = Counter(values)
    small = sorted(name for name, count in counts.items() if count < LEAST_IN_A_CLASS)
    kept = [name for name in counts if name not in small]
    if small and (settings["rare_classes"] == "error" or len(kept) < 2):
        sign = _other_sign(settings)[1]
        hint = f", and data.decimal, since they have a decimal {sign}," if _has_other_decimals(values, settings) else ""
        if _has_parted_thousands(values, settings):
            hint = f", and write the numbers without the {sign} that parts their thousands,"
        raise ValueError(
            f"{path}: expected at least {LEAST_IN_A_CLASS} rows of every class of {target!r}, one for each split, "
            f"received {listed(f'{counts[name]} of {name!r}' for name in small)}; set data.rare_classes=drop to leave "
            f"them out, or data.task=regression{hint} if it is a quantity"
        )
    if len(kept) < 2:
        raise ValueError(f"{path}: expected at least two classes in {target!r}, received {listed(map(repr, kept))}")
    try:
        names = sorted(kept, key=lambda name: to_number(name, settings["decimal"]))
    except ValueError:
        names = sorted(kept)
    rare = None
    if small:
        few = f"left out, fewer than {LEAST_IN_A_CLASS} rows each, and not counted in row numbers"
        rare = values.isin(kept), f"{few}: classes {listed(small)}"
    return values.to_numpy(dtype=object), "classification", tuple(names), rare
