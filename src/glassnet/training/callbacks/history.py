"""Keeps the history of a training on disk as it grows."""

from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.training.callbacks.protocol import Callback
from glassnet.training.history_file import write_history

if TYPE_CHECKING:
    from glassnet.training.run import TrainingRun


class HistoryFile(Callback):
    """Writes the whole history as CSV after each epoch, so that it can be read, or drawn, while training goes on."""

    def __init__(self, path: Path) -> None:
        """Write to `path`."""
        self.path = path

    def on_epoch_end(self, run: "TrainingRun") -> None:
        """Write the history with the epoch that has just ended."""
        write_history(self.path, run.history, run.history[0])
