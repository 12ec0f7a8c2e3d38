"""Explanations of raw rows: complete in the raw columns, whatever those became, and measured from the mean row."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glassnet import nn
from glassnet.config import UserError
from glassnet.sources import MissingRules
from glassnet.stages import predict
from glassnet.tables import ImagePreprocessing, TablePreprocessing, TrainedModel, explain_rows, predict_rows
from glassnet.tables.mean_row import mean_row
from glassnet.tables.raw_units import column_places, in_raw_units
from glassnet.training import Ensemble, ModelFile, save_model
from glassnet.training.architecture import Architecture


@pytest.fixture
def frame() -> pd.DataFrame:
    """Numbers with missing ones, strings, and dates."""
    rng = np.random.default_rng(0)
    income = rng.lognormal(10, 1, 80)
    income[::7] = np.nan
    days = np.datetime64("2024-01-01") + rng.integers(0, 90, 80)
    return pd.DataFrame({"income": income, "city": rng.choice(["Ulm", "Bonn", "Trier"], 80), "day": days.astype(str)})


def _preprocessing(frame: pd.DataFrame) -> TablePreprocessing:
    rules = MissingRules(numeric="median", categorical="most_frequent", indicator=True)
    return TablePreprocessing.fit(frame, ("income", "city", "day"), ("city",), rules, dates={"day": "%Y-%m-%d"})


def _saved(preprocessing: Any, classes: tuple[str, ...], scale: Any = None) -> Any:
    features, outputs = len(preprocessing.feature_names), len(classes) or 1
    architecture = Architecture((features, 16, 16, outputs))
    model = architecture.build(np.random.default_rng(0), np.random.default_rng(0)).eval()
    assert isinstance(model, nn.Module)
    return ModelFile(model, architecture, preprocessing, classes, {"settings": {}}, scale)


def test_the_mean_row_is_the_mean_of_the_training_rows(frame: pd.DataFrame) -> None:
    """In features: 0 for a standardized number, and the shares of ones; it survives being written and read."""
    preprocessing = _preprocessing(frame)
    mean = preprocessing.transform(frame).mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(mean_row(preprocessing), mean, atol=1e-6)
    read = TablePreprocessing(preprocessing.to_json()["columns"], [])
    np.testing.assert_array_equal(mean_row(read), mean_row(preprocessing))
    del read.columns[1]["shares"]
    with pytest.raises(
        ValueError, match="in 3 columns of ones and zeros of city, received 0: the model is of a version"
    ):
        mean_row(read)


def test_numbers_alone_are_described_as_before(frame: pd.DataFrame) -> None:
    """What needs no shares has none, so that model files of numbers keep their bytes."""
    columns = TablePreprocessing.fit(frame[["income"]].dropna(), ("income",)).to_json()["columns"]
    assert "shares" not in columns[0]


@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c", "d")])
def test_the_contributions_are_those_of_the_logit_of_the_predicted_class(
    frame: pd.DataFrame, classes: tuple[str, ...]
) -> None:
    """One for each raw column; the logit is that of the probability which `predict_rows` gives."""
    saved = _saved(_preprocessing(frame), classes)
    explained, predicted = explain_rows(saved, frame), predict_rows(saved, frame)
    contributions = [f"contribution_{name}" for name in frame]
    assert list(explained) == ["logit", "logit_of_mean_row", *contributions]
    change = explained["logit"] - explained["logit_of_mean_row"]
    np.testing.assert_allclose(
        explained[contributions].sum(axis=1), change, rtol=0, atol=1e-4 * (1 + change.abs().max())
    )
    p = predicted[[f"probability_{name}" for name in classes]].max(axis=1)
    np.testing.assert_allclose(explained["logit"], np.log(p / (1 - p)), atol=1e-4)


def _require_sum_of_prediction(saved: TrainedModel, frame: pd.DataFrame) -> None:
    """The contributions add up to the prediction less that of the mean row."""
    explained, predicted = explain_rows(saved, frame), predict_rows(saved, frame)["prediction"]
    contributions = [name for name in explained if str(name).startswith("contribution_")]
    change = predicted - explained["prediction_of_mean_row"]
    assert change.abs().max() > 0.1
    np.testing.assert_allclose(
        explained[contributions].sum(axis=1), change, rtol=0, atol=2e-4 * (1 + change.abs().max())
    )


@pytest.mark.parametrize("scale", [{"mean": 50.0, "scale": 9.0}, {"mean": 1.0, "scale": 0.5, "transform": "log"}])
def test_of_a_regression_they_are_in_units_of_the_target(frame: pd.DataFrame, scale: Any) -> None:
    """Also where the network learns a logarithm: they add up to the prediction less that of the mean row."""
    saved = _saved(_preprocessing(frame), (), scale)
    _require_sum_of_prediction(saved, frame)


def test_a_pixel_is_a_column() -> None:
    """Measured from an image of the mean grey."""
    preprocessing = ImagePreprocessing((2, 3), 100.0, 50.0)
    saved = _saved(preprocessing, ("a", "b", "c"))
    images = pd.DataFrame(np.full((2, 6), 100), columns=preprocessing.names)
    images.iloc[1, 4] = 200
    explained = explain_rows(saved, images)
    moved = explained[[name for name in explained if str(name).startswith("contribution_")]].to_numpy() != 0
    np.testing.assert_array_equal(moved, [[False] * 6, [False] * 4 + [True, False]])


def test_the_way_back_from_features(frame: pd.DataFrame) -> None:
    """Which features a column became, and what a standardized number was."""
    preprocessing = _preprocessing(frame)
    places = dict(column_places(preprocessing))
    assert [len(places[str(name)]) for name in frame] == [2, 3, 1 + 3 + 7]
    column = preprocessing.columns[0]
    assert column["kind"] == "numeric"
    present = frame["income"].notna().to_numpy()
    features = preprocessing.transform(frame)[present, 0].astype(np.float64)
    np.testing.assert_allclose(in_raw_units(column, features), frame["income"][present], rtol=1e-4)


def test_predict_explains_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The columns follow the prediction; another value than true or false is one line."""
    monkeypatch.chdir(tmp_path)
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0], "z": [1.0, 5.0, 3.0]})
    saved = _saved(TablePreprocessing.fit(rows, ("x", "z")), ("no", "yes"))
    saved.about["settings"] = {"data": {"name": "wine"}}
    save_model(Path("model.safetensors"), saved)
    rows.to_csv("rows.csv", index=False)
    arguments = ["predict", "input=rows.csv", "output=out.csv", "model=model.safetensors"]
    monkeypatch.setattr(sys, "argv", [*arguments, "explain=true"])
    predict.main()
    found = pd.read_csv("out.csv")
    assert list(found)[:4] == ["row", "class", "probability_no", "probability_yes"]
    assert list(found)[4:] == ["logit", "logit_of_mean_row", "contribution_x", "contribution_z"]
    monkeypatch.setattr(sys, "argv", [*arguments, "explain=yes"])
    with pytest.raises(UserError, match="explain: expected true or false, received 'yes'"):
        predict.main()


