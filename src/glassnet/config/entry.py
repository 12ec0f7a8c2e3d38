"""How a stage starts: from params.yaml under DVC, through Hydra when given overrides; an error is one line."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from glassnet.config.compose import CONF, read_params, register_resolvers, require_project, to_settings
from glassnet.config.errors import UserError, one_line_errors
from glassnet.config.layout import Layout
from glassnet.config.settings import Settings

Main = Callable[[Settings, Layout], object]


def run_stage(name: str, main: Main) -> None:
    """Start `main` the way the command line asks for.

    Without arguments the settings come from params.yaml and the results go where dvc.yaml declares them. With
    arguments (overrides, or `-m` for a sweep) conf/ is composed through Hydra and the results go to Hydra's folder.

    Args:
        name: the stage's name, for messages.
        main: what to run, with the settings and the layout of the folders.
    """
    with one_line_errors(name):
        if len(sys.argv) == 1:
            main(read_params(), Layout(Path()))
        else:
            _run_composed(main)


def _run_composed(main: Main) -> None:
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    require_project()
    register_resolvers(CONF)

    def job(config: DictConfig) -> None:
        main(to_settings(config, "settings"), Layout(Path(HydraConfig.get().runtime.output_dir)))

    # Asked for the full error, Hydra raises it instead of printing several lines and exiting.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        hydra.main(config_path=str(CONF.absolute()), config_name="config", version_base="1.3")(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(f"settings: {error}") from error
