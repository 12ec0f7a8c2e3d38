"""Keeps the history of a training on disk as it grows."""

import math
from pathlib import Path

from glassnet.training.history_file import write_history
from glassnet.training.run import Callback, TrainingRun


class HistoryFile(Callback):
    """Writes the whole history as CSV after each epoch, so that it can be read, or drawn, while training goes on."""

    def __init__(self, path: Path) -> None:
        """Write to `path`."""
        self.path = path

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Write the history with the epoch that has just ended; NaN where a callback gave an epoch no such entry."""
        columns = list(dict.fromkeys(name for row in run.history for name in row))
        complete = [{name: row.get(name, math.nan) for name in columns} for row in run.history]
        write_history(self.path, complete, columns)
