"""The callback protocol, and the callbacks that a training usually wants."""

import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

from glassnet.nn import FloatArray
from glassnet.optim import Schedule, clip_gradient_norm

if TYPE_CHECKING:
    from glassnet.training.fit import TrainingRun


class Callback:
    """What `fit` calls at its turning points; override the hooks you need.

    Each hook receives the `TrainingRun`: the model, loss, optimizer, loaders, history, epoch and step. A hook may read
    and change all of it; `run.stop("why")` ends the training after the current epoch.
    """

    def on_train_begin(self, run: "TrainingRun") -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, run: "TrainingRun") -> None:
        """Before the first batch of an epoch."""

    def on_batch_begin(self, run: "TrainingRun") -> None:
        """Before the forward pass of a batch."""

    def on_gradients_ready(self, run: "TrainingRun") -> None:
        """After the backward pass, before the update: the place to clip."""

    def on_batch_end(self, run: "TrainingRun") -> None:
        """After the update of a batch."""

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """After an epoch's row was added to the history."""

    def on_train_end(self, run: "TrainingRun") -> None:
        """After the last epoch."""


class LearningRateSchedule(Callback):
    """Sets the optimizer's learning rate before each update, by a schedule of the step."""

    def __init__(self, schedule: Schedule) -> None:
        """Use `schedule`, a function from the step (0 for the first update) to the learning rate."""
        self.schedule = schedule

    def on_batch_begin(self, run: "TrainingRun") -> None:
        """Set the rate of this step."""
        run.optimizer.learning_rate = self.schedule(run.step)


class GradientClipping(Callback):
    """Bounds the global norm of the gradient before each update."""

    def __init__(self, max_norm: float) -> None:
        """Bound the norm by `max_norm`."""
        self.max_norm = max_norm

    def on_gradients_ready(self, run: "TrainingRun") -> None:
        """Clip; the norm that the history records is the one before clipping."""
        clip_gradient_norm(run.parameters, self.max_norm)


class BestWeights(Callback):
    """Remembers the weights of the lowest validation loss and restores them at the end.

    Attributes:
        epoch: the epoch they are from, 0 before the first.
        loss: its validation loss.
    """

    def __init__(self) -> None:
        """Start without a best epoch."""
        self._forget()

    def _forget(self) -> None:
        self.epoch = 0
        self.loss = float("inf")
        self._state: dict[str, FloatArray] | None = None

    def on_train_begin(self, run: "TrainingRun") -> None:
        """Forget the epochs of an earlier training."""
        self._forget()

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """Keep a copy of the weights if this epoch is the best so far; of equal epochs, the earliest."""
        loss = run.history[-1]["validation_loss"]
        if loss < self.loss:
            self.epoch, self.loss, self._state = run.epoch, loss, run.model.state_dict()

    def on_train_end(self, run: "TrainingRun") -> None:
        """Restore the best weights."""
        if self._state is not None:
            run.model.load_state_dict(self._state)


class EarlyStopping(Callback):
    """Stops when the validation loss has not fallen by more than `minimum_change` for `patience` epochs."""

    def __init__(self, patience: int, minimum_change: float = 0.0) -> None:
        """Wait `patience` epochs, 1 or more."""
        if patience < 1:
            raise ValueError(f"EarlyStopping: expected a patience of 1 or more, received {patience!r}")
        self.patience, self.minimum_change = patience, minimum_change
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


class Progress(Callback):
    """A progress bar in a terminal; elsewhere (a log file, CI) ten to twenty plain lines."""

    def __init__(self, title: str) -> None:
        """Put `title` before the bar and the lines."""
        self.title = title
        self._bar: tqdm | None = None  # type: ignore[type-arg]  # generic in the stubs, not when it runs

    def on_train_begin(self, run: "TrainingRun") -> None:
        """Draw the empty bar."""
        if sys.stderr.isatty():
            self._bar = tqdm(total=run.epochs, desc=self.title, unit="epoch", file=sys.stderr)

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """Move the bar, or print a line every tenth of the epochs."""
        row = run.history[-1]
        if self._bar is not None:
            self._bar.set_postfix(train=f"{row['train_loss']:.4f}", validation=f"{row['validation_loss']:.4f}")
            self._bar.update()
        elif run.epoch == 1 or run.epoch == run.epochs or run.epoch % max(1, run.epochs // 10) == 0:
            print(
                f"{self.title}: epoch {run.epoch}/{run.epochs}  train loss {row['train_loss']:.4f}  "
                f"validation loss {row['validation_loss']:.4f}  validation accuracy {row['validation_accuracy']:.4f}",
                flush=True,
            )

    def on_train_end(self, run: "TrainingRun") -> None:
        """Close the bar and say why training ended early, if it did."""
        if self._bar is not None:
            self._bar.close()
        if run.stop_reason:
            print(f"{self.title}: stopped after epoch {run.epoch}: {run.stop_reason}", flush=True)
