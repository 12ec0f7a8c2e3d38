"""All suspicions about a table and its splits, each with its evidence and the setting that tests it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.dates import ISO
from glassnet.columns.naming import listed, with_details
from glassnet.columns.raw_values import days_in
from glassnet.columns.telltales import Target
from glassnet.data.time_split import UNUSED
from glassnet.sources import RawTable
from glassnet.tables.descriptions import Suspicion
from glassnet.tables.suspicions.drift import are_times, drift
from glassnet.tables.suspicions.identifiers import Belonging, belonging
from glassnet.tables.suspicions.looking import looked_at
from glassnet.tables.suspicions.near_rows import equal_rows, near_rows
from glassnet.tables.suspicions.rows import MOST_FEATURES, MOST_ROWS, MOST_VALUES, Ints, Looked, spread
from glassnet.tables.suspicions.suspicion import ALIKE, DRIFTS, IN_EVERY_ROW, NEAR_COPIES, TELLS
from glassnet.tables.suspicions.telling import tells_class, tells_number
from glassnet.tables.table_preprocessing import TablePreprocessing

if TYPE_CHECKING:
    import pandas as pd

GROUPS_OF_A_CLASS = 3  # at least, in a column that names what rows belong to: with fewer, it is the class
AGREED = 0.9  # of the near copies, that share a value, from which on a column is what they have in common


def suspicions(
    raw: RawTable, targets: npt.NDArray[Any], assignment: Ints, preprocessing: TablePreprocessing
) -> list[Suspicion]:
    """Return what may make the scores promise more than new rows keep; nothing for most tables.

    Columns in `raw.trusted` are not doubted, but for what they divide.

    Args:
        raw: the table.
        targets: class ids, or the numbers of a regression.
        assignment: the split of each row.
        preprocessing: learnt on the training rows.
    """
    used, features = np.flatnonzero(assignment != UNUSED), max(1, len(preprocessing.feature_names))
    rows = used[spread(len(used), MOST_ROWS if features > MOST_FEATURES else min(MOST_ROWS, MOST_VALUES // features))]
    frame, y = raw.frame.iloc[rows], targets[rows]
    telling = _telling(raw, frame, y)
    if features > MOST_FEATURES:
        return [*_about_telling(raw, telling), *_drifting(raw, frame, y, len(y))]
    looked = looked_at(raw, frame, y, assignment[rows], preprocessing)
    columns = dict(each for each in _candidates(raw, frame) if _straddles(each[1], looked.split))
    belongs = _belonging(looked, columns, len(raw.class_names))
    by = belongs[0][0] if belongs else raw.group
    independent = len(y)
    if by is not None:
        groups = _places(frame[by])
        independent = int(groups.max()) + 1
        # Without what is the same in all rows of a group, its name too, the rows would still belong together.
        few = GROUPS_OF_A_CLASS * max(len(raw.class_names), 1)
        telling = {name: how for name, how in telling.items() if not _is_of_group(_places(frame[name]), groups, few)}
    near = [*_equal(raw, frame, looked.split), *_near(looked, columns)]
    alike = list(_alike(looked, belongs))
    return [
        *_about_telling(raw, telling),
        *_drifting(raw, frame, y, independent),
        *alike,
        *(each for each in near if each["changes"] not in [other["changes"] for other in alike]),
    ]


def _is_of_group(values: Ints, groups: Ints, few: int) -> bool:
    """Return whether a column of more than a few values is the same in all rows of a group."""
    pairs = len(np.unique(np.column_stack([groups, values]), axis=0))
    return bool(values.max() + 1 >= few and pairs == groups.max() + 1)


def _telling(raw: RawTable, frame: "pd.DataFrame", y: npt.NDArray[Any]) -> dict[str, str]:
    """Return the columns that tell the target by themselves, wholly or nearly, each with how it does.

    Of rows that are equal in all, one counts.
    """
    first = ~frame[[*raw.features, raw.target]].duplicated().to_numpy()
    frame, y = frame[first], y[first]
    classes, places = len(raw.class_names), np.unique(y, return_inverse=True)[1]
    quantity = None if classes else y.astype(np.float64)
    of_target = Target(places, quantity, len(raw.features))
    found: dict[str, str] = {}
    for name in raw.features:
        if name in raw.trusted:
            continue
        values = _places(frame[name])
        numbers = frame[name].to_numpy(dtype=np.float64) if _is_number(raw, name) else None
        if of_target.told_by(values, numbers):
            found[name] = IN_EVERY_ROW
        elif classes and (right := tells_class(values, numbers, y, classes)):
            found[name] = f"in {right:.1%} of the rows"
        elif quantity is not None and numbers is not None and (correlation := tells_number(numbers, quantity)):
            found[name] = f"with a correlation of {correlation:.4f}"
    return found


def _about_telling(raw: RawTable, telling: dict[str, str]) -> Iterator[Suspicion]:
    """Yield what is to be said of the columns that tell the target."""
    if telling:
        evidence = f"alone tells the target {raw.target!r}: {with_details(telling)}"
        yield Suspicion(kind=TELLS, evidence=evidence, changes={"data.drop": [*raw.dropped, *telling]})


def _drifting(raw: RawTable, frame: "pd.DataFrame", y: npt.NDArray[Any], independent: int) -> Iterator[Suspicion]:
    """Yield the time along which the target changes most, if it does, and rows are not divided by time."""
    if raw.time is not None:
        return
    strongest, by = 0.0, ""
    for name in [*raw.features, *raw.beside]:
        if name in raw.dates:
            times = days_in(name, frame[name], ISO)
            if np.isnan(times).any():
                continue
        elif _is_number(raw, name):
            times = frame[name].to_numpy(dtype=np.float64)
            if not are_times(name, times):
                continue
        else:
            continue
        if (explained := drift(times, y, len(raw.class_names), independent)) and explained > strongest:
            strongest, by = explained, name
    if by:
        evidence = (
            f"the target {raw.target!r} changes along {by}: {strongest:.0%} of its variance lies between tenths of the "
            "rows in their order of time; at random, rows are tested with what was learnt from later ones"
        )
        yield Suspicion(kind=DRIFTS, evidence=evidence, changes={"data.time": by})


def _candidates(raw: RawTable, frame: "pd.DataFrame") -> Iterator[tuple[str, Ints]]:
    """Yield the columns whose values may name what rows belong to, each with the place of every row's value."""
    for name in [*raw.features, *raw.beside]:
        if name in raw.dates or name in raw.trusted or name in (raw.group, raw.time):
            continue
        values = frame[name]
        if values.isna().any():
            continue
        if _is_number(raw, name):
            numbers = values.to_numpy(dtype=np.float64)
            if (numbers != np.round(numbers)).any():
                continue
        yield name, _places(values)


