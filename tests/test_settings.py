"""The tests' way to compose, which leaves Hydra what is chosen and sets values itself, comes to what Hydra comes to."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError

from glassnet.config.compose import composed
from tests.settings import composed_with, enter_project


@pytest.mark.parametrize(
    "overrides",
    [
        ("data=digits", "model.hidden_sizes=[8,4]", "training.epochs=3", "seed=7"),
        ("experiment=ensemble", "data.split_seed=2", "training.class_weights={a: 2, b: 1}"),
        ("optimizer=sgd", "schedule=exponential", "++schedule.warmup_epochs=2", "schedule.every_epochs=3"),
        ("training.l2=0.1", "model.dropout=0.2", "training.l2=0.3", "training.patience=null", "data='csv'"),
    ],
)
def test_it_is_what_hydra_composes(overrides: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the same, whatever was set in between."""
    enter_project(tmp_path, monkeypatch)
    for given in (overrides, (*overrides, "training.label_smoothing=0.1"), overrides):
        found = OmegaConf.to_container(composed_with(*given), resolve=True)
        assert found == OmegaConf.to_container(composed(given), resolve=True)


def test_a_key_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by Hydra."""
    enter_project(tmp_path, monkeypatch)
    with pytest.raises(ConfigAttributeError):
        composed_with("training.epoch=3")
