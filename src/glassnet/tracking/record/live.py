"""Sends the epochs of a long training to MLflow while it runs, in batches, from a thread that cannot hold it up."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from glassnet.config import Settings
from glassnet.runs import Layout, as_line
from glassnet.tracking.client.addresses import printable, tracking_uri
from glassnet.tracking.client.calls import OutageError, StoreError, call_store
from glassnet.tracking.client.limits import TAG, shortened, tag_strings
from glassnet.tracking.client.runs import (
    COMPLETE,
    FAILURE_TAG,
    INCOMPLETE,
    RECORD_TAG,
    TRAINING_TAG,
    connect,
    job_tags,
    known_epochs,
    row_metrics,
)
from glassnet.training import Callback, Row, TrainingRun

if TYPE_CHECKING:
    from mlflow import MlflowClient

DELAY = 5.0  # seconds before the first batch, and between batches: a shorter training leaves all of it to `record_run`


class LiveMetrics(Callback):
    """Logs finished epochs every few seconds; whatever is not logged in the end, `record_run` logs.

    The training never waits, not even at its end: a batch that is under way then is `record_run`'s to wait for. A
    store that does not work costs one warning, and nothing more is sent to it.

    What leaves a `with` block over it by an exception ends the run in the store too, since nothing else will.
    """

    def __init__(self, settings: Settings, key: str, layout: Layout) -> None:
        """Log to the store that `settings` name, in the run that `key` identifies."""
        self.uri = tracking_uri(settings.tracking.uri)
        self.settings, self.key, self.layout = settings, key, layout
        self._finished = threading.Event()
        self._has_asked = False  # whether the store may have the run
        self._is_recorded = False  # whether it has all of the same training from before
        self._history: list[Row] = []
        self._connection: tuple[MlflowClient, str] | None = None
        self._known: set[int] = set()

    def on_train_begin(self, run: TrainingRun) -> None:
        """Start the thread; it sleeps first."""
        self._history = run.history
        self._finished.clear()
        threading.Thread(target=self._send, name="live metrics", daemon=True).start()

    def on_train_end(self, run: TrainingRun) -> None:
        """Let the thread finish its batch."""
        self._finished.set()

    def on_abort(self, run: TrainingRun) -> None:
        """As at the end."""
        self._finished.set()

    def __enter__(self) -> Self:
        """Nothing begins before the training does."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Say in the store that the training did not come to its end; of a job, its sweep says so."""
        if error is None or not self._has_asked or self.layout.sweep is not None:
            return
        status = "FAILED" if isinstance(error, Exception) else "KILLED"
        reason = as_line(error) if isinstance(error, Exception) else "it was interrupted"
        with self._warned(f"the end of the training is not recorded in {printable(self.uri)}"):
            call_store(self.uri, lambda: self._end(status, reason))

    def _send(self) -> None:
        folder = None if self.layout.sweep is None else self.layout.sweep.folder
        with self._warned(f"epochs are not logged to {printable(self.uri)} while training runs"):
            while not self._finished.wait(DELAY):
                self._has_asked = True
                call_store(self.uri, self._send_unless_finished, folder)

    @contextmanager
    def _warned(self, what: str) -> Iterator[None]:
        """Make a store that does not work a warning; one that was not asked again had its own."""
        try:
            yield
        except OutageError:
            return
        except StoreError as error:
            print(f"tracking: warning: {what}: {error}", file=sys.stderr, flush=True)

    def _end(self, status: str, reason: str) -> None:
        """Send what is left, and give the run its last status, unless it has one from before."""
        from mlflow.entities import RunTag

        self._send_batch()
        if self._connection is None or self._is_recorded:
            return
        client, run_id = self._connection
        client.log_batch(run_id, tags=[RunTag(FAILURE_TAG, shortened(reason, TAG))])
        client.set_terminated(run_id, status)

    def _send_unless_finished(self) -> None:
        """Send a batch, unless the training has ended before its turn came: `record_run` may have had its own first.

        It would not know of what `record_run` logged, and log it again.
        """
        if not self._finished.is_set():
            self._send_batch()

    def _send_batch(self) -> None:
        from mlflow.entities import RunTag

        if self._connection is None:
            client, found = connect(self.settings, self.key, self.layout)
            run_id = found.info.run_id
            self._known = known_epochs(client, found)
            self._is_recorded = found.data.tags.get(RECORD_TAG) == COMPLETE
            if not self._is_recorded:
                tags = {RECORD_TAG: INCOMPLETE, TRAINING_TAG: self.key, **job_tags(self.layout)}
                client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tag_strings(tags).items()])
                if found.info.status != "RUNNING":  # it failed before
                    client.update_run(run_id, status="RUNNING")
            self._connection = client, run_id
        client, run_id = self._connection
        rows = [row for row in list(self._history) if int(row["epoch"]) not in self._known]
        client.log_batch(run_id, metrics=row_metrics(rows))
        self._known |= {int(row["epoch"]) for row in rows}