def _straddles(values: Ints, split: Ints) -> bool:
    """Return whether half of the held-out rows or more share their value with a training row."""
    in_train = np.zeros(values.max() + 1, dtype=bool)
    in_train[values[split == 0]] = True
    return bool(in_train[values[split > 0]].mean() >= 0.5)


def _belonging(looked: Looked, columns: dict[str, Ints], classes: int) -> list[tuple[str, Belonging]]:
    """Return the columns whose values seem to be names of what rows belong to, the one that says most first."""
    found: list[tuple[str, Belonging]] = []
    for name, values in columns.items():
        if values.max() + 1 >= GROUPS_OF_A_CLASS * classes and (common := belonging(looked, name, values)):
            found.append((name, common))
    return sorted(found, key=lambda each: (round(each[1].without_group - each[1].with_group, 2), -each[1].groups))


def _alike(looked: Looked, belongs: list[tuple[str, Belonging]]) -> Iterator[Suspicion]:
    """Yield what is to be said of the column that seems to name what rows belong to."""
    if not belongs:
        return
    (by, common), *others = belongs
    score = "have R²" if looked.is_regression else "are right in"
    numbers = [common.with_group, common.without_group]
    told, outside = (f"{each:.2f}" if looked.is_regression else f"{each:.0%} of the cases" for each in numbers)
    more = f"; the same holds for {listed(name for name, _ in others)}" if others else ""
    evidence = (
        f"rows that share the value of {by} lie close together and share the target, as those of one patient do "
        f"({common.groups} groups): the nearest rows {score} {told}, those of another {by} {outside}{more}"
    )
    yield Suspicion(kind=ALIKE, evidence=evidence, changes={"data.group": by})


def _equal(raw: RawTable, frame: "pd.DataFrame", split: Ints) -> Iterator[Suspicion]:
    """Yield the rows that equal training rows in all that is learnt from, though they hardly would by chance."""
    if count := equal_rows([_places(frame[name]) for name in raw.features], split):
        evidence = (
            f"{count} of {np.count_nonzero(split > 0)} rows of the validation and test splits equal a training row in "
            "every column that is learnt from; by chance, more would differ from one in a single column"
        )
        yield Suspicion(kind=NEAR_COPIES, evidence=evidence, changes={"data.near_copies": "together"})


def _near(looked: Looked, columns: dict[str, Ints]) -> Iterator[Suspicion]:
    """Yield the near copies of training rows among the others, with the column that they share, if there is one."""
    near = near_rows(looked)
    if near is None:
        return
    shared = {name: float(np.mean(values[near.close] == values[near.mates])) for name, values in columns.items()}
    groups = {name: len(np.unique(columns[name])) for name, share in shared.items() if share >= AGREED}
    changes: dict[str, str | list[str]] = {"data.near_copies": "together"}
    told = ""
    if groups and (by := max(groups, key=groups.__getitem__)) and groups[by] >= len(near.close) / 4:
        changes, told = {"data.group": by}, f"; they share the value of {by}"
    evidence = (
        f"{len(near.close)} of {near.looked_at} rows of the validation and test splits that were looked at are near "
        f"copies of a training row, far closer to it than to the rows around{told}"
    )
    yield Suspicion(kind=NEAR_COPIES, evidence=evidence, changes=changes)


def _is_number(raw: RawTable, name: str) -> bool:
    return name in raw.features and name not in raw.categorical and name not in raw.dates


def _places(values: "pd.Series[Any]") -> Ints:
    """Return the place of each value among the different ones; what is missing is one of them."""
    if values.dtype.kind in "iuf":
        return np.unique(values.to_numpy(dtype=np.float64), return_inverse=True)[1]
    return np.unique(values.astype(object).fillna("").to_numpy(dtype=str), return_inverse=True)[1]
