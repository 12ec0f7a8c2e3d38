"""Rows of a memory-mapped array, read from its file: the pages of a map would count as the process's memory."""

import mmap
import os
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt


class MappedRows:
    """Reads rows of a read-only `np.memmap` with `pread`, so that nothing of the file stays resident.

    Rows picked at random from a map leave a page, or on newer kernels a megabyte around it, resident for each row, and
    soon the whole file is. A read copies the row and nothing else. Rows that follow one another are read in one go;
    others take a call each (about 1 µs), the only loop over examples in this package, since that is the system's
    interface.
    """

    def __init__(self, array: "np.memmap[Any, Any]") -> None:
        """Take over a memory-mapped array, or a view of whole rows of one."""
        self.shape, self.dtype = array.shape, array.dtype
        self.row_bytes = array.strides[0]
        self._path = str(array.filename)
        mapped: Any = array._mmap  # type: ignore[attr-defined]  # not in the stubs
        map_start = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
        address = np.frombuffer(mapped, dtype=np.uint8).__array_interface__["data"][0]
        self._offset = map_start + array.__array_interface__["data"][0] - address
        self._descriptor: int | None = None

    @staticmethod
    def can_read(array: npt.NDArray[Any]) -> bool:
        """Return whether `array` is one whose rows can be read so: mapped read-only, its rows contiguous."""
        return (
            isinstance(array, np.memmap)
            and array.filename is not None
            and not array.flags.writeable
            and array.flags.c_contiguous
            and hasattr(os, "preadv")
        )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what an array in memory would for an index array of any kind, or raise the error that it would."""
        rows = np.arange(len(self))[index]
        return self.take(rows.reshape(-1)).reshape(rows.shape + self.shape[1:])

    def take(self, index: npt.NDArray[np.integer[Any]], axis: int = 0, mode: str = "clip") -> npt.NDArray[Any]:
        """Return the rows with these numbers `(M,)` from 0, in this order, as `ndarray.take` does along axis 0."""
        rows = np.empty((len(index), *self.shape[1:]), dtype=self.dtype)
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._descriptor)
        if len(index) and (np.diff(index) == 1).all():
            self._read(rows, int(index[0]))
        else:
            for offset, row in enumerate(index.tolist()):
                self._read(rows[offset : offset + 1], row)
        return rows

    def _read(self, rows: npt.NDArray[Any], first: int) -> None:
        assert self._descriptor is not None  # noqa: S101  # `take` has opened it
        if not 0 <= first <= len(self) - len(rows):
            raise IndexError(f"MappedRows: expected rows in [0, {len(self)}), received {first}")
        received = os.preadv(self._descriptor, [rows.data], self._offset + first * self.row_bytes)
        if received != rows.nbytes:
            raise OSError(f"{self._path}: expected {rows.nbytes} bytes at row {first}, received {received}")

    def __getstate__(self) -> dict[str, Any]:
        """A copy, in another process say, opens the file itself."""
        return {**vars(self), "_descriptor": None}
