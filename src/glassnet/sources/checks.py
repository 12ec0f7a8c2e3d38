"""Checks of what a function of the user's own returns as data: what it says of itself must be so."""

from collections import Counter

import numpy as np

from glassnet.columns.naming import listed
from glassnet.nn.arrays import describe
from glassnet.sources.raw import RawData, RawImages, RawTable


def require_sound(raw: RawData) -> None:
    """Raise a `ValueError` unless a table or images are what their attributes say."""
    if not isinstance(raw.name, str) or not raw.name or set(raw.name) & set("/\\\0"):
        raise ValueError(f"expected a name that may be that of a file, received {raw.name!r}")
    if strange := [name for name in raw.class_names if not isinstance(name, str)]:
        raise ValueError(f"expected strings as class names, received {strange[0]!r}")
    if isinstance(raw, RawImages):
        _require_images(raw)
    else:
        _require_table(raw)
        _require_target(raw)


def _require_images(raw: RawImages) -> None:
    images, labels = raw.images, raw.labels
    for what, array in (("images", images), ("labels", labels)):
        if not isinstance(array, np.ndarray):
            raise ValueError(f"expected an array of {what}, received {describe(array)}")
    if images.dtype != np.uint8 or images.ndim != 3 or not len(images):
        raise ValueError(f"expected images (N, height, width) of uint8, received {images.shape} of {images.dtype}")
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"expected {len(images)} whole numbers as labels, received {labels.shape} of {labels.dtype}")
    if labels.min() < 0 or labels.max() >= len(raw.class_names):
        raise ValueError(
            f"expected labels below {len(raw.class_names)}, the number of class names, received {labels.min()} to "
            f"{labels.max()}"
        )
    if not 0 <= raw.test_rows < len(images):
        raise ValueError(f"expected test_rows from 0 to {len(images) - 1}, received {raw.test_rows}")


def _require_table(raw: RawTable) -> None:
    import pandas as pd

    if not isinstance(raw.frame, pd.DataFrame):
        raise ValueError(f"expected a frame of pandas, received {describe(raw.frame)}")
    present, needed = Counter(raw.frame.columns), [*raw.features, raw.target]
    if not raw.features or not len(raw.frame):
        raise ValueError(f"expected rows and features, received {len(raw.frame)} rows and {len(raw.features)} features")
    for name in needed:
        if not isinstance(name, str) or present[name] != 1 or needed.count(name) > 1:
            raise ValueError(
                f"expected each feature and the target to be one column of the frame, received {name!r}; it has "
                f"{listed(raw.frame.columns)}"
            )
    if others := {*raw.categorical, *raw.dates} - {*raw.features}:
        raise ValueError(f"expected categorical and dates to name features, received {listed(sorted(others))}")
    for name in raw.features:
        values = raw.frame[name]
        if name not in (*raw.categorical, *raw.dates):
            if values.dtype.kind not in "iuf":
                raise ValueError(f"expected numbers in {name!r}, which is not categorical, received {values.dtype}")
        elif strange := [value for value in values[values.notna()] if not isinstance(value, str)]:
            raise ValueError(f"expected strings in {name!r}, received {strange[0]!r}")


def _require_target(raw: RawTable) -> None:
    values = raw.frame[raw.target]
    if raw.task not in ("classification", "regression"):
        raise ValueError(f"expected the task classification or regression, received {raw.task!r}")
    if raw.task == "regression":
        if raw.class_names or values.dtype.kind not in "iuf" or not np.isfinite(values.to_numpy()).all():
            raise ValueError(
                f"expected finite numbers and no class names of the target {raw.target!r} of a regression, received "
                f"{values.dtype} and {len(raw.class_names)} class names"
            )
        return
    if len(set(raw.class_names)) < 2 or len(set(raw.class_names)) < len(raw.class_names):
        raise ValueError(f"expected two different class names or more, received {listed(raw.class_names)}")
    if strange := [value for value in values if value not in raw.class_names]:
        raise ValueError(
            f"expected the target {raw.target!r} to be one of {listed(raw.class_names)}, received {strange[0]!r}"
        )
