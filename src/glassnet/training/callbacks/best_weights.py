"""Keeps the weights of the best epoch."""

from typing import Any

from glassnet.nn import FloatArray
from glassnet.training.run import Callback, TrainingRun


class BestWeights(Callback):
    """Remembers the weights of the lowest validation loss, or of an epoch named beforehand; restores them at the end.

    Attributes:
        epoch: the epoch they are from, 0 before the first.
        loss: its validation loss.
    """

    def __init__(self, epoch: int | None = None) -> None:
        """Start without a best epoch; with `epoch`, end the training after that epoch and keep its weights."""
        self.chosen_epoch = epoch
        self._forget()

    def _forget(self) -> None:
        self.epoch = 0
        self.loss = float("inf")
        self._state: dict[str, FloatArray] | None = None

    def on_train_begin(self, run: TrainingRun) -> None:
        """Forget the epochs of an earlier training."""
        self._forget()

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Keep a copy of the weights if this epoch is the best so far; of equal epochs, the earliest."""
        loss = run.history[-1]["validation_loss"]
        if self.chosen_epoch is not None:
            if run.epoch == self.chosen_epoch:
                self.epoch, self.loss, self._state = run.epoch, loss, run.model.state_dict()
                run.stop(f"epoch {self.chosen_epoch} was to be the last")
        elif loss < self.loss:
            self.epoch, self.loss, self._state = run.epoch, loss, run.model.state_dict()

    def on_train_end(self, run: TrainingRun) -> None:
        """Restore the best weights."""
        if self._state is not None:
            run.model.load_state_dict(self._state)

    def state_dict(self) -> dict[str, Any]:
        """Return the best weights so far, and where they are from."""
        return {"epoch": self.epoch, "loss": self.loss, **{f"best.{n}": a for n, a in (self._state or {}).items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring back what `state_dict` returned."""
        self.epoch, self.loss = int(state["epoch"]), float(state["loss"])
        best = {name.removeprefix("best."): array for name, array in state.items() if name.startswith("best.")}
        self._state = best or None
