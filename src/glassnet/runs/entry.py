"""How a stage starts: from params.yaml under DVC, through Hydra when given overrides; an error is one line."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from glassnet.config.compose import CONF, read_params, register_resolvers, require_project, require_yaml, to_settings
from glassnet.config.errors import UserError
from glassnet.config.explain import explain, parse_override
from glassnet.config.precedence import held_back, let_ablation_win
from glassnet.config.string_settings import as_written
from glassnet.garbage import collect_rarely
from glassnet.runs.arguments import asks_for_help, print_stage_usage
from glassnet.runs.beforehand import Check
from glassnet.runs.ending import MENDABLE, RUN_FOLDER, as_line, one_line_errors
from glassnet.runs.folders import require_own_folder
from glassnet.runs.jobs import new_start, read_job
from glassnet.runs.layout import Layout
from glassnet.runs.leftovers import Before, clear_away, look_before
from glassnet.runs.printing import prepare_printing
from glassnet.runs.sweeps import Finish, Main, run_job

WATCH = "ends this process with the command"
LAST_MINUTE = 60.0  # seconds for a training's step and its state


def run_stage(name: str, main: Main, finish_sweep: Finish | None = None, check: Check | None = None) -> None:
    """Start `main` the way the command line asks for.

    Without arguments the settings come from params.yaml and the results go where dvc.yaml declares them. With
    arguments (overrides, or `-m` for a sweep) conf/ is composed through Hydra and the results go to Hydra's folder.

    Args:
        name: the stage's name, for messages.
        main: what to run, with the settings and the layout of the folders.
        finish_sweep: what to do at the end of a sweep, with its folder.
        check: raises an error for settings that `main` cannot begin with; a sweep asks it before the first job.
    """
    with one_line_errors(name, place=RUN_FOLDER if sys.argv[1:] else ""):
        if asks_for_help():
            print_stage_usage(getattr(main, "__globals__", {}).get("__doc__"))  # its module's
        elif len(sys.argv) == 1:
            if "DVC_STAGE" in os.environ:
                # It would go on beside the same stage of the next `dvc repro`, and write the same files.
                end_with_parent(_end_in_order, os.getppid())
            main(read_params(), Layout(Path()))
        else:
            _run_composed(name, main, finish_sweep, check)


@dataclass(frozen=True)
class Task:
    """What Hydra calls with the composed configuration: here for a single run, wherever the launcher likes for a job.

    Attributes:
        name: the stage's.
        main: the stage's.
        finish_sweep: the stage's.
        check: the stage's.
        overrides: those of the command line, without those of Hydra's own settings.
        start: which start of the sweep it is, if it is one.
        home: the project's folder.
        process: the one that the user started.
        mistakes: what went wrong in a single run, and its folder; Hydra would add lines of its own to an error.
    """

    name: str
    main: Main
    finish_sweep: Finish | None
    check: Check | None
    overrides: Sequence[str]
    start: str = field(default_factory=new_start)
    home: Path = field(default_factory=Path.cwd)
    process: int = field(default_factory=os.getpid)
    mistakes: list[tuple[str, Path]] = field(default_factory=list)

    def __call__(self, config: Any) -> object:
        """Run the stage with these settings, as Hydra has it: alone, or as a job of a sweep."""
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        collect_rarely()  # in a worker
        os.chdir(self.home)  # one of Ray starts where its node was started
        run = HydraConfig.get()
        folder = Path(run.runtime.output_dir)
        if folder.is_relative_to(self.home):
            folder = folder.relative_to(self.home)
        if run.mode == RunMode.MULTIRUN:
            try:
                return self._run_job(config, folder)
            finally:
                sys.stdout.flush()  # the lines of a worker come before those that end the sweep
        try:
            require_own_folder("hydra.run.dir", folder)
            return self.main(to_settings(config, "settings"), Layout(folder))
        except MENDABLE as error:
            self.mistakes.append((as_line(error), folder))
            return None

    def _run_job(self, config: Any, folder: Path) -> object:
        prepare_printing()
        job = read_job(folder)
        if job is None or job.start != self.start:
            raise UserError(f"{folder}: expected the record that this sweep made of its job there, found none")
        if job.is_over:  # a worker was killed, and all jobs of the sweep are launched again
            return float("nan")
        if os.getppid() != self.process:
            return run_job(self.main, config, job)
        end_with_parent(lambda: os._exit(1), self.process)  # else it would train on, and write its files
        try:
            return run_job(self.main, config, job)
        except (KeyboardInterrupt, SystemExit):  # this worker alone was asked to end, or the command knows by itself
            return float("nan")


def _run_composed(name: str, main: Main, finish_sweep: Finish | None, check: Check | None) -> None:
    import hydra
    import yaml
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from glassnet.runs.hydra_sweeper import use_recorded_sweeper

    require_project()
    register_resolvers(CONF)
    use_recorded_sweeper()
    before = Before()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises its errors instead of printing several lines and exiting
    try:
        given = _read(sys.argv[1:])
        overrides = let_ablation_win(given.overrides)
        if lost := [override for override in given.overrides if override not in overrides]:
            print(f"{name}: note: {' '.join(lost)} has no effect: the ablation decides that", file=sys.stderr)
        for_jobs = [] if given.cfg is not None else held_back(overrides, is_sweep=given.multirun)
        sys.argv[1:] = [*(override for override in overrides if override not in for_jobs), *given.options]
        ours = [override for override in overrides if not override.lstrip("+~").startswith(("hydra.", "hydra/"))]
        task = Task(name, main, finish_sweep, check, ours)
        before = look_before(sys.argv[1:])
        hydra.main(config_path=str(CONF.absolute()), config_name="config", version_base="1.3")(task)()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error)) from error
    except (yaml.YAMLError, ValueError, OSError) as error:
        require_yaml()
        # Of its log that cannot be opened, Hydra says no more than that; of other files it does not say which.
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        if isinstance(cause, OSError) and cause.filename is None:
            named = [each for each in sys.argv[1:] if each.startswith(("hydra.run.dir=", "hydra.sweep.dir="))]
            cause.filename = named[-1].partition("=")[2] if named else "outputs or multirun"
        if before.folder is not None:
            clear_away(before, before.folder)
        raise cause from error
    if task.mistakes:
        line, folder = task.mistakes[0]
        clear_away(before, folder)
        raise UserError(line)


def _read(arguments: list[str]) -> argparse.Namespace:
    """Return a command line as Hydra reads it, with the options, as they stand there, in a list of their own.

    Raises:
        UserError: for what is no override, an option that Hydra does not have, or a folder that is not a run's own.
    """
    from hydra._internal.utils import get_args_parser

    def refuse(message: str) -> NoReturn:
        raise UserError(f"expected overrides such as seed=1, and options of Hydra's, received others: {message}")

    parser = get_args_parser()
    parser.error = refuse
    given: argparse.Namespace = parser.parse_intermixed_args(arguments)
    given.options = list(arguments)
    for override in given.overrides:
        given.options.remove(override)
    given.overrides = list(map(as_written, given.overrides))
    for override in map(parse_override, given.overrides):
        # Hydra would write into it before it calls anything.
        if override.key_or_group == "hydra.run.dir" and "${" not in (folder := str(override.value())):
            require_own_folder("hydra.run.dir", Path(folder))
    return given


def end_with_parent(end: Callable[[], object], parent: int) -> None:
    """Call `end` within a second of the end of the command that started this process, whose id is `parent`."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        end()

    if all(thread.name != WATCH for thread in threading.enumerate()):
        threading.Thread(target=watch, name=WATCH, daemon=True).start()


def _end_in_order() -> None:
    """End this process as if it had been asked to; if it does not listen, end it all the same."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_MINUTE)
    os._exit(128 + signal.SIGTERM)


def given_overrides() -> tuple[str, ...]:
    """Return the overrides that the stage was started with, without those of Hydra's own settings."""
    from hydra.core.hydra_config import HydraConfig

    return tuple(HydraConfig.get().overrides.task)
