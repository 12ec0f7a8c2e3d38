"""Preparing raw data: rows divided, preprocessing learnt on the training rows, and both written to a folder."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.columns.naming import all_named
from glassnet.data.split import SPLITS
from glassnet.data.target_scale import transformed
from glassnet.data.time_split import UNUSED
from glassnet.files import whole_file
from glassnet.sources import DataChoice, RawData, RawImages, RawTable
from glassnet.tables.descriptions import DataDescription
from glassnet.tables.dividing import divide, groups_in_splits, notes_on_dividing, require_every_class, times_of_splits
from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.origin import origin_of
from glassnet.tables.preprocessing import Preprocessing
from glassnet.tables.raw_files import write_array, write_json
from glassnet.tables.suspicions.find import suspicions
from glassnet.tables.suspicions.suspicion import with_settings
from glassnet.tables.table_preprocessing import TablePreprocessing
from glassnet.tables.targets import note_of_skew, require_transformable, target_scale

ABOUT = "preprocessing.json"
CHUNK = 4_096  # rows turned into features at a time


def prepare(raw: RawData, choice: DataChoice, folder: Path) -> dict[str, int]:
    """Split raw data, learn the preprocessing on the training rows, and write both below `folder`.

    Each split becomes a folder with `features.npy` (N, D) float32, `rows.npy` (N,), the row numbers in the raw data,
    and `labels.npy`: class ids (N,), or for regression (N, 1) float32, standardized like a feature, with `targets.npy`
    (N,) float64 in the target's own units. `assignment.csv` holds the split of each row, `preprocessing.json` all else.

    Returns:
        The number of rows of each split.

    Raises:
        ValueError: if a label is none of the class names, a class is too small to split, or a logarithm is to be learnt
            where there is none.
    """
    labels, strata = _labels(raw)
    require_transformable(raw, labels, choice.target_transform)
    assignment = divide(raw, strata, choice.split)
    in_train = assignment == SPLITS.index("train")
    require_every_class(raw, strata, assignment)
    preprocessing: Preprocessing
    if isinstance(raw, RawImages):
        if choice.scaling != "standard":
            raise ValueError(
                f"data.scaling: expected standard for images such as {raw.name}, received {choice.scaling}; their "
                "pixels share one scale"
            )
        preprocessing = ImagePreprocessing.fit(raw.images[in_train])
    else:
        preprocessing = TablePreprocessing.fit(
            raw.frame[in_train], raw.features, raw.categorical, raw.missing, raw.forms, raw.dates, choice.scaling
        )
    regression = isinstance(raw, RawTable) and raw.task == "regression"
    target = raw.target if isinstance(raw, RawTable) else "label"
    scale = target_scale(labels[in_train], target, choice.target_transform) if regression else None
    notes = list(raw.notes) if isinstance(raw, RawTable) else []
    if regression and choice.target_transform == "none" and (skewed := note_of_skew(labels, in_train, target)):
        notes.append(skewed)
    if isinstance(preprocessing, TablePreprocessing) and (constant := preprocessing.constant_names):
        notes.append(
            f"nothing can be learnt from what is constant or empty in the training rows: {all_named(constant)}"
        )
    if isinstance(raw, RawTable) and (repeated := _repeated(raw, assignment)):
        notes.append(
            f"{repeated} of {np.count_nonzero(assignment == SPLITS.index('test'))} test rows equal a training row in "
            "every column, the target too: the scores may promise too much for rows that are new"
        )
    if isinstance(raw, RawTable) and not raw.is_independent:
        notes += notes_on_dividing(raw, strata, assignment)
    (folder / ABOUT).unlink(missing_ok=True)  # it comes last, so that the data are whole where it is
    for index, split in enumerate(SPLITS):
        rows = np.flatnonzero(assignment == index)
        (folder / split).mkdir(parents=True, exist_ok=True)
        write_array(folder / split / "rows.npy", rows)
        _write_features(folder / split / "features.npy", raw, rows, preprocessing)
        targets = labels[rows]
        if scale is not None:
            write_array(folder / split / "targets.npy", targets)
            standardized = (transformed(targets, choice.target_transform) - scale["mean"]) / scale["scale"]
            targets = standardized.astype(np.float32)[:, np.newaxis]
        write_array(folder / split / "labels.npy", targets)
    _write_assignment(folder / "assignment.csv", assignment)
    sizes = {split: int(np.count_nonzero(assignment == index)) for index, split in enumerate(SPLITS)}
    counts = {
        split: np.bincount(strata[assignment == index], minlength=len(raw.class_names)).tolist()
        for index, split in enumerate(SPLITS)
    }
    origin = origin_of(choice)
    about: DataDescription = {
        "dataset": raw.name,
        "description": raw.description,
        "task": "regression" if regression else "classification",
        "target": target,
        "target_scale": scale,
        "class_names": list(raw.class_names),
        "class_counts": counts,
        "rows": sizes,
        "notes": notes,
        "settings": choice.settings,
        "source_digest": origin.source_digest,
        "code_digest": origin.code_digest,
        "preprocessing": preprocessing.to_json(),
    }
    if isinstance(raw, RawTable) and raw.group is not None:
        about["groups"] = groups_in_splits(raw, assignment)
    if isinstance(raw, RawTable) and raw.time is not None:
        about["times"] = times_of_splits(raw, assignment)
    if isinstance(raw, RawTable) and isinstance(preprocessing, TablePreprocessing):
        found = suspicions(raw, labels, assignment, preprocessing)
        if found := [with_settings(each, choice.settings) for each in found]:
            about["suspicions"] = found
    write_json(folder / ABOUT, about)
    return sizes


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
    names = {**dict(enumerate(SPLITS)), UNUSED: "unused"}
    lines = [f"{row},{names[index]}\n" for row, index in enumerate(assignment.tolist())]
    with whole_file(path) as part:
        part.write_text("row,split\n" + "".join(lines), encoding="utf-8")
