"""Shows how far a training is."""

import sys

from glassnet.training.run import Callback, TrainingRun

WIDTH = 20  # characters of a full bar
CLEAR = "\r\x1b[K"  # to the beginning of a terminal's line, and erase it


class Progress(Callback):
    """A progress bar in a terminal; elsewhere (a log file, CI) ten to twenty plain lines."""

    def __init__(self, title: str) -> None:
        """Put `title` before the bar and the lines."""
        self.title, self._has_bar = title, False

    def on_train_begin(self, run: TrainingRun) -> None:
        """Draw the empty bar."""
        self._has_bar = sys.stderr.isatty()
        self._draw(run)

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Move the bar, or print a line every tenth of the epochs."""
        row, score = run.history[-1], run.loss.score_name
        if self._has_bar:
            self._draw(run, f"train {row['train_loss']:.4f}  validation {row['validation_loss']:.4f}")
        elif run.epoch == 1 or run.epoch == run.epochs or run.epoch % max(1, run.epochs // 10) == 0:
            print(
                f"{self.title}: epoch {run.epoch}/{run.epochs}  train loss {row['train_loss']:.4f}  "
                f"validation loss {row['validation_loss']:.4f}  validation {score} {row[f'validation_{score}']:.4f}",
                flush=True,
            )

    def on_train_end(self, run: TrainingRun) -> None:
        """Close the bar and say why training ended early, if it did."""
        self._close()
        if run.stop_reason:
            print(f"{self.title}: stopped after epoch {run.epoch}: {run.stop_reason}", flush=True)

    def on_abort(self, run: TrainingRun) -> None:
        """Close the bar."""
        self._close()

    def _draw(self, run: TrainingRun, losses: str = "") -> None:
        """Write the bar in the place of the one before it."""
        if self._has_bar:
            full = WIDTH * run.epoch // run.epochs
            bar = "█" * full + "·" * (WIDTH - full)
            print(f"{CLEAR}{self.title}: {bar} {run.epoch}/{run.epochs}  {losses}", end="", file=sys.stderr, flush=True)

    def _close(self) -> None:
        if self._has_bar:
            print(file=sys.stderr)
        self._has_bar = False
