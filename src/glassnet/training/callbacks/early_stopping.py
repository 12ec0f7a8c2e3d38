"""Ends a training that no longer improves."""

import math

from glassnet.nn.checks import check_count, check_number
from glassnet.training.callbacks.best_weights import BestWeights
from glassnet.training.run import Callback, TrainingRun
from glassnet.training.state import State, number_in

NO_IMPROVEMENT = "did not improve for"  # in its reason
_WEIGHTS = "best_weights."


class EarlyStopping(Callback):
    """Stops when the validation loss, or the monitored score, has not improved by more than `minimum_change` for long.

    In the end the model has the weights of the epoch with the best one, whether or not it was stopped.

    Patience begins once the learning rate no longer rises. In a warm-up, or while one-cycle climbs, the loss of one
    epoch says little about the next, whose steps are larger by design.

    Chapter 5 of the course, docs/learn/5-reliable-training.md, shows what it is for.

    Attributes:
        best: keeps those weights; None without `restore_best_weights`.
    """

    def __init__(self, patience: int, minimum_change: float = 0.0, *, restore_best_weights: bool = True) -> None:
        """Wait `patience` epochs, 1 or more; leave the weights to another callback if they are not to be restored."""
        self.patience = check_count("EarlyStopping", "patience", patience)
        self.minimum_change = check_number("EarlyStopping", "minimum_change", minimum_change, 0, math.inf)
        self.best = BestWeights() if restore_best_weights else None
        self._lowest, self._waited = float("inf"), 0

    @property
    def is_exhausted(self) -> bool:
        """Whether as many epochs as it waits for were without improvement."""
        return self._waited >= self.patience

    def on_train_begin(self, run: TrainingRun) -> None:
        """Forget the epochs of an earlier training."""
        self._lowest, self._waited = float("inf"), 0
        if self.best is not None:
            self.best.on_train_begin(run)

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Count the epochs without improvement."""
        if self.best is not None:
            self.best.on_epoch_end(run)
        loss = run.monitored
        rates = [row["learning_rate"] for row in run.history[-2:]]
        if loss < self._lowest - self.minimum_change or rates[0] < rates[-1]:
            self._lowest, self._waited = loss, 0
            return
        self._waited += 1
        if self.is_exhausted:
            run.stop(f"the validation {run.monitor.name.replace('_', ' ')} {NO_IMPROVEMENT} {self.patience} epochs")

    def on_train_end(self, run: TrainingRun) -> None:
        """Restore the best weights."""
        if self.best is not None:
            self.best.on_train_end(run)

    def state_dict(self) -> State:
        """Return the loss to beat, for how many epochs none was better, and the best weights."""
        weights: State = {} if self.best is None else self.best.state_dict()
        return {
            "best": self._lowest,
            "waited": self._waited,
            **{f"{_WEIGHTS}{name}": value for name, value in weights.items()},
        }

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""
        self._lowest, self._waited = float(number_in(state, "best")), int(number_in(state, "waited"))
        if self.best is not None:
            weights = {name.removeprefix(_WEIGHTS): v for name, v in state.items() if name.startswith(_WEIGHTS)}
            self.best.load_state_dict(weights)
