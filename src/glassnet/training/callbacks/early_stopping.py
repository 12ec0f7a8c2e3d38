"""Ends a training that no longer improves."""

import math
from typing import TYPE_CHECKING, Any

from glassnet.nn.arrays import check_count, check_number
from glassnet.training.callbacks.protocol import Callback

if TYPE_CHECKING:
    from glassnet.training.run import TrainingRun


class EarlyStopping(Callback):
    """Stops when the validation loss has not fallen by more than `minimum_change` for `patience` epochs."""

    def __init__(self, patience: int, minimum_change: float = 0.0) -> None:
        """Wait `patience` epochs, 1 or more."""
        self.patience = check_count("EarlyStopping", "patience", patience)
        self.minimum_change = check_number("EarlyStopping", "minimum_change", minimum_change, 0, math.inf)
        self._best, self._waited = float("inf"), 0

    def on_train_begin(self, run: "TrainingRun") -> None:
        """Forget the epochs of an earlier training."""
        self._best, self._waited = float("inf"), 0

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """Count the epochs without improvement."""
        loss = run.history[-1]["validation_loss"]
        if loss < self._best - self.minimum_change:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            run.stop(f"the validation loss did not improve for {self.patience} epochs")

    def state_dict(self) -> dict[str, Any]:
        """Return the best loss so far, and for how many epochs there was no better one."""
        return {"best": self._best, "waited": self._waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring back what `state_dict` returned."""
        self._best, self._waited = float(state["best"]), int(state["waited"])
