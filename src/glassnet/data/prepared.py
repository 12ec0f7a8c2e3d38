"""The files between the stages: a raw table on disk, and the prepared splits made from it."""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.data.dataset import ArrayDataset
from glassnet.data.preprocessing import Standardizer
from glassnet.data.sources import SOURCES, RawTable
from glassnet.data.split import SPLITS, stratified_split

PIPELINE = Path("data", "prepared")  # what the pipeline's own prepare stage wrote
CACHE = Path("data", "cache")


def write_raw(table: RawTable, folder: Path) -> None:
    """Write a raw table as `<name>.csv` and what its columns mean as `dataset.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    table.frame.to_csv(folder / f"{table.name}.csv", index=False, lineterminator="\n")
    _write_json(
        folder / "dataset.json",
        {
            "name": table.name,
            "description": table.description,
            "file": f"{table.name}.csv",
            "features": list(table.features),
            "target": table.target,
            "class_names": list(table.class_names),
        },
    )


def read_raw(folder: Path) -> RawTable:
    """Read what `write_raw` wrote.

    Raises:
        FileNotFoundError: if the table was not fetched yet.
    """
    import pandas as pd

    about = _read_json(folder / "dataset.json", "fetch")
    return RawTable(
        name=about["name"],
        description=about["description"],
        frame=pd.read_csv(folder / about["file"]),
        features=tuple(about["features"]),
        target=about["target"],
        class_names=tuple(about["class_names"]),
    )


def prepare(table: RawTable, data_settings: dict[str, Any], folder: Path) -> dict[str, int]:
    """Split a raw table, learn the preprocessing on its training rows, and write both below `folder`.

    Each split becomes a folder with `features.npy` (N, D) float32, `labels.npy` (N,) and `rows.npy` (N,), the row
    numbers in the raw table. `assignment.csv` holds the split of each row, `preprocessing.json` all else.

    Returns:
        The number of rows of each split.

    Raises:
        ValueError: if a label is none of the class names, or a class is too small to split.
    """
    import pandas as pd

    labels = pd.Categorical(table.frame[table.target], categories=list(table.class_names)).codes.astype(np.int64)
    if (labels < 0).any():
        strange = table.frame[table.target][labels < 0].iloc[0]
        raise ValueError(f"prepare: expected {table.target} to be one of {table.class_names}, received {strange!r}")
    assignment = stratified_split(
        labels, data_settings["validation_fraction"], data_settings["test_fraction"], data_settings["split_seed"]
    )
    preprocessing = Standardizer.fit(table.frame[assignment == SPLITS.index("train")], table.features)
    features = preprocessing.transform(table.frame)
    sizes, class_counts = {}, {}
    for index, split in enumerate(SPLITS):
        rows = np.flatnonzero(assignment == index)
        sizes[split] = len(rows)
        class_counts[split] = np.bincount(labels[rows], minlength=len(table.class_names)).tolist()
        (folder / split).mkdir(parents=True, exist_ok=True)
        for name, array in (("features", features[rows]), ("labels", labels[rows]), ("rows", rows)):
            np.save(folder / split / f"{name}.npy", array)
    names = pd.Series([SPLITS[index] for index in assignment], name="split")
    names.to_csv(folder / "assignment.csv", index_label="row", lineterminator="\n")
    _write_json(
        folder / "preprocessing.json",
        {
            "dataset": table.name,
            "description": table.description,
            "target": table.target,
            "class_names": list(table.class_names),
            "class_counts": class_counts,
            "rows": sizes,
            "settings": data_settings,
            "standardizer": preprocessing.to_json(),
        },
    )
    return sizes


@dataclass(frozen=True)
class PreparedData:
    """What is known about prepared data without opening any split.

    Attributes:
        folder: where it lies.
        about: the content of `preprocessing.json`.
        preprocessing: takes raw rows to features.
    """

    folder: Path
    about: dict[str, Any]
    preprocessing: Standardizer

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class id."""
        return tuple(self.about["class_names"])

    def split(self, name: str) -> ArrayDataset:
        """Open one split; its arrays are memory-mapped."""
        return ArrayDataset(self._load(name, "features"), self._load(name, "labels"))

    def rows(self, name: str) -> npt.NDArray[np.int64]:
        """Return the row numbers of a split in the raw table."""
        return self._load(name, "rows")

    def _load(self, split: str, name: str) -> npt.NDArray[Any]:
        path = self.folder / split / f"{name}.npy"
        if not path.is_file():
            raise FileNotFoundError(
                f"{path}: expected the prepared {split} split here, found no file; run prepare first"
            )
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array


def read_prepared(folder: Path) -> PreparedData:
    """Open what `prepare` wrote.

    Raises:
        FileNotFoundError: if the data were not prepared yet.
    """
    about = _read_json(folder / "preprocessing.json", "prepare")
    return PreparedData(folder, about, Standardizer.from_json(about["standardizer"]))


def open_prepared(data_settings: dict[str, Any], folder: Path, *, by_dvc: bool) -> PreparedData:
    """Open the data prepared by these settings.

    DVC has seen to it that `folder` holds them. A run started by hand takes the pipeline's, if the same settings made
    those; else it fetches and prepares its own, in a cache that later runs with these settings share.
    """
    if by_dvc:
        return read_prepared(folder)
    if (PIPELINE / "preprocessing.json").is_file():
        prepared = read_prepared(PIPELINE)
        if prepared.about["settings"] == data_settings:
            return prepared
    cache = CACHE / hashlib.sha256(json.dumps(data_settings, sort_keys=True).encode()).hexdigest()[:16]
    if not cache.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=CACHE))
        prepare(SOURCES[data_settings["name"]](), data_settings, part)
        try:
            os.replace(part, cache)
        except OSError:
            if not cache.is_dir():
                raise
            shutil.rmtree(part)  # another job finished the same preparation first
    return read_prepared(cache)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_json(path: Path, stage: str) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected the output of {stage} here, found no file; run {stage} first")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
