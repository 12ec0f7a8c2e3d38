"""The trials of a search: settings that Optuna proposes, each trained once, and what it is told of them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.config import Settings, UserError, explain
from glassnet.config.compose import composed
from glassnet.config.precedence import let_ablation_win
from glassnet.runs import FINISHED, PRUNED, Job, Layout, run_job
from glassnet.runs.plan import settings_key
from glassnet.runs.spaces import Space, shuffled, size_of
from glassnet.stages import train
from glassnet.stages.pruning import STEPS, Pruner
from glassnet.training import Monitor, read_history

if TYPE_CHECKING:
    import optuna

REPEATS = 10  # proposals in a row that were trained before; then an untried combination is taken
VAIN = 100  # of such proposals; then the search ends, where there are too many values to go through them
MANY = 100_000  # combinations, too many to go through


@dataclass(frozen=True)
class Result:
    """What came of a training: in which trial, how it ended, and its best losses on the way."""

    trial: int
    status: str
    losses: dict[int, float]


@dataclass
class Search:
    """A search under way.

    Attributes:
        study: Optuna's.
        spaces: what to search in.
        fixed: the other overrides.
        folder: the sweep's.
        start: which start of it.
        generator: chooses among what is left of a small space.
        keys: the settings of each proposal so far.
        results: what came of each training, by its settings. The same settings would give the same again.
    """

    study: "optuna.Study"
    spaces: Sequence[Space]
    fixed: Sequence[str]
    folder: Path
    start: str
    generator: random.Random
    keys: dict[tuple[str, ...], str] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)

    def run(self, trials: int) -> str:
        """Train so often; return why it was less, if it was: there may be no more different settings."""
        repeats, size = 0, size_of(self.spaces)
        while len(self.results) < trials:
            if len(self.keys) >= size:
                return f"ended after {len(self.results)} of {trials} trainings: there are no other settings to try"
            trial = self.study.ask()
            proposal = tuple(space.propose(trial) for space in self.spaces)
            if proposal not in self.keys:
                config = self.compose(proposal)
                self.keys[proposal] = settings_key(config) or str(proposal)
            earlier = self.results.get(self.keys[proposal])
            if earlier is None:
                self.results[self.keys[proposal]] = self._train(trial, proposal, config)
                repeats = 0
                continue
            for step, loss in earlier.losses.items():
                trial.report(loss, step)
            _tell(self.study, trial, earlier)
            repeats += 1
            if repeats % REPEATS == 0 and size <= MANY:
                self._take_an_untried_one()
            elif repeats == VAIN:
                return f"ended after {len(self.results)} of {trials} trainings: {VAIN} proposals were none but these"
        return ""

    def compose(self, proposal: Sequence[str]) -> Any:
        """Return the configuration of a proposal.

        Raises:
            UserError: if there is no such choice or key.
        """
        from hydra.errors import HydraException
        from omegaconf.errors import OmegaConfBaseException

        try:
            return composed(self._overrides(proposal))
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(explain(error, {space.name: space.values for space in self.spaces})) from error

    def _overrides(self, proposal: Sequence[str]) -> list[str]:
        searched = [f"{space.name}={value}" for space, value in zip(self.spaces, proposal, strict=True)]
        return let_ablation_win([*self.fixed, *searched])

    def _train(self, trial: "optuna.Trial", proposal: Sequence[str], config: Any) -> Result:
        number, overrides, names = len(self.results), self._overrides(proposal), {space.name for space in self.spaces}
        changes = [override for override in overrides if override.partition("=")[0] in names]
        print(f"search: trial {number}: {' '.join(changes)}", flush=True)
        watcher = Pruner(trial)

        def run_watched(settings: Settings, layout: Layout) -> float:
            watcher.monitor = Monitor(settings.training.monitor)
            return train.main(settings, layout, [watcher])

        job = Job(self.folder / str(number), overrides, changes, self.start)
        run_job(run_watched, config, job)
        if job.status == FINISHED:
            watcher.finish(read_history(job.folder / "models" / "history.csv"), config.training.epochs)
        result = Result(number, job.status, watcher.losses)
        _tell(self.study, trial, result)
        return result

    def _take_an_untried_one(self) -> None:
        """Have the study propose next what is not tried yet: samplers come back to what was good, for ever."""
        untried = next(each for each in shuffled(self.spaces, self.generator) if each not in self.keys)
        parameters = {space.name: space.parameter(value) for space, value in zip(self.spaces, untried, strict=True)}
        self.study.enqueue_trial(parameters)


def _tell(study: "optuna.Study", trial: "optuna.Trial", result: Result) -> None:
    """Tell the study what came of a trial, or of the one before it with the same settings."""
    import optuna

    if result.status == FINISHED:
        study.tell(trial, result.losses[STEPS])
    else:
        state = optuna.trial.TrialState
        study.tell(trial, state=state.PRUNED if result.status == PRUNED else state.FAIL)
