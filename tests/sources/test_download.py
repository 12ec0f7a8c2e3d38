"""Downloads from a server that cuts connections, lies, ignores ranges and fails; half a file is never taken for one."""

import gzip
import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet.sources.fashion_mnist import read_idx, read_pictures
from glassnet.sources.mirrors import download as module
from glassnet.sources.mirrors.download import download
from tests.waiting import wait_until

CONTENT = np.random.default_rng(0).bytes(300_000)
PACKED = gzip.compress(CONTENT, mtime=0)
DIGEST = hashlib.sha256(CONTENT).hexdigest()

Answer = Callable[["_Handler", bytes], None]


class _Handler(BaseHTTPRequestHandler):
    """Answers as the test has set; remembers what was asked for."""

    answers: dict[str, Answer]
    asked: list[tuple[str, str | None]]
    go_on: threading.Event

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range")))
        folder, _, _ = self.path.strip("/").partition("/")
        self.answers[folder](self, PACKED)

    def log_message(self, *_: object) -> None:
        pass

    def start(self) -> int:
        """Return where the asked range starts."""
        asked = self.headers.get("Range")
        return int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0

    def send(self, status: int, body: bytes, claimed: int | None = None, **headers: str) -> None:
        """Send a body, and claim a length that may be another."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if claimed is None else claimed))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def _good(handler: _Handler, body: bytes) -> None:
    start = handler.start()
    if not start:
        handler.send(200, body)
    elif start >= len(body):
        handler.send(416, b"")
    else:
        handler.send(206, body[start:], Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")


def _cuts(handler: _Handler, body: bytes) -> None:
    """Break off after 70,000 bytes, every time."""
    start = handler.start()
    rest = body[start:]
    headers = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
    handler.send(206 if start else 200, rest[:70_000], claimed=len(rest), **headers)
    handler.close_connection = True


def _cuts_once_then_ignores_the_range(handler: _Handler, body: bytes) -> None:
    if len(handler.asked) == 1:
        handler.send(200, body[:100_000], claimed=len(body))
        handler.close_connection = True
    else:
        handler.send(200, body)


def _pauses(handler: _Handler, body: bytes) -> None:
    """Send the first 30,000 bytes, and the others once the test goes on."""
    handler.send(200, body[:30_000], claimed=len(body))
    handler.go_on.wait(30)
    handler.wfile.write(body[30_000:])


def _never_ends(handler: _Handler, body: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):  # whoever asked hangs up
        while True:
            handler.wfile.write(body)


def _wrong(handler: _Handler, body: bytes) -> None:
    handler.send(200, gzip.compress(b"something else", mtime=0))


def _page(handler: _Handler, body: bytes) -> None:
    handler.send(200, b"<html>please log in</html>")


def _error(status: int) -> Answer:
    return lambda handler, body: handler.send(status, b"")


def _broken_at_first(handler: _Handler, body: bytes) -> None:
    if len(handler.asked) < 3:
        handler.send(500, b"")
    else:
        _good(handler, body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server on 127.0.0.1 with one mirror for each kind of answer; `url(kind)` is its address."""
    monkeypatch.setattr(module, "PAUSE", 0.001)
    monkeypatch.setattr(module, "MOST", 1_000_000)
    answers = {
        "good": _good, "cuts": _cuts, "ignores": _cuts_once_then_ignores_the_range, "wrong": _wrong, "page": _page,
        "fails": _error(500), "missing": _error(404), "recovers": _broken_at_first, "pauses": _pauses,
        "endless": _never_ends,
    }  # fmt: skip
    handler = type("Handler", (_Handler,), {"answers": answers, "asked": [], "go_on": threading.Event()})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    handler.url = staticmethod(lambda kind: f"http://127.0.0.1:{running.server_port}/{kind}")  # type: ignore[attr-defined]
    yield handler
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.mark.parametrize("kind", ["good", "cuts", "ignores", "recovers"])
def test_the_file_arrives_whole(server: Any, tmp_path: Path, kind: str) -> None:
    """Whatever the server does short of refusing; and only it is left in the folder, with the lock."""
    path = download("data.gz", DIGEST, [server.url(kind)], tmp_path)
    assert path.read_bytes() == PACKED
    assert sorted(file.name for file in tmp_path.iterdir()) == [module.LOCK, "data.gz"]
    if kind == "cuts":
        assert [asked for _, asked in server.asked][:3] == [None, "bytes=70000-", "bytes=140000-"]
    asked = len(server.asked)
    assert download("data.gz", DIGEST, [server.url(kind)], tmp_path) == path
    assert len(server.asked) == asked  # there already


