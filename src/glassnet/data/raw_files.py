"""The raw data on disk, between the stages fetch and prepare."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.data.sources import RawData, RawImages, RawTable
from glassnet.files import whole_file

ABOUT = "dataset.json"


def write_raw(data: RawData, folder: Path) -> None:
    """Write a table as `<name>.csv`, images as `images.npy` and `labels.npy`; what they mean as `dataset.json`.

    That comes last, so that the data are whole where it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).unlink(missing_ok=True)
    about: dict[str, Any] = {
        "name": data.name, "description": data.description, "class_names": list(data.class_names)
    }  # fmt: skip
    if isinstance(data, RawImages):
        write_array(folder / "images.npy", data.images)
        write_array(folder / "labels.npy", data.labels)
        about |= {"kind": "images", "test_rows": data.test_rows}
    else:
        with whole_file(folder / f"{data.name}.csv") as part:
            data.frame.to_csv(part, index=False, lineterminator="\n")
        about |= {
            "kind": "table",
            "file": f"{data.name}.csv",
            "features": list(data.features),
            "categorical": list(data.categorical),
            "target": data.target,
            "task": data.task,
            "missing": data.missing,
            "notes": list(data.notes),
        }
    write_json(folder / ABOUT, about)


def read_raw(folder: Path) -> RawData:
    """Read what `write_raw` wrote.

    Raises:
        FileNotFoundError: if the data were not fetched yet.
    """
    about = read_json(folder / ABOUT, "fetch")
    common = {
        "name": about["name"],
        "description": about["description"],
        "class_names": tuple(about["class_names"]),
    }
    if about["kind"] == "images":
        images, labels = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("images", "labels"))
        return RawImages(**common, images=images, labels=labels, test_rows=about["test_rows"])
    return RawTable(
        **common,
        frame=_read_table(folder, about),
        features=tuple(about["features"]),
        categorical=tuple(about["categorical"]),
        target=about["target"],
        task=about["task"],
        missing=about["missing"],
        notes=tuple(about["notes"]),
    )


def _read_table(folder: Path, about: dict[str, Any]) -> Any:
    """Read the CSV back as it was written: texts as they are (an "NA" among them), only an empty field is a gap.

    Lines end with a line feed alone, since a carriage return may be part of a text.
    """
    import pandas as pd

    texts = {*about["categorical"], *([about["target"]] if about["task"] == "classification" else [])}
    path = folder / about["file"]
    frame = pd.read_csv(path, dtype=object, keep_default_na=False, na_values=[""], lineterminator="\n")
    # Python's own conversion gives back exactly the number that was written.
    return pd.DataFrame(
        {
            name: values if name in texts else np.array([float(value) for value in values], dtype=np.float64)
            for name, values in frame.items()
        }
    )


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write an array as `.npy`."""
    with whole_file(path) as part, part.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file that people can read."""
    with whole_file(path) as part:
        part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path, stage: str) -> dict[str, Any]:
    """Read a JSON file that the named stage writes.

    Raises:
        FileNotFoundError: if it has not.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected the output of {stage} here, found no file; run {stage} first")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
