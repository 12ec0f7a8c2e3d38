"""A column of texts, kept as the different texts that it has and the place among them of the text in each row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from glassnet.columns.raw_values import MissingMarkers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TextColumn:
    """A column of texts. What there is to know of it is known from its different texts, which are often few.

    Attributes:
        name: its name.
        texts: the different texts, each in one row at least.
        places: for each row, the place of its text among them; -1 for a missing value.
        marks: the texts that stood for a missing value in the file, each with the number of its rows.
    """

    name: str
    texts: list[str]
    places: npt.NDArray[np.intp]
    marks: dict[str, int] = field(default_factory=dict)

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
        """The number of rows of each text."""
        return np.bincount(self.places[self.places >= 0], minlength=len(self.texts))

    def spread(self, of_texts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return for each row what `of_texts` has for its text; NaN for a missing value."""
        return np.append(of_texts, np.nan)[self.places]

    def values(self) -> npt.NDArray[np.object_]:
        """Return the text of each row, None for a missing value."""
        return np.array([*self.texts, None], dtype=object)[self.places]

    def take(self, kept: npt.NDArray[np.bool_]) -> "TextColumn":
        """Return the column of these rows alone."""
        return self._of_places(self.texts, self.places[kept])

    def renamed(self, names: Sequence[str]) -> "TextColumn":
        """Return the column with other texts, one for each; those that become the same are one from now on."""
        texts = list(dict.fromkeys(names))
        rank = {text: place for place, text in enumerate(texts)}
        moved = np.array([*(rank[name] for name in names), -1], dtype=np.intp)
        return TextColumn(self.name, texts, moved[self.places], self.marks)

    def _of_places(self, texts: list[str], places: npt.NDArray[np.intp]) -> "TextColumn":
        used = np.zeros(len(texts) + 1, dtype=bool)
        used[places] = True
        used[-1] = False
        if used[:-1].all():
            return TextColumn(self.name, texts, places, self.marks)
        moved = np.append(np.cumsum(used[:-1]) - 1, -1)
        return TextColumn(
            self.name, [text for text, is_used in zip(texts, used, strict=False) if is_used], moved[places], self.marks
        )


def read_column(name: str, fields: Sequence[str], missing: MissingMarkers) -> TextColumn:
    """Return the column of these fields, stripped."""
    rank: dict[str, int] = {}
    place_of: dict[str, int] = {}
    absent: list[str] = []
    for text in dict.fromkeys(fields):
        short = text.strip()
        if short in missing:
            place_of[text] = -1
            absent.append(text)
        else:
            place_of[text] = rank.setdefault(short, len(rank))
    marks: dict[str, int] = {}
    for text in absent:
        if mark := text.strip():
            marks[mark] = marks.get(mark, 0) + fields.count(text)
    return TextColumn(name, [*rank], np.fromiter(map(place_of.__getitem__, fields), np.intp, len(fields)), marks)


def to_frame(columns: dict[str, TextColumn]) -> "pd.DataFrame":
    """Return columns as a frame of texts, None where one is missing."""
    import pandas as pd

    return pd.DataFrame({name: column.values() for name, column in columns.items()}, dtype=object)
