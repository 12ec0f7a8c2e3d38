"""Calls to the store that cannot hold up a run: each has a thread of its own, and is abandoned in time."""

import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from glassnet.config import Settings, UserError
from glassnet.tracking.client.addresses import (
    configure_client,
    is_server,
    printable,
    request_seconds,
    require_reachable,
)

SILENCE = 4  # times the seconds of a request: so long without an answer, and the store is given up
LONGEST = 24  # times the same: so long in all, however many answers came
LOCAL = 3  # times both for a database on this machine: it waits for nobody, but makes its tables while others compute
REMINDER = 10.0  # seconds between messages about a store that is slow
UPLOAD = 100_000  # bytes a second that an upload may be as slow as, on top of that
COSTLY = 2.0  # seconds: a store that says faster what is wrong costs nothing to ask again
REST = 300.0  # seconds for which a store that did not answer is not asked again
OUTAGE = "tracking_outage.json"  # in a sweep's folder, for its other jobs

T = TypeVar("T")


class StoreError(UserError):
    """The store does not work; the message says in one line what it did."""


class AbandonedError(BaseException):
    """Ends work that nobody waits for any more; MLflow catches every `Exception` on the way, and would go on."""


class OutageError(StoreError):
    """The store did not answer a short while ago, and was not asked again."""


@dataclass
class _Call:
    uri: str
    began: float = field(default_factory=time.monotonic)
    last_answer: float = field(default_factory=time.monotonic)  # when it answered last; later than now during an upload
    allowed: float = 0.0  # seconds for uploads
    requests: int = 0
    is_abandoned: bool = False


_turn = threading.Lock()  # one call at a time in a process: the epochs first, then `record_run`
_of_thread = threading.local()
_outages: dict[str, tuple[float, str]] = {}


def call_store(uri: str, work: Callable[[], T], sweep_folder: Path | None = None) -> T:
    """Return what `work` does with the store at `uri`, or stop waiting for it.

    It is given up after `SILENCE` without an answer, or `LONGEST` in all; what it does then has no effect any more,
    since its next request fails. A store that is slow but answers is said to be so. One that cost time and failed is
    not asked again for `REST` seconds, by this process or by the other jobs of its sweep; one that said at once what is
    wrong is, since that may be wrong with one run alone.

    Args:
        uri: where the store is.
        work: what asks the store; it may call `heartbeat` between its steps.
        sweep_folder: that of the sweep that this process runs a job of, if any.

    Raises:
        StoreError: if the store does not work.
        UserError: from `work`, as it is.
    """
    if (outage := _known_outage(uri, sweep_folder)) is not None:
        raise OutageError(f"it did not work a short while ago ({outage})")
    call = _Call(uri)
    configure_client()
    try:
        require_reachable(uri)
        _listen_to_requests()  # imports MLflow, which is no fault of the store's, so that the clock is set afterwards
        call = _Call(uri)
        return _wait_for(call, work)
    except UserError as error:
        if isinstance(error, StoreError):
            _note_outage(uri, str(error), call.began, sweep_folder)
        raise
    except Exception as error:  # a broken store raises anything, from SQLAlchemy's errors to requests'
        line = " ".join(str(error).split())[:300] or type(error).__name__
        _note_outage(uri, line, call.last_answer, sweep_folder)
        raise StoreError(line) from error


def load_client(settings: Settings) -> None:
    """Load MLflow, if runs are tracked, so that it is there when a run is to be recorded."""
    if settings.tracking.name == "none":
        return
    configure_client()
    with suppress(Exception):  # whoever asks the store hears of it
        _listen_to_requests()


def heartbeat(upload: int = 0) -> None:
    """Note that the store answered, and allow for an upload of so many bytes; called before each request, too.

    Raises:
        AbandonedError: if nobody waits for the answers any more.
    """
    call: _Call | None = getattr(_of_thread, "call", None)
    if call is None:
        return
    if call.is_abandoned:
        raise AbandonedError
    call.last_answer = max(call.last_answer, time.monotonic() + upload / UPLOAD)
    call.allowed += upload / UPLOAD


@contextmanager
def quiet_warnings() -> Iterator[None]:
    """Keep third parties' deprecations, on import and at model logging, from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def forget_outage(sweep_folder: Path) -> None:
    """Let a sweep that is started again ask the store anew."""
    (sweep_folder / OUTAGE).unlink(missing_ok=True)


def _wait_for(call: _Call, work: Callable[[], T]) -> T:
    outcome: Future[T] = Future()

    def run() -> None:
        with _turn:
            if call.is_abandoned:
                return
            _of_thread.call = call
            call.last_answer = time.monotonic()
            try:
                with quiet_warnings():
                    outcome.set_result(work())
            except BaseException as error:  # for the thread that waits
                outcome.set_exception(error)

    threading.Thread(target=run, name="MLflow", daemon=True).start()
    patience = request_seconds() * (1 if is_server(call.uri) else LOCAL)
    silence, longest = SILENCE * patience, LONGEST * patience
    said = call.began
    while not wait([outcome], timeout=min(0.25, silence / 4)).done:
        now = time.monotonic()
        if now - call.last_answer > silence:
            call.is_abandoned = True
            raise StoreError(f"no answer for {silence:.0f} s")
        if now - call.began > longest + call.allowed:
            call.is_abandoned = True
            raise StoreError(f"too slow, {call.requests} requests in {now - call.began:.0f} s")
        if now - said > REMINDER:
            said = now
            seconds = now - call.began
            asked = f"{call.requests} requests in " if is_server(call.uri) else "busy for "
            line = f"tracking: {printable(call.uri)} is slow, {asked}{seconds:.0f} s; recording goes on"
            print(line, file=sys.stderr, flush=True)
    return outcome.result()


@cache
def _listen_to_requests() -> None:
    """Have MLflow call `heartbeat` before each of its requests: it asks all who may add headers."""
    with quiet_warnings():
        from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider
        from mlflow.tracking.request_header.registry import _request_header_provider_registry

    class Listener(RequestHeaderProvider):  # type: ignore[misc]  # MLflow's classes are untyped here
        def in_context(self) -> bool:
            heartbeat()
            if (call := getattr(_of_thread, "call", None)) is not None:
                call.requests += 1
            return False

        def request_headers(self) -> dict[str, str]:
            return {}

    _request_header_provider_registry.register(Listener)


def _known_outage(uri: str, sweep_folder: Path | None) -> str | None:
    """Return why the store is not to be asked now, or None."""
    now = time.time()
    until, reason = _outages.get(uri, (0.0, ""))
    if now < until:
        return reason
    if sweep_folder is not None and (sweep_folder / OUTAGE).is_file():
        outage = json.loads((sweep_folder / OUTAGE).read_text(encoding="utf-8"))
        if outage["uri"] == printable(uri) and now < outage["until"]:
            return str(outage["reason"])
    return None


def _note_outage(uri: str, reason: str, since: float, sweep_folder: Path | None) -> None:
    if time.monotonic() - since < COSTLY:
        return
    until = time.time() + REST
    _outages[uri] = until, reason
    if sweep_folder is not None:
        part = sweep_folder / f"{OUTAGE}.{os.getpid()}.part"
        with suppress(OSError):  # a full disk: the other jobs find out by themselves
            part.write_text(
                json.dumps({"uri": printable(uri), "until": until, "reason": reason}) + "\n", encoding="utf-8"
            )
            part.replace(sweep_folder / OUTAGE)