@pytest.mark.parametrize("kind", ["wrong", "page", "fails", "missing", "endless"])
def test_the_next_mirror_is_tried(server: Any, tmp_path: Path, kind: str) -> None:
    """A mirror that is wrong, down or without the file is passed over, be it an address, a folder or neither."""
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "data.gz").write_bytes(PACKED[:-10])
    others = [str(tmp_path / "none"), str(tmp_path / "wrong"), "http://[::1", "http://a b", "https://", "a\0b"]
    mirrors = [server.url(kind), *others, server.url("good")]
    path = download("data.gz", DIGEST, mirrors, tmp_path / "target")
    assert path.read_bytes() == PACKED


def test_a_folder_serves_as_a_mirror_and_is_left_alone(tmp_path: Path) -> None:
    """However the file is compressed: the digest is that of its content."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "data.gz").write_bytes(gzip.compress(CONTENT, 1))
    path = download("data.gz", DIGEST, [str(tmp_path / "mirror")], tmp_path / "target")
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert (tmp_path / "mirror" / "data.gz").is_file()


def test_when_no_mirror_serves_each_is_named_and_nothing_is_left(server: Any, tmp_path: Path) -> None:
    """One line; no file under the final name."""
    mirrors = [server.url("wrong"), server.url("missing"), "/nowhere/at/all"]
    with pytest.raises(FileNotFoundError, match="received from none") as caught:
        download("data.gz", DIGEST, mirrors, tmp_path)
    for part in ("/wrong (expected content of sha256", "/missing (HTTP Error 404", "/nowhere/at/all (no such file"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data.gz").exists()


def test_a_broken_download_goes_on_where_it_stopped_in_the_next_run(server: Any, tmp_path: Path) -> None:
    """The first run ends with part of the file; the second asks for the rest."""

    def stops(handler: _Handler, body: bytes) -> None:
        (_cuts if not handler.start() else _error(500))(handler, body)

    server.answers["stops"] = stops
    with pytest.raises(FileNotFoundError):
        download("data.gz", DIGEST, [server.url("stops")], tmp_path)
    server.answers["stops"] = _good
    download("data.gz", DIGEST, [server.url("stops")], tmp_path)
    assert server.asked[-1][1] == "bytes=70000-"


def test_what_a_slow_server_has_sent_is_kept_at_once(server: Any, tmp_path: Path) -> None:
    """Whoever is killed then goes on from there, however little it was."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(download, "data.gz", DIGEST, [server.url("pauses")], tmp_path)
        wait_until(lambda: sum(part.stat().st_size for part in tmp_path.glob("*.part")) >= 30_000)
        server.go_on.set()
        assert coming.result().read_bytes() == PACKED


def _trickles(handler: _Handler, body: bytes) -> None:
    """Send the body byte by byte, until whoever asked hangs up."""
    start = handler.start()
    headers = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
    handler.send(206 if start else 200, b"", claimed=len(body) - start, **headers)
    with suppress(OSError):
        for place in range(start, len(body)):
            handler.wfile.write(body[place : place + 1])
            time.sleep(0.01)


def _trickles_its_head(handler: _Handler, body: bytes) -> None:
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nServer: ")
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.01)


