"""The quick way to the configuration of a sweep's job: the same, to the letter, as Hydra composes."""

from collections.abc import Iterator

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from glassnet.config import CONF, register_resolvers
from glassnet.runs.job_configs import JobConfigs
from tests.settings import PROJECT

JOBS = (
    ["seed=1"],
    ["seed=2", "model=mlp"],
    ["model.hidden_sizes=[4,4]", "data=digits", "training.epochs=3"],
    ["ablation=no_l2", "optimizer.learning_rate=1e-3"],
    ["+training.more=1", "seed=3"],
    ["data.path='a b'", "seed=4", "seed=5"],
)


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[JobConfigs, DictConfig]]:
    monkeypatch.chdir(PROJECT)
    register_resolvers(CONF)
    with initialize_config_dir(str(CONF.absolute()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("config", ["hydra/launcher=basic", "model=softmax"], RunMode.MULTIRUN)
        yield JobConfigs(loader.get_search_path(), "a start"), master


def test_a_job_is_configured_as_hydra_would(sweep: tuple[JobConfigs, DictConfig]) -> None:
    """Also after others of the sweep: nothing of one job is left in the next."""
    configs, master = sweep
    hydra = GlobalHydra.instance().config_loader()
    for job in JOBS:
        expected, quick = hydra.load_sweep_config(master, list(job)), configs.load_sweep_config(master, list(job))
        assert OmegaConf.to_yaml(quick) == OmegaConf.to_yaml(expected), job
        settings = OmegaConf.masked_copy(expected, [name for name in expected if name != "hydra"])
        assert OmegaConf.to_yaml(configs.load_settings(master, list(job))) == OmegaConf.to_yaml(settings), job


@pytest.mark.parametrize("override", ["sead=1", "training.epoch=2", "data=nothing"])
def test_what_does_not_compose_is_hydras_error(sweep: tuple[JobConfigs, DictConfig], override: str) -> None:
    """The quick way sets no key that conf/ lacks."""
    configs, master = sweep
    for load in (GlobalHydra.instance().config_loader().load_sweep_config, configs.load_sweep_config):
        with pytest.raises(
            HydraException, match=override.partition("=")[0] if override != "data=nothing" else "nothing"
        ):
            load(master, [override])
    with pytest.raises(HydraException):
        configs.load_settings(master, [override])
