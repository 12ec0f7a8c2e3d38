"""The callback protocol: the turning points of a training at which `fit` calls."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet.training.run import TrainingRun


class Callback:
    """What `fit` calls at its turning points; override the hooks you need.

    Each hook receives the `TrainingRun`: the model, loss, optimizer, loaders, history, epoch and step. A hook may read
    and change all of it; `run.stop("why")` ends the training after the current epoch. At each point the callbacks are
    called in the order of the list. A callback that remembers something from epoch to epoch has `state_dict` and
    `load_state_dict`, so that an interrupted training can be resumed.
    """

    def on_train_begin(self, run: "TrainingRun") -> None:
        """Before the first epoch."""

    def on_restore(self, run: "TrainingRun") -> None:
        """After every callback's `on_train_begin`: the place to bring back the state of an interrupted training."""

    def on_epoch_begin(self, run: "TrainingRun") -> None:
        """Before the first batch of an epoch."""

    def on_batch_begin(self, run: "TrainingRun") -> None:
        """Before the forward pass of a batch."""

    def on_gradients_ready(self, run: "TrainingRun") -> None:
        """After the backward pass, before the update: the place to clip."""

    def on_batch_end(self, run: "TrainingRun") -> None:
        """After the update of a batch."""

    def on_validation_begin(self, run: "TrainingRun") -> None:
        """After the last batch of an epoch, before the model is evaluated on the validation data."""

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """After an epoch's row was added to the history."""

    def on_safe_point(self, run: "TrainingRun") -> None:
        """After all hooks of a batch or of an epoch: the state is whole, and may be saved."""

    def on_train_end(self, run: "TrainingRun") -> None:
        """After the last epoch."""

    def on_abort(self, run: "TrainingRun") -> None:
        """After an exception has ended the training: the place to tidy up."""

    def state_dict(self) -> dict[str, Any]:
        """Return what this callback must remember if the training is interrupted: arrays, and what JSON can hold."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring back what `state_dict` returned."""
