"""Stopping a training between two steps when the process is asked to end."""

import signal
import threading
from types import FrameType
from typing import Any, Self


class TrainingInterruptedError(Exception):
    """The training was asked to end, by the signal `signum`; `is_saved` says whether its state could be saved."""

    def __init__(self, message: str, signum: int, is_saved: bool) -> None:
        """Say what became of the state."""
        super().__init__(message)
        self.signum, self.is_saved = signum, is_saved


class StopSignals:
    """Within a `with` block, SIGINT and SIGTERM are noted instead of obeyed; a second one acts as it always does.

    Attributes:
        received: the number of the signal that came, or None.
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # no other thread may set handlers
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
