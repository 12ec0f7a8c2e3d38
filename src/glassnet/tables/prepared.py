"""The prepared splits on disk: opened again by whoever trains or evaluates, and made where there are none."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from glassnet.data.dataset import ArrayDataset
from glassnet.data.split import SPLITS
from glassnet.data.target_scale import TargetScale
from glassnet.files import files_digest
from glassnet.sources import DataChoice
from glassnet.sources.raw import Task
from glassnet.tables.descriptions import DataDescription
from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.loading import load_raw
from glassnet.tables.origin import Origin, origin_of
from glassnet.tables.preparing import ABOUT, prepare
from glassnet.tables.preprocessing import Preprocessing, preprocessing_from_json
from glassnet.tables.raw_files import read_array, read_json, read_raw

PIPELINE = Path("data", "prepared")  # what the pipeline's own prepare stage wrote
CACHE = Path("data", "cache")
IN_MEMORY = 512 << 20  # bytes of features


@dataclass(frozen=True)
class PreparedData:
    """What is known about prepared data without opening any split.

    Attributes:
        folder: where it lies.
        about: the content of `preprocessing.json`.
        preprocessing: takes raw rows to features.
    """

    folder: Path
    about: DataDescription
    preprocessing: Preprocessing

    @property
    def task(self) -> Task:
        """What is learnt: "classification" or "regression"."""
        return self.about["task"]

    @property
    def target_scale(self) -> TargetScale:
        """How a regression's target is standardized.

        Raises:
            ValueError: for classes, which have none.
        """
        if self.about["target_scale"] is None:
            raise ValueError(f"{self.folder}: expected the data of a regression, received classes")
        return self.about["target_scale"]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class id; none for regression."""
        return tuple(self.about["class_names"])

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Height and width of the images that the rows are, or None for a table."""
        return self.preprocessing.shape if isinstance(self.preprocessing, ImagePreprocessing) else None

    def split(self, name: str) -> ArrayDataset:
        """Open one split: in memory if it is of moderate size, which is faster; else memory-mapped."""
        X, y = self._load(name, "features"), self._load(name, "labels")
        return ArrayDataset(np.array(X), np.array(y)) if X.nbytes <= IN_MEMORY else ArrayDataset(X, y)

    def mapped(self, name: str) -> ArrayDataset:
        """Open one split memory-mapped: for a few passes through it, which take less time than a copy in memory."""
        return ArrayDataset(self._load(name, "features"), self._load(name, "labels"))

    def rows(self, name: str) -> npt.NDArray[np.int64]:
        """Return the row numbers of a split in the raw data."""
        return self._load(name, "rows")

    def targets(self, name: str) -> npt.NDArray[np.float64]:
        """Return the targets of a split of a regression in their own units."""
        return np.array(self._load(name, "targets"))

    def digest(self) -> str:
        """Return a digest of what a training sees: the training and the validation split."""
        return files_digest(path for split in ("train", "validation") for path in (self.folder / split).iterdir())

    def require_whole(self) -> None:
        """Look at the files of all splits, not at the rows in them.

        Raises:
            FileNotFoundError: if one is missing.
            ValueError: if one is damaged.
        """
        for split in SPLITS:
            for name in ("features", "labels", "rows"):
                self._load(split, name)

    def _load(self, split: str, name: str) -> npt.NDArray[Any]:
        path = self.folder / split / f"{name}.npy"
        array = read_array(path, "prepare", mapped=True)
        if len(array) != self.about["rows"][split]:
            raise ValueError(
                f"{path}: expected {self.about['rows'][split]} rows, received {len(array)}; run prepare again"
            )
        return array


def read_prepared(folder: Path) -> PreparedData:
    """Open what `prepare` wrote.

    Raises:
        FileNotFoundError: if the data were not prepared yet.
        ValueError: if what is known about them is damaged.
    """
    about = cast(DataDescription, read_json(folder / ABOUT, "prepare", DataDescription.__required_keys__))
    return PreparedData(folder, about, preprocessing_from_json(about["preprocessing"]))


def open_prepared(choice: DataChoice, folder: Path, *, by_dvc: bool) -> PreparedData:
    """Open the data prepared by these settings: in `folder`, which DVC has seen to, or by `prepared_by_hand`."""
    return read_prepared(folder) if by_dvc else prepared_by_hand(choice)


def prepared_by_hand(choice: DataChoice, raw: Path | None = None) -> PreparedData:
    """Open the data prepared by these settings for a run that DVC did not start.

    It takes the pipeline's, if the same settings, the same file and the same code made those; else it prepares its own,
    in a cache that later runs of the kind share. Damaged data are prepared anew.

    Args:
        choice: the data.
        raw: where the raw data were fetched to; None to take them from their source.
    """
    origin = origin_of(choice)
    if (PIPELINE / ABOUT).is_file() and (prepared := _open_whole(PIPELINE, origin)):
        return prepared
    cache = CACHE / origin.digest()
    if prepared := _open_whole(cache, origin, say=False):
        return prepared
    from filelock import FileLock

    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(cache.with_suffix(".lock")):  # of a sweep's jobs, one prepares, the others wait for it
        if _open_whole(cache, origin) is None:
            _prepare_in(cache, choice, raw)
    return read_prepared(cache)


def _prepare_in(cache: Path, choice: DataChoice, raw: Path | None) -> None:
    """Put freshly prepared data in the place of whatever is there, all at once."""
    part = cache.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)  # what a killed process left
    try:
        prepare(load_raw(choice) if raw is None else read_raw(raw), choice, part)
        shutil.rmtree(cache, ignore_errors=True)
        os.replace(part, cache)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _open_whole(folder: Path, origin: Origin, *, say: bool = True) -> PreparedData | None:
    """Return the prepared data in `folder`; None if there are none, others, or damaged ones, which a line says."""
    if not folder.is_dir():
        return None
    try:
        prepared = read_prepared(folder)
        if Origin.of(prepared.about) != origin:
            return None
        prepared.require_whole()
    except (ValueError, FileNotFoundError) as error:
        if say:
            print(f"data: note: {str(error).partition(';')[0]}; the data are prepared anew")
        return None
    return prepared
