"""The data sets that scikit-learn carries: wine, breast_cancer, digits and diabetes; no network needed.

Importing `sklearn.datasets` takes longer than a whole stage; its files are all that is wanted of it. Tests hold the
results against its own loaders.
"""

import csv
import gzip
import importlib.util
from pathlib import Path
from typing import Annotated

import numpy as np

from glassnet.sources.raw import OfQuantity, RawImages, RawTable

WINE_FEATURES = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
    "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
)  # fmt: skip
CELL_MEASURES = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
BREAST_CANCER_FEATURES = (
    *(f"mean {measure}" for measure in CELL_MEASURES),
    *(f"{measure} error" for measure in CELL_MEASURES),
    *(f"worst {measure}" for measure in CELL_MEASURES),
)
DIABETES_FEATURES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


def wine() -> RawTable:
    """Return the UCI Wine data: 13 chemical measurements of 178 wines from three cultivars of one region."""
    return _labelled_table(
        "wine",
        "UCI Wine: chemical analysis of wines from three cultivars (Aeberhard & Forina, 1992)",
        "wine_data.csv",
        WINE_FEATURES,
        "cultivar",
    )


def breast_cancer() -> RawTable:
    """Return the Wisconsin diagnostic data: 30 measurements of cell nuclei in 569 biopsies, benign or malignant."""
    return _labelled_table(
        "breast_cancer",
        "Wisconsin diagnostic breast cancer: cell nuclei in fine-needle biopsies (Wolberg, Street & Mangasarian, 1995)",
        "breast_cancer.csv",
        BREAST_CANCER_FEATURES,
        "diagnosis",
    )


def diabetes() -> Annotated[RawTable, OfQuantity()]:
    """Return the diabetes data, a regression: ten measurements of 442 patients, and how the disease went on."""
    import pandas as pd

    values = np.array([line.split() for line in _lines("diabetes_data_raw.csv.gz")], dtype=np.float64)
    frame = pd.DataFrame(values, columns=list(DIABETES_FEATURES))
    frame["progression"] = np.array(_lines("diabetes_target.csv.gz"), dtype=np.float64)
    return RawTable(
        name="diabetes",
        description="Diabetes: progression of the disease within a year (Efron, Hastie, Johnstone & Tibshirani, 2004)",
        frame=frame,
        features=DIABETES_FEATURES,
        target="progression",
        task="regression",
    )


def digits() -> RawImages:
    """Return the optical digits: 1,797 handwritten digits as 8×8 pixels with 17 grey values."""
    values = np.array([line.split(",") for line in _lines("digits.csv.gz")], dtype=np.float64).astype(np.int64)
    return RawImages(
        name="digits",
        description="UCI optical recognition of handwritten digits (Alpaydin & Kaynak, 1998), test part",
        images=values[:, :64].reshape(-1, 8, 8).astype(np.uint8),
        labels=values[:, 64],
        class_names=tuple(str(digit) for digit in range(10)),
    )


def _labelled_table(name: str, description: str, file: str, features: tuple[str, ...], target: str) -> RawTable:
    import pandas as pd

    header, *rows = csv.reader(_lines(file))
    class_names = tuple(header[2:])
    frame = pd.DataFrame([[*row[:-1], class_names[int(row[-1])]] for row in rows], columns=[*features, target])
    return RawTable(
        name=name,
        description=description,
        frame=frame.astype(dict.fromkeys(features, float)),
        features=features,
        target=target,
        class_names=class_names,
    )


def _lines(file: str) -> list[str]:
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("scikit-learn, which carries the data, is not installed; run `make setup`")
    content = (Path(found.submodule_search_locations[0]) / "datasets" / "data" / file).read_bytes()
    return (gzip.decompress(content) if file.endswith(".gz") else content).decode("utf-8").splitlines()


SOURCES = {"wine": wine, "breast_cancer": breast_cancer, "digits": digits, "diabetes": diabetes}
