"""Which trainings a search ends early: those behind three quarters of the finished ones, from two fifths of the way on.

Earlier, or against a half, the later winner was among them: `tests/benchmarks/pruning.py` measures it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from glassnet.runs import PrunedError
from glassnet.training import Callback, Row, TrainingRun, minimized
from glassnet.training.monitor import LOSS

if TYPE_CHECKING:
    import optuna

STEPS = 10  # of a training: trainings of different length, and their schedules, are compared at the same fraction
WARMUP = 4  # of these steps, before which none is ended: losses of the first epochs tell little of the last
FIRST = 5  # trials that are never ended, so that there is something to compare with
BEHIND = 75  # percent of the finished trials that are ahead of one that is ended


def make_pruner() -> "optuna.pruners.BasePruner":
    """Return what decides: Optuna's percentile pruner, at these fractions of a training."""
    import optuna

    return optuna.pruners.PercentilePruner(BEHIND, n_startup_trials=FIRST, n_warmup_steps=WARMUP)


class Pruner(Callback):
    """Tells a trial the best loss so far at each tenth of the training, and ends the training when the study says so.

    The best one, since that is what the trial will be worth in the end. Where another score is monitored, it is what is
    minimized of that.

    Attributes:
        monitor: the score that trainings are compared by.
        losses: what was told, by step; of a training that ended by itself, up to the last step.
    """

    def __init__(self, trial: Any) -> None:
        """Watch for `trial`."""
        self.trial, self.best, self.monitor = trial, float("inf"), LOSS
        self.losses: dict[int, float] = {}

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Report, and ask."""
        self.best = min(self.best, self.monitor.minimized(run.history[-1]))
        step = run.epoch * STEPS // run.epochs
        is_next = step > len(self.losses)
        self._tell_up_to(step)
        if is_next and run.epoch < run.epochs and not run.stop_reason and self.trial.should_prune():
            raise PrunedError(
                f"after epoch {run.epoch} of {run.epochs}, at {self._named_best()}: {BEHIND}% of the finished "
                "trials were better by then"
            )

    def finish(self, history: Iterable[Row], epochs: int) -> None:
        """Take what was not seen from the history; a training that stopped early would not have become better."""
        if not self.losses:
            for row in history:
                self.best = min(self.best, self.monitor.minimized(row))
                self._tell_up_to(int(row["epoch"]) * STEPS // epochs)
        self._tell_up_to(STEPS)

    def _named_best(self) -> str:
        name, best = self.monitor.name.replace("_", " "), minimized(self.monitor.name, self.best)
        return f"a validation {name} of {best:.5g}"

    def _tell_up_to(self, step: int) -> None:
        for each in range(len(self.losses) + 1, step + 1):
            self.losses[each] = self.best
            self.trial.report(self.best, each)
