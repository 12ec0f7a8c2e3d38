"""Which rows are for training, validation and testing: at random, by groups, or by time; and what that leaves."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import ISO
from glassnet.columns.naming import listed
from glassnet.columns.raw_values import days_in
from glassnet.data.group_split import grouped_split
from glassnet.data.split import SPLITS, stratified_split
from glassnet.data.time_split import UNUSED, timed_split
from glassnet.sources import RawData, RawImages, RawTable, SplitSettings
from glassnet.tables.descriptions import GroupsOfSplits, TimesOfSplits
from glassnet.tables.suspicions.looking import looked_at
from glassnet.tables.suspicions.near_rows import near_copy_groups
from glassnet.tables.table_preprocessing import TablePreprocessing

Rows = npt.NDArray[np.int64]


def divide(raw: RawData, strata: Rows, split: SplitSettings) -> Rows:
    """Return the split of each row, as an index into `SPLITS`, or `UNUSED`.

    With a group and a time, whole groups are divided by their latest time.

    Args:
        raw: the rows.
        strata: the class by which each is divided; the same for all in a regression.
        split: how.

    Raises:
        ValueError: for rows that cannot be divided so.
    """
    test_rows = raw.test_rows if isinstance(raw, RawImages) and split.test_fraction is None else 0
    if split.test_fraction is None and not test_rows:
        raise ValueError(
            f"data.test_fraction: expected a fraction of the rows for {raw.name}, which has no test rows of its own, "
            "received none"
        )
    folds: dict[str, Any] = {"folds": split.folds, "fold": split.fold, "repetition": split.repetition}
    fractions = split.validation_fraction, split.test_fraction or 0.0  # unused with test rows
    if isinstance(raw, RawTable) and not raw.is_independent:
        try:
            if raw.time is not None:
                return timed_split(_times(raw), *fractions, split.split_seed, **folds)
            groups = _near_copies(raw, strata) if raw.together else groups_of(raw)
            return grouped_split(strata, groups, *fractions, split.split_seed, **folds)
        except ValueError as error:
            raise ValueError(f"{_dividing_settings(raw)}: {str(error).removeprefix('split: ')}{_hint(raw)}") from error
    return stratified_split(
        strata, *fractions, split.split_seed, **folds, test_rows=test_rows, class_names=raw.class_names
    )


def require_every_class(raw: RawData, strata: Rows, assignment: Rows) -> None:
    """Raise a `ValueError` unless the training rows have every class that other rows in use have."""
    in_train = strata[assignment == SPLITS.index("train")]
    if len(unknown := np.setdiff1d(strata, in_train)):
        why = ""
        if isinstance(raw, RawTable) and raw.time is not None:
            why = f"; data.time={raw.time} puts them later: leave such rows out, or start the test split earlier"
        elif isinstance(raw, RawTable) and raw.group is not None:
            why = f"; too few groups of data.group={raw.group} have them: leave such rows out, or use fewer data.folds"
        raise ValueError(
            f"prepare: expected every class among the training rows, received none of "
            f"{', '.join(raw.class_names[label] for label in unknown)}, of which there are other rows{why}"
        )


def groups_of(raw: RawTable) -> npt.NDArray[np.str_]:
    """Return the name of the group of each row."""
    return np.asarray(raw.frame[raw.group].astype(str), dtype=str)


def groups_in_splits(raw: RawTable, assignment: Rows) -> GroupsOfSplits:
    """Return how many groups each split has."""
    groups = groups_of(raw)
    counts = {split: len(np.unique(groups[assignment == place])) for place, split in enumerate(SPLITS)}
    return {"column": str(raw.group), "groups": counts}


def times_of_splits(raw: RawTable, assignment: Rows) -> TimesOfSplits:
    """Return from when to when the rows of each split are, and how many rows are in none."""
    order, values = _in_time(raw), raw.frame[raw.time].to_numpy()
    spans = {}
    for place, split in enumerate(SPLITS):
        rows = np.flatnonzero(assignment == place)
        ends = rows[[order[rows].argmin(), order[rows].argmax()]]
        spans[split] = [_written(values[row]) for row in ends]
    return {"column": str(raw.time), "spans": spans, "unused": int(np.count_nonzero(assignment == UNUSED))}


def notes_on_dividing(raw: RawTable, strata: Rows, assignment: Rows) -> list[str]:
    """Return what a split by groups or by time could not do."""
    notes = []
    settings = _dividing_settings(raw)
    for place, split in enumerate(SPLITS[1:], start=1):
        if len(lacking := np.setdiff1d(strata, strata[assignment == place])):
            names = listed(repr(raw.class_names[label]) for label in lacking)
            notes.append(f"with {settings} there are no {split} rows of class {names}, whose scores say nothing of it")
    if raw.time is not None and raw.group is not None:
        order = _in_time(raw)
        train = order[assignment == SPLITS.index("train")]
        first = order[assignment == SPLITS.index("test")].min()
        if late := int(np.count_nonzero(train >= first)):
            notes.append(
                f"{late} of {len(train)} training rows are as late as the first test row, or later: groups of "
                f"data.group={raw.group} stay whole, and are ordered by their latest data.time={raw.time}"
            )
    return notes


def _near_copies(raw: RawTable, strata: Rows) -> Rows:
    """Return a number for each row, the same for near copies; targets have no part in it."""
    # Of all rows, unlike what a network is given: only which split a row is in follows from it.
    preprocessing = TablePreprocessing.fit(raw.frame, raw.features, raw.categorical, raw.missing, raw.forms, raw.dates)
    return near_copy_groups(looked_at(raw, raw.frame, strata, np.zeros_like(strata), preprocessing))


def _times(raw: RawTable) -> npt.NDArray[np.float64]:
    """Return the time of each row; with groups, the latest of its group."""
    times = _in_time(raw)
    if raw.group is None:
        return times
    group = np.unique(groups_of(raw), return_inverse=True)[1]
    latest = np.full(group.max() + 1, -np.inf)
    np.maximum.at(latest, group, times)
    return latest[group]


def _in_time(raw: RawTable) -> npt.NDArray[np.float64]:
    """Return the time of each row as a number."""
    values = raw.frame[raw.time]
    if raw.time not in raw.dates:
        return values.to_numpy(dtype=np.float64)
    return days_in(raw.time, values, ISO)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def _dividing_settings(raw: RawTable) -> str:
    named = {"data.group": raw.group, "data.time": raw.time, "data.near_copies": "together" if raw.together else None}
    return " and ".join(f"{key}={name}" for key, name in named.items() if name is not None)


def _hint(raw: RawTable) -> str:
    if raw.group is None or raw.time is None:
        return ""
    return "; times are the latest of each group: name one of group and time alone"
