"""Keeps the weights of the best epoch."""

from glassnet.nn import FloatArray
from glassnet.training.run import Callback, TrainingRun
from glassnet.training.state import State, arrays_below, number_in


class BestWeights(Callback):
    """Remembers the weights of the best validation loss or monitored score, or of an epoch named beforehand.

    In the end the model has them. Of epochs with equal scores it is the one with the lowest validation loss.

    Attributes:
        epoch: the epoch they are from, 0 before the first.
        loss: its validation loss, or what is minimized of another monitored score.
    """

    def __init__(self, epoch: int | None = None) -> None:
        """Start without a best epoch; with `epoch`, end the training after that epoch and keep its weights."""
        self.chosen_epoch = epoch
        self._forget()

    def _forget(self) -> None:
        self.epoch = 0
        self.loss = self._tie = float("inf")
        self._state: dict[str, FloatArray] | None = None

    def on_train_begin(self, run: TrainingRun) -> None:
        """Forget the epochs of an earlier training."""
        self._forget()

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Keep a copy of the weights if this epoch is the best so far; of equal epochs, the earliest."""
        loss, tie = run.monitored, run.history[-1]["validation_loss"]
        if self.chosen_epoch is not None:
            if run.epoch == self.chosen_epoch:
                self.epoch, self.loss, self._state = run.epoch, loss, run.model.state_dict()
                run.stop(f"epoch {self.chosen_epoch} was to be the last")
        elif (loss, tie) < (self.loss, self._tie):
            self.epoch, self.loss, self._state = run.epoch, loss, run.model.state_dict()
            self._tie = tie

    def on_train_end(self, run: TrainingRun) -> None:
        """Restore the best weights."""
        if self._state is not None:
            run.model.load_state_dict(self._state)

    def state_dict(self) -> State:
        """Return the best weights so far, and where they are from."""
        scores = {"loss": self.loss, "validation_loss": self._tie}
        return {"epoch": self.epoch, **scores, **{f"best.{n}": a for n, a in (self._state or {}).items()}}

    def load_state_dict(self, state: State) -> None:
        """Bring back what `state_dict` returned."""
        self.epoch, self.loss = int(number_in(state, "epoch")), float(number_in(state, "loss"))
        self._tie = float(number_in(state, "validation_loss"))
        self._state = arrays_below(state, "best.") or None
