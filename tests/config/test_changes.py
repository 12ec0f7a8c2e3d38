"""The overrides that repeat a run: conf/ with them composes to the run's settings again."""

from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from glassnet.config import changes_from_conf, register_resolvers
from tests.settings import PROJECT

CONF = PROJECT / "conf"


def _composed(*overrides: str) -> dict[str, Any]:
    register_resolvers(CONF)
    with initialize_config_dir(str(CONF), version_base=None):
        values = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    assert isinstance(values, dict)
    return {str(key): values[key] for key in ("seed", "data", "model", "optimizer", "schedule", "training")}


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("data=blobs", "model.hidden_sizes=[8]"),
        ("seed=3", "optimizer=sgd", "optimizer.learning_rate=1e-5", "training.patience=null", "training.flip=true"),
        ("experiment=final", "schedule=one_cycle", "training.baseline.epochs=7"),
        ("data=csv", r"data.path='it\'s, [mine] {x}=$1 #2.csv'", r"data.target='a\\b \\'", "data.drop=[id,'x y','1']"),
        ("data=csv", "data.path='größe.csv'", "data.target='2_020'", "data.missing_values=[NA,'-999','#N/A']"),
        ("data=csv", "data.path='1e5'", "data.target='null'", "data.delimiter=';'", "data.encoding='true'"),
        ("data=digits",),
        ("data=digits", "model.hidden_sizes=[16]"),
        ("data=digits", "model=softmax"),
        ("data=digits", "preset=small", "model.dropout=0.3", "training.epochs=20"),
    ],
    ids=[
        "none",
        "groups and lists",
        "kinds of values",
        "an experiment and a section",
        "signs",
        "other signs",
        "texts like values",
        "a preset",
        "not all of a preset",
        "another model than the preset's",
        "another preset",
    ],
)
def test_the_changes_compose_to_the_same_settings(overrides: tuple[str, ...]) -> None:
    """Whatever was chosen, in whatever way; and nothing is said of what conf/ has already."""
    settings = _composed(*overrides)
    changes = changes_from_conf(CONF, settings)
    assert _composed(*changes) == settings
    assert len(changes) <= len(overrides) + 1
