"""How a stage starts: from params.yaml under DVC, through Hydra when given overrides; an error is one line."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from glassnet.config.compose import CONF, read_params, register_resolvers, require_project, to_settings
from glassnet.config.errors import MENDABLE, UserError, one_line_errors
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
    from hydra.types import RunMode
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    require_project()
    register_resolvers(CONF)
    failures: list[str] = []

    def job(config: DictConfig) -> None:
        # A job that fails is kept for the end: the other jobs of a sweep go on, and Hydra adds no lines of its own.
        run = HydraConfig.get()
        try:
            main(to_settings(config, "settings"), _layout(Path(run.runtime.output_dir)))
        except MENDABLE as error:
            failures.append(f"[{run.job.override_dirname}] {error}" if run.mode == RunMode.MULTIRUN else str(error))

    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises its errors instead of printing several lines and exiting
    try:
        hydra.main(config_path=str(CONF.absolute()), config_name="config", version_base="1.3")(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(_explain(error)) from error
    if failures:
        raise UserError("; ".join(failures))


def given_overrides() -> tuple[str, ...]:
    """Return the overrides that the stage was started with, without those of Hydra's own settings."""
    from hydra.core.hydra_config import HydraConfig

    return tuple(HydraConfig.get().overrides.task)


def _layout(folder: Path) -> Layout:
    if folder == Path.cwd():
        raise UserError(
            "hydra.run.dir: expected a folder of the run's own, received the project's, which is DVC's to write"
        )
    return Layout(folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder)


def _explain(error: Exception) -> str:
    """Say in our words what Hydra found wrong with the overrides."""
    from hydra.errors import MissingConfigException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return f"{group}: expected one of {', '.join(error.options or ())}, received {choice!r}"
    unknown = re.search(r"Could not override '([^']+)'", str(error))
    if unknown:
        return f"{unknown[1]}: expected a key that conf/ has, received an unknown one"
    return f"settings: {error}"