@pytest.fixture
def impatient(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server, of which no answer may take long; far more is wanted than it trickles."""
    server.answers |= {"trickles": _trickles, "head": _trickles_its_head}
    for name, value in (("WINDOW", 0.1), ("TIMEOUT", 0.3), ("LEAST", 1e9), ("LAST_RESORT", 1e8)):
        monkeypatch.setattr(module, name, value)
    return server


@pytest.mark.parametrize("kind", ["trickles", "head"])
def test_a_mirror_that_sends_a_byte_at_a_time_does_not_hold_up_the_next(
    impatient: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Each byte is an answer in time, so that no timeout of a socket ends it."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "data.gz").write_bytes(PACKED)
    mirrors = [impatient.url(kind), str(tmp_path / "mirror")]
    assert download("data.gz", DIGEST, mirrors, tmp_path / "target").read_bytes() == PACKED
    assert f"download: {mirrors[0]} is slow (" in capsys.readouterr().out
    assert len(impatient.asked) == 1


def test_a_slow_mirror_is_gone_back_to_if_no_other_has_the_file(
    impatient: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From where it was left, with less of a hurry: better late than never."""
    monkeypatch.setattr(module, "LAST_RESORT", 0)

    def trickles_at_first(handler: _Handler, body: bytes) -> None:
        (_good if handler.start() else _trickles)(handler, body)

    impatient.answers["first"] = trickles_at_first
    mirrors = [impatient.url("first"), impatient.url("missing"), str(tmp_path / "none")]
    assert download("data.gz", DIGEST, mirrors, tmp_path).read_bytes() == PACKED
    assert [path for path, _ in impatient.asked] == ["/first/data.gz", "/missing/data.gz", "/first/data.gz"]
    assert impatient.asked[-1][1] is not None


def test_mirrors_that_are_all_too_slow_are_named_with_their_rates(impatient: Any, tmp_path: Path) -> None:
    """Nobody waits for ever."""
    with pytest.raises(
        FileNotFoundError, match=r"/trickles \(\d+ bytes a second\); .*/head \(no whole head of an answer"
    ):
        download("data.gz", DIGEST, [impatient.url("trickles"), impatient.url("head")], tmp_path)


def test_a_damaged_file_under_the_final_name_is_fetched_again(server: Any, tmp_path: Path) -> None:
    """Someone else's half file is not believed."""
    (tmp_path / "data.gz").write_bytes(PACKED[:1000])
    assert download("data.gz", DIGEST, [server.url("good")], tmp_path).read_bytes() == PACKED


def test_of_several_at_once_one_fetches_and_the_others_wait(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the jobs of a sweep do in a fresh clone; each gets the whole file, and the server is asked once."""
    monkeypatch.setattr(module, "PATIENCE", 0.01)

    def slowly(handler: _Handler, body: bytes) -> None:
        time.sleep(0.2)
        _good(handler, body)

    server.answers["slow"] = slowly
    jobs = 3
    with ThreadPoolExecutor(jobs) as pool:
        started = [pool.submit(download, "data.gz", DIGEST, [server.url("slow")], tmp_path) for _ in range(jobs)]
    assert [job.result().read_bytes() == PACKED for job in started] == [True] * jobs
    assert len(server.asked) == 1
    assert "waits for another process that fetches data.gz" in capsys.readouterr().out


def test_who_is_killed_while_fetching_keeps_nobody_waiting(server: Any, tmp_path: Path) -> None:
    """The next one takes the lock, and asks for the rest alone."""

    def sticks(handler: _Handler, body: bytes) -> None:
        handler.send(200, body[:90_000], claimed=len(body))
        time.sleep(0.5)

    server.answers["stuck"] = sticks
    call = f"download('data.gz', {DIGEST!r}, [{server.url('stuck')!r}], Path({str(tmp_path)!r}))"
    program = f"from pathlib import Path; from glassnet.sources.mirrors.download import download; {call}"
    process = subprocess.Popen([sys.executable, "-c", program])
    while not any(part.stat().st_size for part in tmp_path.glob("*.part")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    server.answers["stuck"] = _good
    assert download("data.gz", DIGEST, [server.url("stuck")], tmp_path).read_bytes() == PACKED
    assert server.asked[-1][1] is not None


def _idx(array: Any) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes()


def test_fashion_mnist_is_read_from_its_four_files(tmp_path: Path) -> None:
    """Small files of the same form; the publisher's test pictures come last, and are counted."""
    rng = np.random.default_rng(0)
    arrays = {
        "train-images.gz": rng.integers(0, 256, (20, 28, 28)), "train-labels.gz": np.arange(20) % 10,
        "t10k-images.gz": rng.integers(0, 256, (10, 28, 28)), "t10k-labels.gz": np.arange(10),
    }  # fmt: skip
    files = {}
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(gzip.compress(_idx(array)))
        files[name] = hashlib.sha256(_idx(array)).hexdigest()
    raw = read_pictures([str(tmp_path)], tmp_path / "downloads", files)
    assert raw.images.shape == (30, 28, 28)
    np.testing.assert_array_equal(raw.images[20:], arrays["t10k-images.gz"])
    assert raw.labels.tolist() == [*(i % 10 for i in range(20)), *range(10)]
    assert raw.test_rows == 10


def test_a_file_that_is_no_idx_is_refused(tmp_path: Path) -> None:
    """Truncated, or something else."""
    whole = _idx(np.zeros((3, 2, 2)))
    for content in (whole[:-1], b"", b"hello world", whole + b"x"):
        (tmp_path / "a.gz").write_bytes(gzip.compress(content))
        with pytest.raises(ValueError, match="expected an IDX file"):
            read_idx(tmp_path / "a.gz")
