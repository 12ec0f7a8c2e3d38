"""Hydra's sweeper, with a record of every job from the start, so that none is forgotten when a worker is killed."""

import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from glassnet.config.errors import UserError
from glassnet.config.explain import explain
from glassnet.runs import joblib_launcher
from glassnet.runs.beforehand import mistakes_of_all, refuse
from glassnet.runs.folders import require_own_folder
from glassnet.runs.job_configs import JobConfigs
from glassnet.runs.jobs import FINISHED, LOST, RUNNING, Job, dated_folder, read_job, read_jobs
from glassnet.runs.plan import Plan, make_plan, require_values
from glassnet.runs.sweeps import Begin, run_sweep, say_plan

REPLACED = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
SUBDIR = "${hydra.job.num}"
ATTEMPTS = 2  # a job whose process died runs once more

# Not imported: when Hydra looks for plug-ins it executes their modules, and then an imported class is another one.
BasicSweeper: Any = Plugins.instance().class_name_to_class[REPLACED]


class RecordedSweeper(BasicSweeper):  # type: ignore[misc]  # Hydra's class has no types here
    """Runs a grid of jobs through any launcher, keeps their records, and ends the sweep in any case."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Name the sweep's folder and tell it to Hydra; what cannot be one is refused before anything is written.

        Hydra would choose a dated folder by itself, but tell it to the jobs alone. They are told the whole path, since
        a worker of Ray starts in another working directory than this process.
        """
        settings: Any = OmegaConf.to_container(config.hydra.sweep, resolve=False)
        if (subdir := settings["subdir"]) != SUBDIR:
            raise UserError(
                f"hydra.sweep.subdir: expected to stay as it is, the job's number, received {subdir!r}; what each job "
                "changes is in the sweep's experiment.csv"
            )
        given = any(override.startswith("hydra.sweep.dir=") for override in config.hydra.overrides.hydra)
        self.folder = Path(config.hydra.sweep.dir) if given else dated_folder()
        require_own_folder("hydra.sweep.dir", self.folder)
        whole = str(self.folder.absolute())
        escaped = whole.replace("'", r"\'")
        with read_write(config), open_dict(config):
            config.hydra.sweep.dir = whole
            config.hydra.overrides.task = list(task_function.overrides)  # those held back for the jobs, too
            config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{escaped}'")
        self.task, self.is_planned = task_function, False
        self.plan: Plan | None = None
        configs = JobConfigs(hydra_context.config_loader.get_search_path(), task_function.start)
        context = HydraContext(config_loader=configs, callbacks=hydra_context.callbacks)
        super().setup(hydra_context=context, task_function=task_function, config=config)

    def sweep(self, arguments: list[str]) -> None:
        """Run all jobs, and end the sweep with its table."""
        run_sweep(
            lambda begin: self._launch(arguments, begin),
            self.folder,
            self.task.start,
            self.task.finish_sweep,
            again=f"hydra.sweep.dir={self.folder}",
            has_jobs_elsewhere=isinstance(self.launcher, joblib_launcher.SharingLauncher),
        )

    def _launch(self, arguments: list[str], begin: Begin) -> str:
        """Launch the jobs, and those whose process died once more; return what cut the sweep short, if anything did."""
        self.begin = begin
        while True:
            self.batch_index, trouble, before = 0, "", self._attempts()
            try:
                super().sweep(arguments)
            except BrokenProcessPool as error:  # of joblib's: a worker was killed, and joblib has killed the others
                trouble = " ".join(str(error).split())
            except Exception as error:  # another launcher's, which has ways of its own to start a job again
                if not self.is_planned:
                    raise
                return " ".join(str(error).split()) or type(error).__name__
            if not self._remain(trouble) or self._attempts() == before:
                return trouble
            print(f"{self.task.name}: a worker was killed; what it had not finished runs once more", file=sys.stderr)

    def split_arguments(self, overrides: list[Any], max_batch_size: int | None) -> Any:
        """Return the jobs, in batches: what is to be trained of the grid, which is said the first time.

        Hydra asks before it writes anything, so that nothing is left of a sweep that cannot be.
        """
        if self.plan is None:
            given = {each.get_key_element(): each for each in overrides}  # of the same key, the last
            values = {name: require_values(each) for name, each in given.items() if each.is_sweep_override()}
            grid = super().split_arguments(overrides, None)[0]
            self.plan = make_plan(grid, list(given.values()), lambda job: self._compose(job, values))
            if self.task.check is not None:
                refuse(
                    mistakes_of_all(
                        (self._compose(job, values) for job in self.plan.jobs), self.task.check, self.folder
                    )
                )
            self.begin()
            say_plan(self.task.name, self.folder, self.plan)
        return list(super().split_overrides_to_chunks(self.plan.jobs, max_batch_size))

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Once for all batches, write the records of all jobs; they have been composed for the plan."""
        if self.plan is not None and not self.is_planned:
            self._record(self.plan.jobs)
            self.is_planned = True

    def _compose(self, job: list[str], values: dict[str, list[str]]) -> Any:
        try:
            return self.hydra_context.config_loader.load_settings(self.config, job)
        except HydraException as error:
            raise UserError(explain(error, values)) from error

    def _record(self, jobs: list[list[str]]) -> None:
        """Write the record of every job; one that an earlier start has finished stays so until it is come upon."""
        swept = self._swept_keys()
        for number, overrides in enumerate(jobs):
            folder = self.folder / str(number)
            changes = [override for override in overrides if override.partition("=")[0].lstrip("+") in swept]
            job, earlier = Job(folder, overrides, changes, self.task.start), read_job(folder)
            if earlier is not None and earlier.status == FINISHED and earlier.overrides == overrides:
                job.status, job.tracking = FINISHED, earlier.tracking
            job.write()
        for job in read_jobs(self.folder):
            if job.start != self.task.start:
                job.put_aside()

    def _swept_keys(self) -> set[str]:
        """Return the keys in which the jobs differ, or that an experiment sets for all of them."""
        given = OverridesParser.create().parse_overrides(list(self.config.hydra.overrides.task))
        return set(self.params) | {override.key_or_group for override in given if override.is_sweep_override()}

    def _attempts(self) -> int:
        return sum(job.attempts for job in self._own_jobs())

    def _remain(self, trouble: str) -> bool:
        """Return whether jobs are to be launched again; those that had their second attempt are lost."""
        remain = False
        for job in self._own_jobs():
            if job.status == RUNNING and job.attempts >= ATTEMPTS:
                job.status, job.reason = LOST, trouble or "its process was asked to end"
                job.write()
            remain = remain or not job.is_over
        return remain

    def _own_jobs(self) -> list[Job]:
        return [job for job in read_jobs(self.folder) if job.start == self.task.start]


def use_recorded_sweeper() -> None:
    """Have Hydra take `RecordedSweeper` where it would take its own sweeper, and our launcher for joblib's."""
    classes = Plugins.instance().class_name_to_class
    classes[REPLACED] = RecordedSweeper
    if joblib_launcher.REPLACED in classes:
        classes[joblib_launcher.REPLACED] = joblib_launcher.SharingLauncher
