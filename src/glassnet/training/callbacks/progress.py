"""Shows how far a training is."""

import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

from glassnet.training.callbacks.protocol import Callback

if TYPE_CHECKING:
    from glassnet.training.run import TrainingRun


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
        row, score = run.history[-1], run.loss.score_name
        if self._bar is not None:
            self._bar.set_postfix(train=f"{row['train_loss']:.4f}", validation=f"{row['validation_loss']:.4f}")
            self._bar.update(run.epoch - self._bar.n)  # all those before it too, where a training goes on
        elif run.epoch == 1 or run.epoch == run.epochs or run.epoch % max(1, run.epochs // 10) == 0:
            print(
                f"{self.title}: epoch {run.epoch}/{run.epochs}  train loss {row['train_loss']:.4f}  "
                f"validation loss {row['validation_loss']:.4f}  validation {score} {row[f'validation_{score}']:.4f}",
                flush=True,
            )

    def on_train_end(self, run: "TrainingRun") -> None:
        """Close the bar and say why training ended early, if it did."""
        if self._bar is not None:
            self._bar.close()
        if run.stop_reason:
            print(f"{self.title}: stopped after epoch {run.epoch}: {run.stop_reason}", flush=True)

    def on_abort(self, run: "TrainingRun") -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
