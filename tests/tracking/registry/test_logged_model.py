"""The model that MLflow keeps brings its code along."""

import os
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import mlflow
import numpy as np
import pandas as pd
import pytest

from glassnet.components import OwnClass
from glassnet.config import named_in_conf
from glassnet.sources import MissingRules
from glassnet.tables import TablePreprocessing, predict_rows
from glassnet.tracking.registry import logged_model
from glassnet.training import Architecture, ModelFile, save_model
from glassnet.training.architecture import FindClass
from glassnet.training.model_file import refuse_class


def test_code_without_a_date_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As some archives and build systems leave it: at the beginning of 1970, which zip files cannot say."""
    source = tmp_path / "glassnet" / "tracking" / "registry" / "logged_model.py"
    source.parent.mkdir(parents=True)
    source.write_text("x = 1\n")
    os.utime(source, (0, 0))
    monkeypatch.setattr(logged_model, "__file__", str(source))
    logged_model._pack_code(tmp_path / "code.zip")
    assert zipfile.ZipFile(tmp_path / "code.zip").read("glassnet/tracking/registry/logged_model.py") == b"x = 1\n"


def _logged(
    folder: Path,
    fitted: TablePreprocessing,
    activation: str | dict[str, str] = "relu",
    find_class: FindClass = refuse_class,
) -> tuple[ModelFile[Any], Any]:
    """Return a model of two classes with this preprocessing, and what MLflow loads of it."""
    own = OwnClass.from_json(activation) if isinstance(activation, dict) else activation
    architecture = Architecture((len(fitted.feature_names), 3, 2), own)
    network = architecture.build(np.random.default_rng(0), np.random.default_rng(0), find_class)
    saved = ModelFile(network, architecture, fitted, ("p", "q"), {})
    save_model(folder / "model.safetensors", saved)
    logged = cast(Any, SimpleNamespace(artifact_location=str(folder), model_id="m-0"))
    logged_model._save(folder / "model.safetensors", find_class, folder / "model", logged, "0" * 32)
    loaded = mlflow.pyfunc.load_model(str(folder / "model"))
    return saved, loaded


@pytest.mark.filterwarnings("ignore")  # MLflow's, about its own classes, ours, and pandas
@pytest.mark.parametrize(
    ("rows", "strings"),
    [
        ({"x": [1, 2], "t": ["u", "v"], "on": [True, False], "code": [1, 2]}, {}),
        ({"x": [1, 2], "t": [np.nan, np.nan], "on": [True, False], "code": [1.0, 2.0]}, {"t": [None, None]}),
        ({"x": ["1", "?"], "t": ["?", "v"], "on": [False, True], "code": [1, 2]}, {"x": [1, None], "t": [None, "v"]}),
    ],
)  # fmt: skip
def test_the_model_takes_whole_numbers_truth_values_and_columns_without_values(
    tmp_path: Path, rows: dict[str, Any], strings: dict[str, Any]
) -> None:
    """As pandas reads them from a CSV file; a signature with types would refuse them."""
    table = {"x": [1.5, 2.0, 4.0], "t": ["u", "v", "u"], "on": ["True", "False", "True"], "code": ["1.0", "2.0", "2.0"]}
    rules = MissingRules("median", "most_frequent", values=("?",))
    fitted = TablePreprocessing.fit(pd.DataFrame(table), tuple(table), ("t", "on", "code"), rules)
    saved, loaded = _logged(tmp_path, fitted)
    as_written = {**rows, "on": [str(value) for value in rows["on"]], "code": ["1.0", "2.0"], **strings}
    pd.testing.assert_frame_equal(loaded.predict(pd.DataFrame(rows)), predict_rows(saved, pd.DataFrame(as_written)))


@pytest.mark.filterwarnings("ignore")  # MLflow's, about its own classes, ours, and pandas
@pytest.mark.parametrize(
    "rows",
    [
        {"share": ["12%", "n/a"], "when": ["31.01.2024", ""], "code": ["1.0", "2"]},
        {"share": [12, -999], "when": ["2024-01-31", None], "code": [1, 2]},
        {"share": [12.0, np.nan], "when": pd.to_datetime(pd.Series(["2024-01-31", None])), "code": [1.0, 2.0]},
    ],
)
def test_the_model_takes_numbers_and_dates_in_the_form_of_the_table(tmp_path: Path, rows: dict[str, Any]) -> None:
    """And as a program has them; what marks a missing value does so in any form."""
    frame = pd.DataFrame(
        {"share": [12.0, 7.0, 5.0], "when": ["2024-01-31", "2024-02-29", None], "code": ["1", "2", "2"]}
    )
    rules = MissingRules("median", "most_frequent", values=("n/a", "-999"))
    fitted = TablePreprocessing.fit(
        frame, ("share", "when", "code"), ("code",), rules, {"share": {"suffix": "%"}}, {"when": "%d.%m.%Y"}
    )
    saved, loaded = _logged(tmp_path, fitted)
    plain = pd.DataFrame({"share": [12.0, None], "when": ["2024-01-31", None], "code": ["1", "2"]})
    pd.testing.assert_frame_equal(loaded.predict(pd.DataFrame(rows)), predict_rows(saved, plain))


@pytest.mark.filterwarnings("ignore")  # MLflow's, about its own classes, ours, and pandas
def test_a_model_with_a_class_of_ones_own_is_loaded_where_conf_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the project's folder alone: a model from the registry is no reason to import anything."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    (project / "conf" / "activation").mkdir(parents=True)
    elsewhere.mkdir()
    (project / "halved_for_mlflow.py").write_text("from glassnet import nn\n\n\nclass Halved(nn.Tanh):\n    pass\n")
    (project / "conf" / "activation" / "halved.yaml").write_text("_target_: halved_for_mlflow.Halved\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(project)
    fitted = TablePreprocessing.fit(pd.DataFrame({"x": [1.0, 2.0, 4.0]}), ("x",), (), MissingRules("median"))
    section = {"name": "halved", "_target_": "halved_for_mlflow.Halved"}
    saved, loaded = _logged(tmp_path, fitted, section, named_in_conf)
    rows = pd.DataFrame({"x": [1.0, 3.0]})
    pd.testing.assert_frame_equal(loaded.predict(rows), predict_rows(saved, rows))
    assert loaded.metadata.metadata == {"glassnet.own_classes": ["halved_for_mlflow.Halved"]}
    monkeypatch.chdir(elsewhere)
    refused = (
        r"received one with 'halved_for_mlflow\.Halved', which .*elsewhere/conf does not name; start in the project"
    )
    with pytest.raises(ValueError, match=refused):
        mlflow.pyfunc.load_model(str(tmp_path / "model"))