def _ensemble(frame: pd.DataFrame, classes: tuple[str, ...], scales: Any, about: Any = None) -> Any:
    """Three members, each with the preprocessing of some of the rows: one has never seen a category."""
    parts = [frame[frame["city"] != "Ulm"], frame[20:], frame[:60]]
    members = []
    for number, part in enumerate(parts):
        preprocessing = _preprocessing(part)
        architecture = Architecture((len(preprocessing.feature_names), 16, 16, len(classes) or 1))
        model = architecture.build(np.random.default_rng(number), np.random.default_rng(0)).eval()
        members.append(ModelFile(model, architecture, preprocessing, classes, {"settings": {}}, scales[number]))
    single = _saved(_preprocessing(frame), classes, scales[0])
    return Ensemble(
        **{**vars(single), "about": about or {"settings": {}}},
        members=tuple(members),
        temperature=0.7 if classes else 1.0,
    )


@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c", "d")])
@pytest.mark.parametrize("decision", [None, {"threshold": 0.2, "positive": 1}])
def test_of_an_ensemble_they_are_of_the_logit_of_the_mean_probability(
    frame: pd.DataFrame, classes: tuple[str, ...], decision: Any
) -> None:
    """Calibrated, averaged, and of the class that is decided on; they add up to the change from the mean row."""
    if decision and len(classes) > 2:
        decision = {"costs": (1.0 - np.eye(4)).tolist()}
    saved = _ensemble(frame, classes, [None] * 3, {"settings": {}, **({"decision": decision} if decision else {})})
    explained, predicted = explain_rows(saved, frame), predict_rows(saved, frame)
    contributions = [f"contribution_{name}" for name in frame]
    assert list(explained) == ["logit", "logit_of_mean_row", *contributions]
    change = explained["logit"] - explained["logit_of_mean_row"]
    assert change.abs().max() > 0.1
    np.testing.assert_allclose(
        explained[contributions].sum(axis=1), change, rtol=0, atol=1e-4 * (1 + change.abs().max())
    )
    p = np.array([each[f"probability_{each['class']}"] for _, each in predicted.iterrows()])
    np.testing.assert_allclose(explained["logit"], np.log(p / (1 - p)), atol=1e-4)


def test_of_an_ensemble_for_regression_they_are_of_the_mean_prediction(frame: pd.DataFrame) -> None:
    """Each member has its own scale of the target."""
    scales = [{"mean": 1.0 + number, "scale": 0.5 + 0.1 * number, "transform": "log"} for number in range(3)]
    saved = _ensemble(frame, (), scales)
    _require_sum_of_prediction(saved, frame)
