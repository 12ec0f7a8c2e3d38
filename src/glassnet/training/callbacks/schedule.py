"""Sets the learning rate before each update."""

from typing import TYPE_CHECKING

from glassnet.optim import ReduceOnPlateau, Schedule
from glassnet.training.callbacks.protocol import Callback

if TYPE_CHECKING:
    from glassnet.training.fit import TrainingRun


class LearningRateSchedule(Callback):
    """Sets the optimizer's learning rate before each update, by a schedule of the step."""

    def __init__(self, schedule: Schedule, plateau: ReduceOnPlateau | None = None) -> None:
        """Use `schedule`, a function from the step (0 for the first update) to the learning rate.

        Args:
            schedule: the function; a `ReduceOnPlateau` is one.
            plateau: the `ReduceOnPlateau` inside `schedule`, where something stands in front of it, such as a warm-up.
        """
        self.schedule = schedule
        self.plateau = schedule if isinstance(schedule, ReduceOnPlateau) else plateau

    def on_batch_begin(self, run: "TrainingRun") -> None:
        """Set the rate of this step."""
        run.optimizer.learning_rate = self.schedule(run.step)

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """Let a schedule that watches the validation loss take note of it."""
        if self.plateau is not None:
            self.plateau.observe(run.history[-1]["validation_loss"])
