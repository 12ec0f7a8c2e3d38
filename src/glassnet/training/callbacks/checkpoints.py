"""Saves the state of a training as it goes on, and brings it back after an interruption."""

import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path

from glassnet.files import JsonObject
from glassnet.nn.checks import check_count
from glassnet.training.callbacks.early_stopping import NO_IMPROVEMENT, EarlyStopping
from glassnet.training.checkpoint import capture, restore, write_checkpoint
from glassnet.training.going_on import as_text, changes_between, newest_checkpoint
from glassnet.training.interruption import StopSignals, TrainingInterruptedError
from glassnet.training.run import Callback, TrainingRun


class Checkpoints(Callback):
    """Writes a checkpoint after every so many epochs, and when a signal asks the training to end.

    A training that was killed at any moment and resumed ends with the same bytes as one that never was: it starts again
    from the last checkpoint, and everything after that is a function of the state in it.
    """

    def __init__(
        self,
        folder: Path,
        identity: JsonObject,
        *,
        every: int | None = 1,
        pause: float = 0.0,
        resume: bool = False,
        may_change: Collection[str] = (),
        signals: StopSignals | None = None,
    ) -> None:
        """Set where and when to save.

        Args:
            folder: where the checkpoint and the one before it lie.
            identity: what the training is of, by name: settings, digests. A checkpoint of another one is refused.
            every: save after every so many epochs; None: only when a signal comes.
            pause: seconds that must have passed since the last one: a short training is sooner repeated than saved.
            resume: whether to go on from the checkpoint in `folder`, if there is one.
            may_change: the names in `identity` that do not make it another training: "epochs", say, with which one
                that has ended goes on.
            signals: noted signals; when one is there, the state is saved after the step and the training ends with
                `TrainingInterruptedError`.
        """
        self.folder, self.identity, self.resume, self.signals = folder, identity, resume, signals
        self.may_change = may_change
        self.pause, self._last = pause, time.monotonic()
        self._has_warned = False
        self.every = None if every is None else check_count("Checkpoints", "every", every)

    def on_restore(self, run: TrainingRun) -> None:
        """Bring back the newest whole checkpoint, if that is wanted.

        Raises:
            ValueError: if there are checkpoints but none is whole, or theirs is another training that has not ended.
        """
        if not self.resume:
            return
        found = newest_checkpoint(self.folder)
        if found is None:
            print(f"checkpoint: none in {self.folder} to go on from: starts with the first epoch", flush=True)
            return
        state, identity = found
        changes = changes_between(identity, self.identity)
        if changes.keys() <= set(self.may_change):
            restore(run, state)
            _let_patience_decide(run)
            print(f"checkpoint: goes on after epoch {run.epoch}, step {run.step}, from {self.folder}", flush=True)
        elif not state.values["is_over"]:
            raise ValueError(
                f"{self.folder}: expected a checkpoint of the same training, received another one's: "
                f"{as_text(changes)}; delete the folder, or start without resume"
            )
        else:
            print(
                f"checkpoint: the one in {self.folder} is of another training, which has ended: starts with the first "
                "epoch",
                flush=True,
            )

    def on_safe_point(self, run: TrainingRun) -> None:
        """Save if it is time, and end the training if a signal came."""
        signum = self.signals.received if self.signals is not None else None
        if signum is not None:
            where = f"epoch {run.epoch}, step {run.step}"
            saved = self._save(run)
            outcome = f"its state is in {self.folder}" if saved else "its state is lost"
            raise TrainingInterruptedError(f"{signal.Signals(signum).name} at {where}: {outcome}", signum, saved)
        is_time = self.every is not None and (run.epoch % self.every == 0 or run.is_over)
        if run.batch == 0 and is_time and time.monotonic() - self._last >= self.pause:
            self._save(run)
            self._last = time.monotonic()

    def _save(self, run: TrainingRun) -> bool:
        """Write a checkpoint; a disk that will not take it costs one warning, not the training."""
        try:
            write_checkpoint(self.folder, capture(run), self.identity)
        except OSError as error:
            if not self._has_warned:
                print(
                    f"checkpoint: warning: not saved after step {run.step}: {error}; the training goes on, and tries "
                    "again later, without a word if that fails too",
                    file=sys.stderr,
                )
            self._has_warned = True
            return False
        return True


def _let_patience_decide(run: TrainingRun) -> None:
    """Let a training go on that early stopping had ended, if its patience is longer now, or there is none any more."""
    patient = [callback for callback in run.callbacks if isinstance(callback, EarlyStopping)]
    if NO_IMPROVEMENT in run.stop_reason and not any(callback.is_exhausted for callback in patient):
        run.stop_reason = ""
