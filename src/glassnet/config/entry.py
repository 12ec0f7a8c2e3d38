"""How a stage starts: from params.yaml under DVC, through Hydra when given overrides; an error is one line."""

import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glassnet.config.compose import CONF, read_params, register_resolvers, require_project, to_settings
from glassnet.config.errors import MENDABLE, UserError, as_line, one_line_errors
from glassnet.config.jobs import (
    FAILED,
    FINISHED,
    LOST,
    PRUNED,
    RUNNING,
    Job,
    PrunedError,
    Sweep,
    dated_folder,
    new_start,
    read_jobs,
)
from glassnet.config.layout import Layout
from glassnet.config.settings import Settings

Main = Callable[[Settings, Layout], object]
Finish = Callable[[Path], None]


def run_stage(name: str, main: Main, finish_sweep: Finish | None = None) -> None:
    """Start `main` the way the command line asks for.

    Without arguments the settings come from params.yaml and the results go where dvc.yaml declares them. With
    arguments (overrides, or `-m` for a sweep) conf/ is composed through Hydra and the results go to Hydra's folder.

    Args:
        name: the stage's name, for messages.
        main: what to run, with the settings and the layout of the folders.
        finish_sweep: what to do at the end of a sweep, with its folder.
    """
    with one_line_errors(name):
        if len(sys.argv) == 1:
            main(read_params(), Layout(Path()))
        else:
            _run_composed(name, main, finish_sweep)


def _run_composed(name: str, main: Main, finish_sweep: Finish | None) -> None:
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from hydra.types import RunMode
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    require_project()
    register_resolvers(CONF)
    folder = _name_sweep_folder()
    swept, start = _swept_keys(), new_start()
    mistakes: list[str] = []
    home = Path.cwd()

    def run_one(config: DictConfig) -> object:
        os.chdir(home)  # a worker of Ray starts where its node was started
        run = HydraConfig.get()
        layout = _layout(Path(run.runtime.output_dir))
        if run.mode != RunMode.MULTIRUN:
            try:
                return main(to_settings(config, "settings"), layout)
            except MENDABLE as error:  # kept for the end: Hydra would add lines of its own
                mistakes.append(as_line(error))
                return None
        keys = swept | set(run.sweeper.get("params") or ())
        return run_job(main, config, layout.root, list(run.overrides.task), keys, start)

    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises its errors instead of printing several lines and exiting
    trouble = ""
    try:
        hydra.main(config_path=str(CONF.absolute()), config_name="config", version_base="1.3")(run_one)()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error)) from error
    except SystemExit:
        if read_jobs(folder):
            print(f"{name}: to go on with this sweep, start it again with hydra.sweep.dir={folder}", file=sys.stderr)
        raise
    except Exception as error:  # a launcher whose worker was killed raises an error of its own
        if not read_jobs(folder):
            raise
        trouble = " ".join(str(error).split())
    if mistakes:
        raise UserError(mistakes[0])
    if read_jobs(folder):
        end_sweep(folder, start, trouble, finish_sweep)


def run_job(main: Main, config: Any, folder: Path, overrides: list[str], keys: set[str], start: str) -> object:
    """Run one job of a sweep and return its result, or NaN: what goes wrong is its record's to say."""
    changes = [override for override in overrides if override.partition("=")[0].lstrip("+") in keys]
    job = Job(folder, overrides, changes, start)
    job.write()
    try:
        settings = to_settings(config, "settings")
        job.tracking = settings.tracking.model_dump()
        result = main(settings, Layout(folder, Sweep(folder.parent, tuple(changes))))
    except Exception as error:
        if not isinstance(error, (*MENDABLE, PrunedError)):  # a bug: keep the way to it
            (folder / "traceback.txt").write_text(traceback.format_exc(), encoding="utf-8")
        job.status = PRUNED if isinstance(error, PrunedError) else FAILED
        job.reason = as_line(error)
        print(f"{', '.join(changes)}: {job.status}: {job.reason}", file=sys.stderr)
        return float("nan")
    else:
        job.status = FINISHED
        return result
    finally:
        if sys.exc_info()[0] is not SystemExit:
            job.write()


def end_sweep(folder: Path, start: str, trouble: str, finish_sweep: Finish | None) -> None:
    """Mark the jobs that never ended, make the sweep's table, and say which jobs failed.

    Jobs that this start has not come upon are those of an earlier, longer sweep; unless it was cut short by `trouble`.
    """
    if not trouble:
        for job in read_jobs(folder):
            if job.start != start:
                job.put_aside()
    jobs = read_jobs(folder)
    for job in jobs:
        if job.status == RUNNING:
            job.status, job.reason = LOST, trouble or "its process ended without a word"
            job.write()
    if finish_sweep is not None:
        finish_sweep(folder)
    failed = [job for job in jobs if job.status not in {FINISHED, PRUNED}]
    if failed:
        raise UserError(
            f"{len(failed)} of {len(jobs)} jobs failed, as said above; start the sweep again with "
            f"hydra.sweep.dir={folder} to run these alone"
        )
    if trouble:
        raise UserError(f"the sweep ended early: {trouble}; start it again with hydra.sweep.dir={folder} to go on")


def _name_sweep_folder() -> Path:
    """Return the folder of a sweep, if this is to be one: that of the command line, or a dated one, told to Hydra.

    Hydra would choose a dated folder by itself, but tell it to the jobs alone. It is told the whole path, since a
    worker of Ray starts in another working directory than this process.
    """
    given = [argument.partition("=")[2] for argument in sys.argv[1:] if argument.startswith("hydra.sweep.dir=")]
    folder = Path(given[-1].strip("'\"")) if given else dated_folder()
    escaped = str(folder.absolute()).replace("'", r"\'")
    sys.argv.append(f"hydra.sweep.dir='{escaped}'")
    return folder


def _swept_keys() -> set[str]:
    """Return the keys of the overrides that name several values."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    keys = set()
    for argument in sys.argv[1:]:
        try:
            override = OverridesParser.create().parse_override(argument)
        except HydraException:  # an option of Hydra's, or what it will complain about itself
            continue
        if override.is_sweep_override():
            keys.add(override.key_or_group)
    return keys


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


def explain(error: Exception) -> str:
    """Say in our words what Hydra found wrong with the overrides."""
    from hydra.errors import MissingConfigException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return f"{group}: expected one of {', '.join(error.options or ())}, received {choice!r}"
    unknown = re.search(r"Could not override '([^']+)'", str(error))
    if unknown:
        return f"{unknown[1]}: expected a key that conf/ has, received an unknown one"
    return f"settings: {error}"
