"""Data sets and the loader that deals them out in batches, in one order per epoch."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from glassnet.data.mapped_rows import MappedRows
from glassnet.seeding import stream

AnyArray = npt.NDArray[Any]


class Dataset(Protocol):
    """Anything with a length and rows: an integer gives one example, an index array a batch `(features, targets)`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any) -> tuple[AnyArray, AnyArray]: ...


class ArrayDataset:
    """Features `X (N, D)` and targets `y (N,)` or `(N, K)` in step, row by row.

    Memory-mapped arrays stay on disk: batches are read from the file (see `MappedRows`), and memory in use does not
    grow with the data set.
    """

    def __init__(self, X: AnyArray, y: AnyArray) -> None:
        """Pair `X` with `y`.

        Raises:
            ValueError: if `X` is not two-dimensional, the lengths differ, there is no row, or an array hides values
                behind a mask, which batches would not.
        """
        masked = next((name for name, array in (("X", X), ("y", y)) if isinstance(array, np.ma.MaskedArray)), None)
        if masked is not None:
            raise ValueError(
                f"ArrayDataset: expected plain arrays, received {masked} masked; fill its missing values first"
            )
        if not isinstance(X, np.ndarray) or X.ndim != 2 or len(X) == 0:
            received = X.shape if isinstance(X, np.ndarray) else type(X).__name__
            raise ValueError(f"ArrayDataset: expected X as an array (N, D) with N >= 1, received {received}")
        if not isinstance(y, np.ndarray) or len(y) != len(X):
            received = len(y) if isinstance(y, np.ndarray) else type(y).__name__  # type: ignore[assignment]
            raise ValueError(
                f"ArrayDataset: expected an array of as many targets as rows ({len(X)}), received {received}"
            )
        self.X, self.y = X, y
        self._sources = [MappedRows(array) if MappedRows.can_read(array) else array for array in (X, y)]  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, index: Any) -> tuple[AnyArray, AnyArray]:
        if not isinstance(index, np.ndarray):
            return self.X[index], self.y[index]
        # Read as unsigned numbers, those that count from the end are larger than any row's: one look finds all others.
        is_plain = index.ndim == 1 and index.dtype == np.int64
        if not is_plain or np.maximum.reduce(index.view(np.uint64), initial=0) >= len(self.X):
            X, y = (source[index] for source in self._sources)
        else:
            X, y = (source.take(index, axis=0, mode="clip") for source in self._sources)
        return X, y


class DataLoader:
    """Iterates over a data set in batches of `batch_size` rows; each iteration is one epoch.

    The order of an epoch is a pure function of `(seed, epoch)`. Iterating uses `epoch` and then adds one to it;
    setting `epoch` picks the order of any epoch directly, with nothing to replay.

    Chapter 6 of the course, docs/learn/6-framework.md, uses it.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        *,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int = 0,
        augmentation: Callable[[AnyArray, int, int], AnyArray] | None = None,
    ) -> None:
        """Set how to deal out `dataset`.

        Args:
            dataset: what to iterate over.
            batch_size: rows in a batch; the last one is shorter unless it is dropped.
            shuffle: whether each epoch has a random order of its own.
            drop_last: whether to leave out a last batch that is shorter than the others.
            seed: the seed of the orders.
            augmentation: changes the features of a batch, given those, the epoch and the batch's number; see
                `Augmentation`.

        Raises:
            ValueError: for a batch size below 1, or one that leaves no batch at all with `drop_last`.
        """
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(f"DataLoader: expected a whole batch_size of 1 or more, received {batch_size!r}")
        if drop_last and batch_size > len(dataset):
            raise ValueError(
                f"DataLoader: with drop_last expected batch_size <= the {len(dataset)} rows, received {batch_size}"
            )
        self.dataset, self.batch_size = dataset, int(batch_size)
        self.shuffle, self.drop_last, self.seed, self.augmentation = shuffle, drop_last, seed, augmentation
        self.epoch = 0

    def __len__(self) -> int:
        rows = len(self.dataset)
        return rows // self.batch_size if self.drop_last else -(-rows // self.batch_size)

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """Return the order of the rows in the given epoch, `(N,)`."""
        rows = np.arange(len(self.dataset))
        if self.shuffle:
            stream(self.seed, "shuffle", epoch).shuffle(rows)
        return rows

    def __iter__(self) -> Iterator[tuple[AnyArray, AnyArray]]:
        self.epoch += 1
        return self.batches(self.epoch - 1)

    def batches(
        self, epoch: int, first: int = 0, *, part: Callable[[int], slice] | None = None
    ) -> Iterator[tuple[AnyArray, AnyArray]]:
        """Yield the batches of the given epoch from number `first` on: the same ones, however it is come upon.

        Args:
            epoch: which epoch, counted from 0.
            first: the number of the first batch to yield.
            part: which rows to yield of a batch of so many; None for all of them. The others are not read, unless an
                augmentation needs to see the batch as a whole.
        """
        order = self.order(epoch)
        for batch in range(first, len(self)):
            rows = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            some = slice(None) if part is None else part(len(rows))
            if self.augmentation is None:
                X, y = self.dataset[rows[some]]
            else:
                X, y = self.dataset[rows]
                X, y = self.augmentation(X, epoch, batch)[some], y[some]
            yield X, y
            del X, y  # so that their memory can serve for the next batch
