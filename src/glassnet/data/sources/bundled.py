"""Where raw tables come from: each source returns a frame with named columns, the target last."""

import csv
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

WINE_FEATURES = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
)


@dataclass(frozen=True)
class RawTable:
    """A table as it was fetched, and what its columns mean."""

    name: str
    description: str
    frame: "pd.DataFrame"
    features: tuple[str, ...]
    target: str
    class_names: tuple[str, ...]


def wine() -> RawTable:
    """Return the UCI Wine data: 13 chemical measurements of 178 wines from three cultivars of one region."""
    import pandas as pd

    class_names, rows = _scikit_learn_table("wine_data.csv")
    columns = (*WINE_FEATURES, "cultivar")
    frame = pd.DataFrame([[*row[:-1], class_names[int(row[-1])]] for row in rows], columns=columns)
    return RawTable(
        name="wine",
        description="UCI Wine: chemical analysis of wines from three cultivars (Aeberhard & Forina, 1992)",
        frame=frame.astype(dict.fromkeys(WINE_FEATURES, float)),
        features=WINE_FEATURES,
        target="cultivar",
        class_names=tuple(class_names),
    )


SOURCES: dict[str, Callable[[], RawTable]] = {"wine": wine}


def _scikit_learn_table(file: str) -> tuple[list[str], list[list[str]]]:
    """Read a table that scikit-learn carries: class names from its first line, rows of text from the others.

    Importing `sklearn.datasets` takes longer than the whole stage; the file is all that is wanted of it. A test holds
    the result against `load_wine`.
    """
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("scikit-learn, which carries the Wine data, is not installed; run `make setup`")
    path = Path(found.submodule_search_locations[0]) / "datasets" / "data" / file
    with path.open(newline="", encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    return header[2:], rows
