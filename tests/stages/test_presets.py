"""What `data=` selects along with the data: a network that beats its baseline, and that can be overridden."""

import json
from pathlib import Path

import pytest

from glassnet.config import Settings
from glassnet.runs import Layout
from glassnet.stages import evaluate, train
from tests.settings import PROJECT, enter_project, settings_with

DOWNLOADED = {"fashion_mnist", "csv"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one's own, with this project's settings and code."""
    enter_project(tmp_path, monkeypatch)


def _settings(*overrides: str) -> Settings:
    return settings_with(*overrides)


@pytest.mark.parametrize(
    "data", sorted({path.stem for path in (PROJECT / "conf" / "data").glob("*.yaml")} - DOWNLOADED)
)
@pytest.mark.usefixtures("project")
def test_the_network_of_each_data_set_beats_its_baseline(data: str) -> None:
    """With no other setting: a lower test log-loss than softmax regression, or error than linear regression."""
    settings, layout = _settings(f"data={data}", "tracking=none"), Layout(Path("run"))
    train.main(settings, layout)
    evaluate.main(settings, layout)
    scores = json.loads(layout.metrics.read_text())
    score = "mae" if "mae" in scores else "log_loss"
    linear = scores["baselines"]["linear_regression" if score == "mae" else "softmax_regression"]
    assert scores[score] < linear[score]


@pytest.mark.usefixtures("project")
def test_a_preset_gives_way_to_choices_and_values() -> None:
    """A data set without a preset of its own has the usual one; a linear model stays linear."""
    assert _settings("data=digits").model.hidden_sizes == [128]
    assert _settings("data=digits", "model.hidden_sizes=[8]", "training.epochs=3").training.epochs == 3
    assert _settings("data=digits", "model=softmax").model.hidden_sizes == []
    assert _settings("data=digits", "model=softmax").training == _settings("data=digits").training
    assert _settings("data=digits", "preset=small").model == _settings("data=blobs").model
