"""Hydra's launcher for joblib, whose workers are told once what is the same for all jobs of a sweep."""

import logging
import pickle
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, configure_log, filter_overrides, run_job, setup_globals
from omegaconf import open_dict

from glassnet.runs.forked_workers import forked_workers
from glassnet.runs.sweeps import load_for_the_table

REPLACED = "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher"
DRAWING = ("matplotlib.figure", "matplotlib.backends.backend_agg")

# Not imported, as the sweeper's is not; the plug-in may be missing.
JoblibLauncher: Any = Plugins.instance().class_name_to_class.get(REPLACED, object)

log = logging.getLogger(__name__)

# What jobs have in common, by the start of their sweep. A forked worker has it from the process that it is a copy of.
_COMMON: dict[str, tuple[Any, Any, Any]] = {}


@dataclass(frozen=True)
class Common:
    """What all jobs of a sweep have in common, as it goes to the workers: a text that they read once.

    Pickled anew with every job, and read there, it took half as long as a small training.

    Attributes:
        start: that of the sweep, which tells it from every other.
        pickled: Hydra's context, configuration and state, and the task.
    """

    start: str
    pickled: bytes

    @classmethod
    def of(cls, context: Any, config: Any, task: Any) -> "Common":
        """Return it for these, which this process and its forks have at hand."""
        import cloudpickle

        _COMMON[task.start] = context, config, task
        return cls(task.start, cloudpickle.dumps((Singleton.get_state(), _COMMON[task.start])))

    def read(self) -> tuple[Any, Any, Any]:
        """Return context, configuration and task; in a worker that began anew, make Hydra what it is in the parent."""
        if self.start not in _COMMON:
            setup_globals()
            state, _COMMON[self.start] = pickle.loads(self.pickled)  # noqa: S301  # of this very sweep
            Singleton.set_state(state)
        return _COMMON[self.start]


class SharingLauncher(JoblibLauncher):  # type: ignore[misc]  # Hydra's class has no types here
    """Runs jobs as the plug-in does, with the same settings of joblib's; it sends less, to forks where that is safe."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run a batch of jobs side by side, and return what became of them, in their order."""
        from hydra_plugins.hydra_joblib_launcher._core import process_joblib_cfg
        from joblib import Parallel, delayed

        setup_globals()
        hydra = self.config.hydra
        configure_log(hydra.hydra_logging, hydra.verbose)
        Path(hydra.sweep.dir).mkdir(parents=True, exist_ok=True)
        settings = {**self.joblib, "backend": "loky"}  # threads would share Hydra's state
        process_joblib_cfg(settings)
        said = ",".join(f"{name}={value}" for name, value in settings.items())
        log.info(f"Joblib.Parallel({said}) is launching {len(job_overrides)} jobs")
        log.info(f"Launching jobs, sweep output dir : {hydra.sweep.dir}")
        for number, overrides in enumerate(job_overrides):
            log.info(f"\t#{number} : {' '.join(filter_overrides(overrides))}")
        common = Common.of(self.hydra_context, self.config, self.task_function)
        jobs = (delayed(_run)(common, number, list(job)) for number, job in enumerate(job_overrides, initial_job_idx))
        with forked_workers(), closing(Parallel(**settings, return_as="generator")(jobs)) as done:
            # Not before, when it would delay the jobs; in a thread, whose imports no signal ends half-way.
            threading.Thread(target=load_for_the_table, args=DRAWING).start()
            return list(done)


def _run(common: Common, number: int, overrides: list[str]) -> JobReturn:
    """Run a job, in a worker."""
    context, config, task = common.read()
    of_job = context.config_loader.load_sweep_config(config, overrides)
    with open_dict(of_job):
        of_job.hydra.job.id, of_job.hydra.job.num = f"{of_job.hydra.job.name}_{number}", number
    done = run_job(
        hydra_context=context,
        config=of_job,
        task_function=task,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    done.cfg = done.hydra_cfg = None  # the sweeper asks for neither, and to send them takes long
    return done
