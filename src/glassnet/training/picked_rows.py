"""The training rows, read in the form that is fastest: a compiled twin picks those of an array in memory."""

from typing import Any, Self

import numpy as np

from glassnet.compiled import Pick, fastest_pick
from glassnet.data import ArrayDataset, DataLoader
from glassnet.data.dataset import AnyArray


class PickedRows(ArrayDataset):
    """Does what `ArrayDataset` does, but that a compiled twin picks the features of a batch."""

    _pick: Pick

    @classmethod
    def of(cls, rows: ArrayDataset, parameters: int) -> Self | None:
        """Return the same rows, picked by a twin; None if these have none."""
        features: Any = rows._sources[0]
        pick = fastest_pick(features, parameters)
        return None if pick is None else cls(rows, pick)

    def __init__(self, rows: ArrayDataset, pick: Pick) -> None:
        """Take the attributes of some rows, not copies of them, and what picks their features."""
        self.__dict__ = {**vars(rows), "_pick": pick}

    def __getitem__(self, index: Any) -> tuple[AnyArray, AnyArray]:
        features: Any = self._sources[0]
        is_plain = isinstance(index, np.ndarray) and index.dtype == np.int64 and index.flags.c_contiguous
        X = self._pick(features, index) if is_plain and index.ndim == 1 else None
        return super().__getitem__(index) if X is None else (X, self._sources[1].take(index, axis=0, mode="clip"))


class PickingLoader(DataLoader):
    """Does what a `DataLoader` does, with its attributes, but that it reads its data set as `PickedRows`."""

    __slots__ = ("_picked", "_text")

    def __init__(self, loader: DataLoader, text: ArrayDataset, picked: PickedRows) -> None:
        """Take the attributes of a loader, not copies of them: what a callback sets is set here too."""
        self.__dict__ = loader.__dict__
        self._text, self._picked = text, picked

    @property
    def dataset(self) -> Any:  # type: ignore[override]  # it is set by the other's name
        """The rows that the loader has by now, picked by the twin if they are those that it was made for."""
        dataset = vars(self)["dataset"]
        return self._picked if dataset is self._text else dataset


def fastest_loader(loader: DataLoader, parameters: int) -> DataLoader:
    """Return a loader of the same batches that reads them fastest: `loader`, where it or its rows are of another kind.

    Args:
        loader: deals out the training rows.
        parameters: how many parameters are trained.
    """
    if type(loader) is not DataLoader or type(loader.dataset) is not ArrayDataset:
        return loader
    picked = PickedRows.of(loader.dataset, parameters)
    return loader if picked is None else PickingLoader(loader, loader.dataset, picked)
