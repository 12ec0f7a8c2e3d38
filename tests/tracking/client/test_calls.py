"""A store that does not work, or hardly, is abandoned in time, and not asked again for a while."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mlflow
import pytest
from filelock import FileLock

from glassnet.config import UserError
from glassnet.tracking import StoreError
from glassnet.tracking.client import calls, opening
from glassnet.tracking.client.calls import OutageError, call_store, forget_outage
from glassnet.tracking.client.opening import open_store

Answer = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    """Answers every request as the server was told to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked += 1  # type: ignore[attr-defined]
        self.server.answer(self)  # type: ignore[attr-defined]

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def _server(answer: Answer) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.answer, server.asked, server.over = answer, 0, threading.Event()  # type: ignore[attr-defined]
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()  # type: ignore[attr-defined]
            server.shutdown()


def _uri(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def _come_later(handler: _Handler) -> None:
    handler.send_response(503)
    handler.send_header("Retry-After", "120")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _drip(handler: _Handler) -> None:
    """Send a byte now and then, which no timeout of a read notices."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while not handler.server.over.wait(0.05):  # type: ignore[attr-defined]
        handler.wfile.write(b" ")
        handler.wfile.flush()
    handler.close_connection = True


def _take_time(handler: _Handler) -> None:
    time.sleep(0.2)
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


def _ask(uri: str, times: int = 1) -> Callable[[], int]:
    def work() -> int:
        client = mlflow.MlflowClient(uri)
        return sum(len(client.search_experiments()) == 0 for _ in range(times))

    return work


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_outages", {})


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is awaited for a quarter of a second; a failure that costs any time at all is remembered."""
    for module in (calls, opening):
        monkeypatch.setattr(module, "request_seconds", lambda: 0.25)
    monkeypatch.setattr(calls, "COSTLY", 0.0)


def test_a_server_that_asks_for_patience_is_not_obeyed() -> None:
    """Two minutes, says the header; nobody waits for them."""
    with _server(_come_later) as server:
        began = time.monotonic()
        with pytest.raises(StoreError, match="503"):
            call_store(_uri(server), _ask(_uri(server)))
        assert time.monotonic() - began < 110


@pytest.mark.usefixtures("_short")
def test_a_server_that_never_ends_its_answer_is_given_up_and_remembered(tmp_path: Path) -> None:
    """By this process, and by the other jobs of the sweep, which leave it alone until the sweep has ended."""
    with _server(_drip) as server:
        uri = _uri(server)
        with pytest.raises(StoreError, match="no answer for 1 s"):
            call_store(uri, _ask(uri), tmp_path)
        with pytest.raises(OutageError, match="a short while ago \\(no answer for 1 s\\)"):
            call_store(uri, _ask(uri))
        calls._outages.clear()  # as in another process
        with pytest.raises(OutageError):
            call_store(uri, _ask(uri), tmp_path)
        assert server.asked == 1  # type: ignore[attr-defined]
    forget_outage(tmp_path)
    with pytest.raises(StoreError, match="no tracking server answers"):
        call_store(uri, _ask(uri), tmp_path)


def test_what_a_store_says_at_once_is_no_outage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However long it took to come to that: it may be wrong with one run alone, and the other jobs of a sweep go on."""
    monkeypatch.setattr(calls, "COSTLY", 0.2)

    def work() -> None:
        time.sleep(0.3)
        calls.heartbeat()
        raise RuntimeError("of this run")

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with pytest.raises(StoreError, match="of this run"):
        call_store(uri, work, tmp_path)
    assert call_store(uri, lambda: 1, tmp_path) == 1


@pytest.mark.usefixtures("_short")
def test_a_slow_server_is_waited_for_as_long_as_it_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Longer than the silence that would end it, and with a word about it; but not for ever."""
    monkeypatch.setattr(calls, "REMINDER", 0.5)
    with _server(_take_time) as server:
        uri = _uri(server)
        assert call_store(uri, _ask(uri, 8)) == 8
        assert f"tracking: {uri} is slow, " in capsys.readouterr().err
        monkeypatch.setattr(calls, "LONGEST", 2)
        with pytest.raises(StoreError, match=r"too slow, [2-4] requests in"):
            call_store(uri, _ask(uri, 8))
        with calls._turn:  # free once the work has ended that was abandoned
            assert server.asked < 8 + 8  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_short")
def test_a_lock_that_is_held_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a process that hangs, say; and a free one is taken again."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    lock = tmp_path / ".mlflow.lock"
    with FileLock(lock), pytest.raises(StoreError, match=f"another process holds {lock}"):
        call_store(uri, lambda: open_store(uri, "test"))
    assert not (tmp_path / "mlflow.db").exists()


def test_a_users_mistake_is_no_outage(tmp_path: Path) -> None:
    """It passes as it is, and the store may be asked again."""

    def work() -> None:
        raise UserError("expected this, received that")

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with pytest.raises(UserError, match=r"^expected this, received that$"):
        call_store(uri, work)
    assert call_store(uri, lambda: 1) == 1


def test_a_database_that_fails_in_use_is_no_traceback(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """MLflow logs one, and raises the error too: that is enough. On a full disk, say; here a table is gone."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    call_store(uri, lambda: open_store(uri, "test"))
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("ALTER TABLE experiments RENAME TO elsewhere")
    capfd.readouterr()
    with pytest.raises(StoreError, match="no such table: experiments"):
        call_store(uri, lambda: open_store(uri, "test"))
    assert capfd.readouterr().err == ""
