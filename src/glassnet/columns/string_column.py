"""A column of strings, kept as the different strings that it has and the place among them of the string in each row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from glassnet.columns.raw_values import MissingMarkers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class StringColumn:
    """A column of strings. What there is to know of it is known from its different strings, which are often few.

    Attributes:
        name: its name.
        strings: the different strings, each in one row at least.
        places: for each row, the place of its string among them; -1 for a missing value.
        markers: the strings that stood for a missing value in the file, each with the number of its rows.
    """

    name: str
    strings: list[str]
    places: npt.NDArray[np.intp]
    markers: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which rows have no value."""
        return self.places < 0

    @property
    def present(self) -> int:
        """The number of rows that have one."""
        return int(np.count_nonzero(self.places >= 0))

    @property
    def counts(self) -> npt.NDArray[np.intp]:
        """The number of rows of each string."""
        return np.bincount(self.places[self.places >= 0], minlength=len(self.strings))

    def spread(self, of_strings: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return for each row what `of_strings` has for its string; NaN for a missing value."""
        return np.append(of_strings, np.nan)[self.places]

    def values(self) -> npt.NDArray[np.object_]:
        """Return the string of each row, None for a missing value."""
        return np.array([*self.strings, None], dtype=object)[self.places]

    def take(self, kept: npt.NDArray[np.bool_]) -> "StringColumn":
        """Return the column of these rows alone."""
        return self._of_places(self.strings, self.places[kept])

    def renamed(self, names: Sequence[str]) -> "StringColumn":
        """Return the column with other strings, one for each; those that become the same are one from now on."""
        strings = list(dict.fromkeys(names))
        rank = {string: place for place, string in enumerate(strings)}
        moved = np.array([*(rank[name] for name in names), -1], dtype=np.intp)
        return StringColumn(self.name, strings, moved[self.places], self.markers)

    def _of_places(self, strings: list[str], places: npt.NDArray[np.intp]) -> "StringColumn":
        used = np.zeros(len(strings) + 1, dtype=bool)
        used[places] = True
        used[-1] = False
        if used[:-1].all():
            return StringColumn(self.name, strings, places, self.markers)
        moved = np.append(np.cumsum(used[:-1]) - 1, -1)
        return StringColumn(
            self.name,
            [string for string, is_used in zip(strings, used, strict=False) if is_used],
            moved[places],
            self.markers,
        )


def read_column(name: str, fields: Sequence[str], missing: MissingMarkers) -> StringColumn:
    """Return the column of these fields, stripped."""
    rank: dict[str, int] = {}
    place_of: dict[str, int] = {}
    absent: list[str] = []
    for string in dict.fromkeys(fields):
        short = string.strip()
        if short in missing:
            place_of[string] = -1
            absent.append(string)
        else:
            place_of[string] = rank.setdefault(short, len(rank))
    markers: dict[str, int] = {}
    for string in absent:
        if marker := string.strip():
            markers[marker] = markers.get(marker, 0) + fields.count(string)
    return StringColumn(name, [*rank], np.fromiter(map(place_of.__getitem__, fields), np.intp, len(fields)), markers)


def to_frame(columns: dict[str, StringColumn]) -> "pd.DataFrame":
    """Return columns as a frame of strings, None where one is missing."""
    import pandas as pd

    return pd.DataFrame({name: column.values() for name, column in columns.items()}, dtype=object)
