"""data.scaling=robust: learnt on the training rows, written down, and applied to whatever is predicted for."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glassnet.data import SPLITS, RobustScaling
from glassnet.sources import DataChoice, MissingRules, RawImages, RawTable, Scaling, SplitSettings
from glassnet.tables import TablePreprocessing, read_prepared
from glassnet.tables.preparing import prepare
from glassnet.tables.preprocessing import preprocessing_from_json

RNG = np.random.default_rng(5)


def _table() -> RawTable:
    frame = pd.DataFrame(
        {
            "wealth": np.exp(RNG.normal(0, 3, 120)),
            "rare": np.r_[np.zeros(110), np.arange(10.0)],
            "never": np.ones(120),
            "colour": RNG.choice(["red", "blue"], 120),
            "day": pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d"),
            "label": RNG.choice(["a", "b"], 120),
        }
    )
    frame.loc[3, "wealth"] = np.nan
    features = ("wealth", "rare", "never", "colour", "day")
    return RawTable(
        "people", "People", frame, features, "label", "classification", ("a", "b"), ("colour",),
        MissingRules("median", indicator=True), dates={"day": "%Y-%m-%d"},
    )  # fmt: skip


def _choice(scaling: Scaling) -> DataChoice:
    return DataChoice(Path(__file__), SplitSettings(0.2, 0.2, 0), {"name": "people"}, scaling=scaling)


def test_numbers_and_dates_are_scaled_and_categories_are_not(tmp_path: Path) -> None:
    """By median and quartiles of the training rows, missing ones filled first; a column that never changed is 0."""
    raw = _table()
    prepare(raw, _choice("robust"), tmp_path)
    prepared = read_prepared(tmp_path)
    train = raw.frame.iloc[prepared.rows("train")]
    names = prepared.preprocessing.feature_names
    for split in SPLITS:
        X, rows = np.asarray(prepared.split(split).X), raw.frame.iloc[prepared.rows(split)]
        for name in ("wealth", "rare"):
            filled = (frame[name].fillna(train[name].median()).to_numpy() for frame in (train, rows))
            learnt, given = (values[:, np.newaxis] for values in filled)
            expected = RobustScaling.fit(learnt).transform(given)[:, 0]
            np.testing.assert_allclose(X[:, names.index(name)], expected, rtol=1e-6)
        assert np.abs(X).max() <= 3
        assert set(X[:, names.index("colour = red")]) <= {0.0, 1.0}
        assert not X[:, names.index("never")].any()
    days = np.asarray(prepared.split("train").X)[:, names.index("day (days)")]
    assert np.median(days) == pytest.approx(0, abs=1e-6)


def test_a_model_file_and_a_later_row_are_scaled_in_the_same_way(tmp_path: Path) -> None:
    """Through JSON; a value a hundred times as large as any before is at the bound, not an error."""
    raw = _table()
    fitted = TablePreprocessing.fit(
        raw.frame, raw.features, raw.categorical, raw.missing, raw.forms, raw.dates, scaling="robust"
    )
    described = json.loads(json.dumps(fitted.to_json()))
    again = preprocessing_from_json(described)
    assert isinstance(again, TablePreprocessing)
    rows = raw.frame.copy()
    rows.loc[0, "wealth"] = 1e300
    np.testing.assert_array_equal(again.transform(rows), fitted.transform(rows))
    assert again.transform(rows)[0, 0] == pytest.approx(3)
    assert {"mean", "scale", "robust"} <= described["columns"][0].keys()


def test_standard_scaling_writes_what_it_always_wrote(tmp_path: Path) -> None:
    """No key more, so that models and prepared data keep their bytes."""
    raw = _table()
    described = TablePreprocessing.fit(raw.frame, raw.features, raw.categorical, raw.missing, dates=raw.dates).to_json()
    assert not any("robust" in column for column in described["columns"])


def test_pictures_have_one_scale(tmp_path: Path) -> None:
    """A column of pixels by itself is none to be scaled."""
    images = RawImages("dots", "Dots", RNG.integers(0, 255, (30, 2, 2)).astype(np.uint8), np.arange(30) % 2, ("a", "b"))
    with pytest.raises(ValueError, match=r"data.scaling: expected standard for images such as dots, received robust"):
        prepare(images, _choice("robust"), tmp_path)
