"""Sets the learning rate before each update."""

import math

from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_number
from glassnet.optim import ReduceOnPlateau, Schedule, WithWarmup
from glassnet.training.run import Callback, TrainingRun
from glassnet.training.state import State, number_in


class LearningRateSchedule(Callback):
    """Sets the optimizer's learning rate before each update, by a schedule of the step."""

    def __init__(self, schedule: Schedule) -> None:
        """Use `schedule`, a function from the step (0 for the first update) to the learning rate.

        A `ReduceOnPlateau`, alone or behind a warm-up, is shown the monitored score after each epoch that goes beyond
        the warm-up, and begins every training with the rate that it has here.
        """
        if not callable(schedule):
            raise TypeError(f"LearningRateSchedule: expected a function of the step, received {describe(schedule)}")
        self.schedule, self._warmup_steps = schedule, 0
        while isinstance(schedule, WithWarmup):
            self._warmup_steps += schedule.steps
            schedule = schedule.schedule
        self.plateau = schedule if isinstance(schedule, ReduceOnPlateau) else None
        self._first = self.state_dict()

    def on_train_begin(self, run: TrainingRun) -> None:
        """Forget the epochs of an earlier training."""
        self.load_state_dict(self._first)

    def on_batch_begin(self, run: TrainingRun) -> None:
        """Set the rate of this step.

        Raises:
            ValueError: if what the schedule returns is no finite number of 0 or more.
        """
        rate = self.schedule(run.step)
        run.optimizer.learning_rate = check_number("LearningRateSchedule", "learning rate", rate, 0, math.inf)

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Let a schedule that watches the monitored score take note of it."""
        if self.plateau is not None and run.step > self._warmup_steps:
            self.plateau.observe(run.monitored)

    def state_dict(self) -> State:
        """Return the state of a schedule that has one."""
        return {} if self.plateau is None else {**self.plateau.state_dict()}

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""
        if self.plateau is not None:
            self.plateau.load_state_dict({name: number_in(state, name) for name in state})
