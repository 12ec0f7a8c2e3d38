"""The training rows, read in the form that is fastest: a compiled twin picks those of an array in memory."""

import copy
from typing import Any

import numpy as np

from glassnet.compiled import Pick, fastest_pick
from glassnet.data import ArrayDataset, DataLoader
from glassnet.data.dataset import AnyArray


class PickedRows(ArrayDataset):
    """Does what `ArrayDataset` does, but that a compiled twin picks the features of a batch."""

    def __init__(self, rows: ArrayDataset, pick: Pick) -> None:
        """Take the rows, and what picks some of their features."""
        super().__init__(rows.X, rows.y)
        self._pick = pick

    def __getitem__(self, index: Any) -> tuple[AnyArray, AnyArray]:
        is_plain = isinstance(index, np.ndarray) and index.dtype == np.int64 and index.flags.c_contiguous
        X = self._pick(self.X, index) if is_plain and index.ndim == 1 else None
        return super().__getitem__(index) if X is None else (X, self.y.take(index, axis=0))


def fastest_loader(loader: DataLoader, parameters: int) -> DataLoader:
    """Return a loader of the same batches that reads them fastest: `loader`, where it or its rows are of another kind.

    Args:
        loader: deals out the training rows.
        parameters: how many parameters are trained.
    """
    if type(loader) is not DataLoader or type(loader.dataset) is not ArrayDataset:
        return loader
    pick = fastest_pick(loader.dataset.X, parameters)
    if pick is None:
        return loader
    other = copy.copy(loader)
    other.dataset = PickedRows(loader.dataset, pick)
    return other
