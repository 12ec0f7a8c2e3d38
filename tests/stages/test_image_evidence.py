"""What analysis.json and the report have of images alone: single networks, final ones and ensembles, not of tables."""

import json
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from glassnet.config import CONF, Settings, register_resolvers, to_settings
from glassnet.runs import Layout
from glassnet.stages import evaluate, report, train
from glassnet.tables import open_prepared
from tests.settings import enter_project

SHORT = ("tracking=none", "training.epochs=2", "training.baseline.epochs=2", "model.hidden_sizes=[16]")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "given_overrides", lambda: SHORT)


def _settings(*overrides: str) -> Settings:
    register_resolvers(CONF)
    with initialize_config_dir(str(CONF.absolute()), version_base=None):
        return to_settings(compose("config", [*SHORT, *overrides]), "test")


@pytest.mark.parametrize("overrides", [(), ("training.final=true",), ("training.ensemble=2",)])
def test_images_have_their_sections(overrides: tuple[str, ...]) -> None:
    settings, layout = _settings("data=digits", *overrides), Layout(Path("run"))
    train.main(settings, layout)
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=False)
    features = prepared.folder / "test" / "features.npy"
    test = np.load(features)
    test[:2] = prepared.split("train").X[:2]
    test[2:5] = prepared.split("validation").X[:3]
    np.save(features, test)
    evaluate.main(settings, layout)
    report.main(settings, layout)
    analysis, metrics = (json.loads(path.read_text()) for path in (layout.analysis, layout.metrics))
    copies, text = analysis["copies"], layout.report.read_text()
    assert copies["exact"] == (5 if overrides else 2)  # the validation rows were learnt from, or not
    assert copies["scores"]["all"]["accuracy"] == pytest.approx(metrics["accuracy"], abs=1e-5)
    assert "### Copies of training images" in text
    labels = analysis["label_errors"]
    assert labels["rows"] == metrics["examples"]
    assert labels["suspected"] == len(labels["shown"]) or len(labels["shown"]) == 30
    assert all(len(each["pixels"]) == 8 for each in labels["shown"])
    assert "### Suspected label errors" in text
    assert ("### The largest confusions" in text) == bool(analysis["confusions"])
    assert (layout.figures / "label_errors.png").is_file() == bool(labels["shown"])
    if "training.ensemble=2" in overrides:  # each image that is not for testing, by the member that has not seen it
        learnt = analysis["label_errors_learnt"]
        assert learnt["rows"] == len(prepared.rows("train")) + len(prepared.rows("validation"))
        assert not {each["row"] for each in learnt["shown"]} & set(prepared.rows("test").tolist())
        assert all(len(each["pixels"]) == 8 for each in learnt["shown"])
        assert "images that the ensemble learnt from" in text
    else:
        assert "label_errors_learnt" not in analysis
    assert ("### Robustness" in text) == ("training.ensemble=2" not in overrides)


def test_tables_have_none_of_it() -> None:
    settings, layout = _settings("data=wine"), Layout(Path("run"))
    train.main(settings, layout)
    evaluate.main(settings, layout)
    report.main(settings, layout)
    assert not {"copies", "label_errors", "confusions", "robustness"} & json.loads(layout.analysis.read_text()).keys()
    assert "training image" not in layout.report.read_text()
