"""The configurations of a sweep's jobs: Hydra composes those that choose the same files once, not each anew."""

import copy
import pickle
from collections.abc import Callable, Sequence
from functools import partial

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf, open_dict

# By the start of a sweep and what its jobs choose: outside of the loader, which a worker receives anew with every job.
# What makes copies of a configuration: with Hydra's own settings and without.
_COMPOSED: dict[tuple[str, ...], tuple[Callable[[], DictConfig], Callable[[], DictConfig]]] = {}


class JobConfigs(ConfigLoaderImpl):  # type: ignore[misc]  # Hydra's class has no types here
    """Hydra's loader of configurations, which sets values in a copy of what the files compose to.

    Hydra reads and merges some twenty files for a job; that takes longer than to train a small network. Which files
    they are depends on the groups' choices alone.
    """

    def __init__(self, search_path: ConfigSearchPath, start: str) -> None:
        """Load from where `search_path` says, for the sweep whose start this is."""
        super().__init__(config_search_path=search_path)
        self.start = start

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: Sequence[str]) -> DictConfig:
        """Return the configuration of a job, as Hydra would compose it."""
        overrides = list(sweep_overrides)
        given = OverridesParser.create().parse_overrides(overrides)
        if not all(map(_is_plain, given)):
            return super().load_sweep_config(master_config, overrides)
        config = self._chosen(master_config, given, with_hydra=True)
        self._apply_overrides_to_config(self._values(master_config, given), config)
        with open_dict(config.hydra):
            config.hydra.overrides.task = overrides
            config.hydra.job.override_dirname = get_overrides_dirname(given, **config.hydra.job.config.override_dirname)
        return config

    def load_settings(self, master_config: DictConfig, overrides: list[str]) -> DictConfig:
        """Return the same without Hydra's own settings, which are most of it."""
        given = OverridesParser.create().parse_overrides(overrides)
        if not all(map(_is_plain, given)):
            return _without_hydra(super().load_sweep_config(master_config, overrides))
        config = self._chosen(master_config, given, with_hydra=False)
        self._apply_overrides_to_config(self._values(master_config, given), config)
        return config

    def _chosen(self, master: DictConfig, given: list[Override], *, with_hydra: bool) -> DictConfig:
        """Return a copy of what the files compose to that a job chooses, with Hydra's own settings or without."""
        choices = [str(each.input_line) for each in given if self._is_choice(master, each)]
        key = (self.start, *choices)
        if key not in _COMPOSED:
            config = super().load_sweep_config(master, choices)
            _COMPOSED[key] = _copier(config), _copier(_without_hydra(config))
        return _COMPOSED[key][0 if with_hydra else 1]()

    def _values(self, master: DictConfig, given: list[Override]) -> list[Override]:
        return [each for each in given if not self._is_choice(master, each)]

    def _is_choice(self, master: DictConfig, override: Override) -> bool:
        """Return whether an override has a say in which files are read."""
        key = override.key_or_group
        return override.package is not None or key in master.hydra.runtime.choices or self.repository.group_exists(key)


def _without_hydra(config: DictConfig) -> DictConfig:
    settings = OmegaConf.masked_copy(config, [str(name) for name in config if name != "hydra"])
    OmegaConf.set_struct(settings, True)  # a setting that is not there is no setting
    return settings


def _copier(config: DictConfig) -> Callable[[], DictConfig]:
    """Return what makes copies of a configuration, with the digest of its files, which each would read anew."""
    OmegaConf.select(config, "conf_digest")
    try:
        pickled = pickle.dumps(config, pickle.HIGHEST_PROTOCOL)
    except pickle.PicklingError:  # in a worker that looked for plug-ins when their classes had come to it already
        return partial(copy.deepcopy, config)
    return partial(pickle.loads, pickled)  # in a seventh of the time


def _is_plain(override: Override) -> bool:
    """Return whether an override chooses a file or sets a value, and so may be taken out of the order of all."""
    is_sweep, is_hydra = override.is_sweep_override(), override.is_hydra_override()
    return override.type == OverrideType.CHANGE and not (is_sweep or is_hydra or isinstance(override.value(), dict))
