"""The prepared splits on disk: made from raw data, opened again by whoever trains or evaluates."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.naming import all_named
from glassnet.data.dataset import ArrayDataset
from glassnet.data.split import SPLITS, stratified_split
from glassnet.files import files_digest, whole_file
from glassnet.sources import SOURCES, RawData, RawImages, RawTable
from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.preprocessing import Preprocessing, preprocessing_from_json
from glassnet.tables.raw_files import read_array, read_json, source_digest, write_array, write_json
from glassnet.tables.table_features import mean_and_deviation
from glassnet.tables.table_preprocessing import TablePreprocessing

PIPELINE = Path("data", "prepared")  # what the pipeline's own prepare stage wrote
CACHE = Path("data", "cache")
ABOUT = "preprocessing.json"
KNOWN = {"dataset", "task", "target_scale", "class_names", "rows", "notes", "preprocessing"}
IN_MEMORY = 512 << 20  # bytes of features
CHUNK = 4_096  # rows turned into features at a time


def prepare(raw: RawData, data_settings: dict[str, Any], folder: Path) -> dict[str, int]:
    """Split raw data, learn the preprocessing on the training rows, and write both below `folder`.

    Each split becomes a folder with `features.npy` (N, D) float32, `rows.npy` (N,), the row numbers in the raw data,
    and `labels.npy`: class ids (N,), or for regression (N, 1) float32, standardized like a feature. `assignment.csv`
    holds the split of each row, `preprocessing.json` all else.

    Returns:
        The number of rows of each split.

    Raises:
        ValueError: if a label is none of the class names, or a class is too small to split.
    """
    labels, strata = _labels(raw)
    assignment = stratified_split(
        strata,
        data_settings["validation_fraction"],
        data_settings["test_fraction"],
        data_settings["split_seed"],
        folds=data_settings["folds"],
        fold=data_settings["fold"],
        repetition=data_settings["repetition"],
        test_rows=raw.test_rows if isinstance(raw, RawImages) and data_settings["test_fraction"] is None else 0,
        class_names=raw.class_names,
    )
    in_train = assignment == SPLITS.index("train")
    if len(unknown := np.setdiff1d(strata, strata[in_train])):
        raise ValueError(
            f"prepare: expected every class among the training rows, received none of "
            f"{', '.join(raw.class_names[label] for label in unknown)}, of which there are test rows"
        )
    preprocessing: Preprocessing
    if isinstance(raw, RawImages):
        preprocessing = ImagePreprocessing.fit(raw.images[in_train])
    else:
        preprocessing = TablePreprocessing.fit(
            raw.frame[in_train], raw.features, raw.categorical, raw.missing, raw.forms, raw.dates
        )
    regression = isinstance(raw, RawTable) and raw.task == "regression"
    target = raw.target if isinstance(raw, RawTable) else "label"
    scale = _target_scale(labels[in_train], target) if regression else None
    notes = list(raw.notes) if isinstance(raw, RawTable) else []
    if isinstance(preprocessing, TablePreprocessing) and (constant := preprocessing.constant_names):
        notes.append(
            f"nothing can be learnt from what is constant or empty in the training rows: {all_named(constant)}"
        )
    if isinstance(raw, RawTable) and (repeated := _repeated(raw, assignment)):
        notes.append(
            f"{repeated} of {np.count_nonzero(assignment == SPLITS.index('test'))} test rows equal a training row in "
            "every column, the target too: the scores may promise too much for rows that are new"
        )
    (folder / ABOUT).unlink(missing_ok=True)  # it comes last, so that the data are whole where it is
    for index, split in enumerate(SPLITS):
        rows = np.flatnonzero(assignment == index)
        (folder / split).mkdir(parents=True, exist_ok=True)
        write_array(folder / split / "rows.npy", rows)
        _write_features(folder / split / "features.npy", raw, rows, preprocessing)
        targets = labels[rows]
        if scale is not None:
            targets = ((targets - scale["mean"]) / scale["scale"]).astype(np.float32)[:, np.newaxis]
        write_array(folder / split / "labels.npy", targets)
    _write_assignment(folder / "assignment.csv", assignment)
    sizes = {split: int(np.count_nonzero(assignment == index)) for index, split in enumerate(SPLITS)}
    write_json(
        folder / ABOUT,
        {
            "dataset": raw.name,
            "description": raw.description,
            "task": "regression" if regression else "classification",
            "target": target,
            "target_scale": scale,
            "class_names": list(raw.class_names),
            "class_counts": {
                split: np.bincount(strata[assignment == index], minlength=len(raw.class_names)).tolist()
                for index, split in enumerate(SPLITS)
            },
            "rows": sizes,
            "notes": notes,
            "settings": data_settings,
            **_origin(data_settings),
            "preprocessing": preprocessing.to_json(),
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
    preprocessing: Preprocessing

    @property
    def task(self) -> str:
        """What is learnt: "classification" or "regression"."""
        return str(self.about["task"])

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

    def rows(self, name: str) -> npt.NDArray[np.int64]:
        """Return the row numbers of a split in the raw data."""
        return self._load(name, "rows")

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
    about = read_json(folder / ABOUT, "prepare", KNOWN)
    return PreparedData(folder, about, preprocessing_from_json(about["preprocessing"]))


def open_prepared(data_settings: dict[str, Any], folder: Path, *, by_dvc: bool) -> PreparedData:
    """Open the data prepared by these settings.

    DVC has seen to it that `folder` holds them. A run started by hand takes the pipeline's, if the same settings, the
    same file and the same code made those; else it fetches and prepares its own, in a cache that later runs of the kind
    share. Damaged data are prepared anew.
    """
    if by_dvc:
        return read_prepared(folder)
    identity = {"settings": data_settings, **_origin(data_settings)}
    if (PIPELINE / ABOUT).is_file() and (prepared := _open_whole(PIPELINE, identity)):
        return prepared
    cache = CACHE / hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    if prepared := _open_whole(cache, identity, say=False):
        return prepared
    from filelock import FileLock

    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(cache.with_suffix(".lock")):  # of a sweep's jobs, one prepares, the others wait for it
        if _open_whole(cache, identity) is None:
            _prepare_in(cache, data_settings)
    return read_prepared(cache)


def _prepare_in(cache: Path, data_settings: dict[str, Any]) -> None:
    """Put freshly prepared data in the place of whatever is there, all at once."""
    part = cache.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)  # what a killed process left
    try:
        prepare(SOURCES[data_settings["name"]](data_settings), data_settings, part)
        shutil.rmtree(cache, ignore_errors=True)
        os.replace(part, cache)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _origin(data_settings: dict[str, Any]) -> dict[str, str]:
    """Return digests of what the data are made from, and of the code that makes them."""
    package = Path(__file__).parents[1]
    code = [path for room in ("columns", "data", "sources", "tables") for path in (package / room).rglob("*.py")]
    code.append(package / "seeding.py")
    return {"source_digest": source_digest(data_settings), "code_digest": files_digest(code)}


def _open_whole(folder: Path, identity: dict[str, Any], *, say: bool = True) -> PreparedData | None:
    """Return the prepared data in `folder`; None if there are none, others, or damaged ones, which a line says."""
    if not folder.is_dir():
        return None
    try:
        prepared = read_prepared(folder)
        if {name: prepared.about.get(name) for name in identity} != identity:
            return None
        prepared.require_whole()
    except (ValueError, FileNotFoundError) as error:
        if say:
            print(f"data: note: {str(error).partition(';')[0]}; the data are prepared anew")
        return None
    return prepared


def _labels(raw: RawData) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Return the target of each row, and the class by which rows are divided: one for all in a regression."""
    if isinstance(raw, RawImages):
        return raw.labels, raw.labels
    target = raw.frame[raw.target]
    if raw.task == "regression":
        return target.to_numpy(dtype=np.float64), np.zeros(len(target), dtype=np.int64)
    places = {name: place for place, name in enumerate(raw.class_names)}
    strange = next((label for label in target if label not in places), None)
    if strange is not None:
        raise ValueError(f"prepare: expected {raw.target} to be one of {raw.class_names}, received {strange!r}")
    labels = np.array([places[label] for label in target], dtype=np.int64)
    return labels, labels


