"""Overrides on their way to Hydra: an ablation wins over them, and keys of swept groups are left to the jobs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from glassnet.config import CONF, UserError, conf_digest, read_params, register_resolvers, to_settings
from glassnet.config.compose import composed
from glassnet.config.precedence import held_back, let_ablation_win
from tests.settings import PROJECT

MINE = """
# @package _global_
defaults:
  - override /schedule: step
model: {dropout: 0.5}
training: {l2: 0.01}
"""
SWEPT = """
# @package _global_
hydra: {mode: MULTIRUN, sweeper: {params: {schedule: "step,exponential", seed: "range(2)"}}}
"""
TWO = """
# @package _global_
defaults: [no_dropout, no_l2]
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of conf/ with files of one's own."""
    shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    register_resolvers(CONF)
    for file, text in (("experiment/mine", MINE), ("experiment/swept", SWEPT), ("ablation/two", TWO)):
        Path(f"conf/{file}.yaml").write_text(text.lstrip())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["model.dropout=0.5", "seed=1"], ["model.dropout=0.5", "seed=1"]),
        (["ablation=no_dropout", "model.dropout=0.5"], ["ablation=no_dropout", "model.dropout=0.0"]),
        (["++training.l2=0.1", "ablation=no_l2", "seed=1"], ["training.l2=0.0", "ablation=no_l2", "seed=1"]),
        (
            ["ablation=no_hidden_layers", "model.hidden_sizes=[8]"],
            ["ablation=no_hidden_layers", "model.hidden_sizes=[]"],
        ),
        (
            ["schedule=step", "schedule.factor=0.3", "ablation=no_schedule", "seed=1"],
            ["schedule=constant", "ablation=no_schedule", "seed=1"],
        ),
        (
            ["ablation=two", "model.dropout=0.5", "training.l2=1"],
            ["ablation=two", "model.dropout=0.0", "training.l2=0.0"],
        ),
        (["ablation=[no_dropout,no_l2]", "model.dropout=0.5"], ["ablation=[no_dropout,no_l2]", "model.dropout=0.0"]),
        (["ablation=nothing,no_dropout", "model.dropout=0.5"], ["ablation=nothing,no_dropout", "model.dropout=0.5"]),
    ],
)
def test_the_ablation_wins(given: list[str], kept: list[str]) -> None:
    """Over single values and over choices; where it is swept, it is each job's to say."""
    assert let_ablation_win(given) == kept


@pytest.mark.parametrize("ablation", ["nothing", "no_dropout", "no_l2", "no_schedule", "two"])
def test_the_ablation_wins_over_an_experiment_of_ones_own(ablation: str) -> None:
    """Values and choices of other groups alike."""
    settings = to_settings(composed(let_ablation_win(["experiment=mine", f"ablation={ablation}"])), "test")
    assert settings.model.dropout == (0.0 if ablation in {"no_dropout", "two"} else 0.5)
    assert settings.training.l2 == (0.0 if ablation in {"no_l2", "two"} else 0.01)
    assert settings.schedule.name == ("constant" if ablation == "no_schedule" else "step")


@pytest.fixture
def params() -> Callable[..., None]:
    """Writes params.yaml as DVC composes it, where the command line wins."""
    from omegaconf import OmegaConf

    def write(*overrides: str) -> None:
        config = composed(overrides)
        OmegaConf.resolve(config)
        Path("params.yaml").write_text(OmegaConf.to_yaml(config))

    return write


def test_dvc_is_refused_what_would_turn_nothing_off(params: Callable[..., None]) -> None:
    """It composes by itself, and knows no order but its own."""
    params("ablation=no_dropout", "schedule=step")
    assert read_params().model.dropout == 0.0
    params("ablation=no_dropout", "model.dropout=0.5")
    with pytest.raises(
        UserError, match=r"ablation=no_dropout: expected model.dropout=0.0, which it stands for, received 0.5"
    ):
        read_params()
    params("ablation=no_schedule", "schedule=step")
    with pytest.raises(UserError, match=r"expected schedule.name='constant', which it stands for, received 'step'"):
        read_params()
    assert conf_digest(CONF) in Path("params.yaml").read_text()


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (["schedule=step,exponential", "schedule.factor=0.5", "seed=1"], ["schedule.factor=0.5"]),
        (["schedule=step", "schedule.factor=0.5", "seed=0,1"], []),
        (["optimizer=adam,sgd", "++optimizer.nesterov=true", "seed=1"], ["++optimizer.nesterov=true"]),
        (
            ["hydra.sweep.dir=s", "hydra/launcher=joblib", "data=wine,digits", "data.split_seed=1"],
            ["data.split_seed=1"],
        ),
    ],
)
def test_values_in_swept_groups_are_for_the_jobs(given: list[str], held: list[str]) -> None:
    """Those of other groups are for Hydra to compose the sweep with."""
    assert held_back(given, is_sweep=True) == held


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (["experiment=swept", "schedule.factor=0.5", "model.dropout=0.1"], ["schedule.factor=0.5"]),
        (["experiment=swept", "hydra.mode=RUN", "schedule.final_fraction=0.5"], []),
        (["experiment=mine", "schedule.factor=0.5"], []),
        (["schedule=step,exponential", "schedule.factor=0.5"], []),
    ],
)
def test_an_experiment_may_be_what_sweeps_the_group(given: list[str], held: list[str]) -> None:
    """Without an option that says so; for a single run nothing is held back."""
    assert held_back(given, is_sweep=False) == held
