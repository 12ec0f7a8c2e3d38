"""Sends the epochs of a long training to MLflow while it runs, in batches, from a thread that cannot hold it up."""

import sys
import threading
from typing import Any

from glassnet.config import Settings, Sweep
from glassnet.tracking.runs import connect, known_epochs, log_rows, quiet_warnings
from glassnet.tracking.store import tracking_uri
from glassnet.training import Callback, Row, TrainingRun

DELAY = 5.0  # seconds before the first batch, and between batches: a shorter training leaves it all to the hand-over
PATIENCE = 15.0  # seconds that the end of a training waits for a batch that is under way


class LiveMetrics(Callback):
    """Logs finished epochs every few seconds; whatever is not logged in the end, the hand-over logs.

    A store that does not work costs one warning, and nothing more is sent to it.
    """

    def __init__(self, settings: Settings, card: dict[str, Any], sweep: Sweep | None = None) -> None:
        """Log to the store that `settings` name, in the run of `card` ("key", "settings"), or of a sweep's job."""
        self.sweep = sweep
        self.uri, self.experiment, self.card = tracking_uri(settings.tracking.uri), settings.tracking.experiment, card
        self._finished = threading.Event()
        self._thread: threading.Thread | None = None
        self._history: list[Row] = []

    def on_train_begin(self, run: TrainingRun) -> None:
        """Start the thread; it sleeps first."""
        self._history = run.history
        self._finished.clear()
        self._thread = threading.Thread(target=self._send, name="MLflow", daemon=True)
        self._thread.start()

    def on_train_end(self, run: TrainingRun) -> None:
        """Let the thread finish its batch, but do not wait for ever."""
        self._stop()

    def on_abort(self, run: TrainingRun) -> None:
        """As at the end."""
        self._stop()

    def _stop(self) -> None:
        self._finished.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _send(self) -> None:
        if self._finished.wait(DELAY):
            return
        try:
            with quiet_warnings():
                client, run_id = connect(self.uri, self.experiment, self.card, self.sweep)
                known = known_epochs(client, run_id)
                while True:
                    rows = [row for row in list(self._history) if int(row["epoch"]) not in known]
                    log_rows(client, run_id, rows)
                    known |= {int(row["epoch"]) for row in rows}
                    if self._finished.wait(DELAY):
                        return
        except Exception as error:  # a broken store raises anything, from SQLAlchemy's errors to requests'
            line = " ".join(str(error).split())[:300]
            print(
                f"tracking: warning: epochs are not logged to {self.uri} while training runs: "
                f"{line or type(error).__name__}",
                file=sys.stderr,
            )