def _target_scale(targets: npt.NDArray[np.float64], name: str) -> dict[str, float]:
    if targets.max() == targets.min():
        return {"mean": float(targets[0]), "scale": 1.0}
    mean, deviation = mean_and_deviation(targets, name)
    return {"mean": mean, "scale": deviation}


def _repeated(raw: RawTable, assignment: npt.NDArray[np.int64]) -> int:
    """Return how many test rows are in the training split too, features and target alike."""
    import pandas as pd

    rows = pd.util.hash_pandas_object(raw.frame[[*raw.features, raw.target]], index=False).to_numpy()
    of_test, of_train = (rows[assignment == SPLITS.index(split)] for split in ("test", "train"))
    return int(np.isin(of_test, of_train).sum())


def _write_features(path: Path, raw: RawData, rows: npt.NDArray[np.int64], preprocessing: Preprocessing) -> None:
    """Write the features of these rows piece by piece: one-hot columns may make them far larger than the table."""
    # Written, not mapped: a disk that is full fails a write with an error, but a store into a map with a signal.
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)),
        "fortran_order": False,
        "shape": (len(rows), len(preprocessing.feature_names)),
    }
    with whole_file(path) as part, part.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(rows), CHUNK):
            piece = rows[start : start + CHUNK]
            if isinstance(preprocessing, TablePreprocessing):
                assert isinstance(raw, RawTable)  # noqa: S101  # one goes with the other, which types cannot say
                features = preprocessing.transform(raw.frame.iloc[piece])
            else:
                assert isinstance(raw, RawImages)  # noqa: S101
                features = preprocessing.transform(raw.images[piece])
            file.write(features.data)


def _write_assignment(path: Path, assignment: npt.NDArray[np.int64]) -> None:
    lines = [f"{row},{SPLITS[index]}\n" for row, index in enumerate(assignment.tolist())]
    with whole_file(path) as part:
        part.write_text("row,split\n" + "".join(lines), encoding="utf-8")
