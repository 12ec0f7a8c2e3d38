"""The raw data on disk, between the stages fetch and prepare."""

import json
from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from glassnet.files import whole_file
from glassnet.sources import MissingRules, RawData, RawImages, RawTable
from glassnet.tables.descriptions import RawDescription

if TYPE_CHECKING:
    import pandas as pd

ABOUT = "dataset.json"


def write_raw(data: RawData, folder: Path) -> None:
    """Write a table as `<name>.csv`, images as `images.npy` and `labels.npy`; what they mean as `dataset.json`.

    That comes last, so that the data are whole where it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).unlink(missing_ok=True)
    about: RawDescription
    if isinstance(data, RawImages):
        write_array(folder / "images.npy", data.images)
        write_array(folder / "labels.npy", data.labels)
        about = {
            "name": data.name,
            "description": data.description,
            "class_names": list(data.class_names),
            "kind": "images",
            "test_rows": data.test_rows,
        }
    else:
        with whole_file(folder / f"{data.name}.csv") as part:
            frame = data.frame if data.group is None else data.frame.astype({data.group: str})
            frame.to_csv(part, index=False, lineterminator="\n")
        about = {
            "name": data.name,
            "description": data.description,
            "class_names": list(data.class_names),
            "kind": "table",
            "rows": len(data.frame),
            "file": f"{data.name}.csv",
            "features": list(data.features),
            "categorical": list(data.categorical),
            "target": data.target,
            "task": data.task,
            "missing": None if data.missing is None else data.missing.to_json(),
            "notes": list(data.notes),
            "forms": data.forms,
            "dates": data.dates,
        }
        if data.group is not None:
            about["group"] = data.group
        if data.time is not None:
            about["time"] = data.time
        if data.together:
            about["together"] = True
        if data.beside:
            about["beside"] = list(data.beside)
        if data.trusted:
            about["trusted"] = list(data.trusted)
        if data.dropped:
            about["dropped"] = list(data.dropped)
    write_json(folder / ABOUT, about)


def read_raw(folder: Path) -> RawData:
    """Read what `write_raw` wrote.

    Raises:
        FileNotFoundError: if the data were not fetched yet.
        ValueError: if a file is damaged.
    """
    about = cast(RawDescription, read_json(folder / ABOUT, "fetch", RawDescription.__required_keys__))
    if about["kind"] == "images":
        images, labels = (read_array(folder / f"{name}.npy", "fetch") for name in ("images", "labels"))
        return RawImages(
            name=about["name"],
            description=about["description"],
            class_names=tuple(about["class_names"]),
            images=images,
            labels=labels,
            test_rows=about["test_rows"],
        )
    missing = about["missing"]
    return RawTable(
        name=about["name"],
        description=about["description"],
        class_names=tuple(about["class_names"]),
        frame=_read_table(folder, about),
        features=tuple(about["features"]),
        categorical=tuple(about["categorical"]),
        target=about["target"],
        task=about["task"],
        missing=None if missing is None else MissingRules.from_json(missing),
        notes=tuple(about["notes"]),
        forms=about["forms"],
        dates=about["dates"],
        group=about.get("group"),
        time=about.get("time"),
        together=about.get("together", False),
        beside=tuple(about.get("beside", ())),
        trusted=tuple(about.get("trusted", ())),
        dropped=tuple(about.get("dropped", ())),
    )


def _read_table(folder: Path, about: RawDescription) -> "pd.DataFrame":
    """Read the CSV back as it was written: strings as they are (an "NA" among them), only an empty field is missing.

    Lines end with a line feed alone, since a carriage return may be part of a text.
    """
    import pandas as pd

    strings = {
        *about["categorical"],
        *about["dates"],
        *([about["group"]] if "group" in about else []),
        *about.get("beside", ()),
        *([about["target"]] if about["task"] == "classification" else []),
    }
    path = folder / about["file"]
    _require(path, "fetch")
    try:
        frame = pd.read_csv(path, dtype=object, keep_default_na=False, na_values=[""], lineterminator="\n")
        # Python's own conversion gives back exactly the number that was written.
        table = pd.DataFrame(
            {
                name: values if name in strings else np.array([float(value) for value in values], dtype=np.float64)
                for name, values in frame.items()
            }
        )
    except ValueError as error:  # pandas' own are of this kind too
        raise _damaged(path, "fetch") from error
    dividing = {about[key] for key in ("group", "time") if key in about}
    if len(table) != about.get("rows") or {*about["features"], about["target"], *dividing} - {*table.columns}:
        raise _damaged(path, "fetch")
    return table


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write an array as `.npy`."""
    with whole_file(path) as part, part.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def read_array(path: Path, stage: str, *, mapped: bool = False) -> npt.NDArray[Any]:
    """Read an array that the named stage writes; `mapped`: leave it on the disk.

    Raises:
        FileNotFoundError: if it has not.
        ValueError: if the file is damaged.
    """
    _require(path, stage)
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise _damaged(path, stage) from error
    return array


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file that people can read."""
    with whole_file(path) as part:
        part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path, stage: str, keys: Set[str] = frozenset()) -> dict[str, Any]:
    """Read a JSON file that the named stage writes, with at least these keys.

    Raises:
        FileNotFoundError: if it has not.
        ValueError: if the file is damaged.
    """
    _require(path, stage)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(path, stage) from error
    if not isinstance(content, dict) or keys - content.keys():
        raise _damaged(path, stage)
    return content


def _require(path: Path, stage: str) -> None:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected the output of {stage} here, found no file; run {stage} first")


def _damaged(path: Path, stage: str) -> ValueError:
    return ValueError(f"{path}: expected what {stage} writes, received a damaged or foreign file; run {stage} again")
