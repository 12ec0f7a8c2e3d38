"""The record of tuning: a step is one on a data set, and tables of one's own are different data sets."""

from pathlib import Path
from typing import Any

import pytest

from glassnet.config import (
    Evidence,
    Settings,
    data_set_name,
    parse_settings,
    read_tuning,
    tuning_step,
    tuning_with,
    write_files,
)
from glassnet.config.tuning import TUNING
from tests.settings import params, read_choice

NO_EVIDENCE: Evidence = {"before": None, "after": None}


def _settings(epochs: int, path: str | None = None) -> Settings:
    values: dict[str, Any] = params()
    values["training"]["epochs"] = epochs
    if path is not None:
        values["data"] = {**read_choice("data", "csv"), "path": path, "target": "y"}
    return parse_settings(values, "test")


@pytest.mark.parametrize(
    ("data", "path", "name"),
    [
        ("wine", "src/glassnet/sources/bundled.py", "wine"),
        ("csv", "../tables/Größe 2.csv", "csv-Größe_2"),
        ("csv", "a/wine.csv", "csv-wine"),
    ],
)
def test_a_table_of_ones_own_has_the_name_of_its_file(data: str, path: str, name: str) -> None:
    """In letters that a registry takes."""
    assert data_set_name(data, path) == name


def test_steps_are_of_one_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was promoted on one table is no reason for the settings on another, nor is the change of tables a step."""
    monkeypatch.chdir(tmp_path)
    TUNING.parent.mkdir()
    ours = _settings(3, "ours.csv")
    assert tuning_step(ours, _settings(9, "others.csv"), "a run", NO_EVIDENCE) is None
    assert tuning_step(ours, _settings(3, "elsewhere/ours.csv"), "a run", NO_EVIDENCE) is not None
    step = tuning_step(ours, _settings(9, "ours.csv"), "a run", NO_EVIDENCE)
    assert step is not None
    assert step["changed"] == {"training.epochs": [3, 9]}
    write_files({tmp_path / TUNING: tuning_with(step)})
    assert read_tuning("csv-ours") == [step]
    assert read_tuning("csv-others") == []
