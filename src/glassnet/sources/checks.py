"""Checks of what a function of the user's own returns as data: what it says of itself must be so."""

from collections import Counter

import numpy as np

from glassnet.columns.dates import ISO_PATTERN
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
    if others := {*raw.categorical, *raw.dates} - {*raw.features, *([raw.time] if raw.time else [])}:
        raise ValueError(f"expected categorical and dates to name features, received {listed(sorted(others))}")
    for name in raw.features:
        values = raw.frame[name]
        if name not in (*raw.categorical, *raw.dates):
            if values.dtype.kind not in "iuf":
                raise ValueError(f"expected numbers in {name!r}, which is not categorical, received {values.dtype}")
        elif strange := [value for value in values[values.notna()] if not isinstance(value, str)]:
            raise ValueError(f"expected strings in {name!r}, received {strange[0]!r}")
    _require_dividing(raw)


def _require_dividing(raw: RawTable) -> None:
    """Raise a `ValueError` unless the columns by which rows are divided are such."""
    for what, name in (("group", raw.group), ("time", raw.time)):
        if name is None:
            continue
        if name == raw.target or list(raw.frame.columns).count(name) != 1:
            raise ValueError(
                f"expected {what} to be one column of the frame beside the target, received {name!r}; it has "
                f"{listed(raw.frame.columns)}"
            )
        if raw.frame[name].isna().any():
            missing = int(raw.frame[name].isna().to_numpy().argmax())
            raise ValueError(
                f"expected a value of {name!r} in every row, as {what}, received none in row {missing}, from 0"
            )
    if raw.group is not None and (raw.frame[raw.group].astype(str) == "").any():
        raise ValueError(f"expected a name of the group in every row of {raw.group!r}, received an empty string")
    if raw.group is not None and (raw.group in raw.features or raw.group == raw.time):
        raise ValueError(f"expected group to be no feature and not the time, received {raw.group!r}, which is")
    if raw.time is None:
        return
    values = raw.frame[raw.time]
    if raw.time in raw.dates:
        if strange := [value for value in values if not (isinstance(value, str) and ISO_PATTERN.fullmatch(value))]:
            raise ValueError(f"expected dates in ISO's form in {raw.time!r}, as time, received {strange[0]!r}")
    elif values.dtype.kind not in "iuf" or not np.isfinite(values.to_numpy()).all():
        raise ValueError(
            f"expected finite numbers in {raw.time!r}, as time, unless dates names it, received {values.dtype}"
        )


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
