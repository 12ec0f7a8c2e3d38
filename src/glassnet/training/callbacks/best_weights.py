"""Keeps the weights of the best epoch."""

from glassnet.nn import FloatArray
from glassnet.training.run import Callback, TrainingRun
from glassnet.training.state import State, arrays_below, number_in


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

    def state_dict(self) -> State:
        """Return the best weights so far, and where they are from."""
        return {"epoch": self.epoch, "loss": self.loss, **{f"best.{n}": a for n, a in (self._state or {}).items()}}

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""
        self.epoch, self.loss = int(number_in(state, "epoch")), float(number_in(state, "loss"))
        self._state = arrays_below(state, "best.") or None
