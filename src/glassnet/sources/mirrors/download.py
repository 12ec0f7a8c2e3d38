"""Downloads a file from the first mirror that serves it whole: resumed after a break, checked, never half a file.

The usual libraries (pooch, scikit-learn's and torchvision's helpers) begin a broken download again from its start.
"""

import gzip
import hashlib
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from tqdm import tqdm

from glassnet.files import DISK_ERRORS
from glassnet.sources.mirrors.connection import TooSlowError, open_in_time

ATTEMPTS = 3  # for each mirror, not counting those that brought something new
TIMEOUT = 20.0  # seconds without a byte, and for the head of an answer
WINDOW = 10.0  # seconds over which the rate of a mirror is taken
LEAST = 20_000  # bytes a second: a slower mirror is left for the next one
LAST_RESORT = 500  # the same, where no other mirror has the file
CHUNK = 1 << 16
MOST = 256 << 20  # bytes of a file, ten times the largest: a server that never ends would fill the disk
PAUSE = 0.2  # seconds before the second attempt, doubled each time
LOCK = ".lock"
PATIENCE = 1.0  # seconds of waiting for another process before saying so


class _WrongContentError(Exception):
    """The bytes that arrived are not the file."""


def download(name: str, sha256: str, mirrors: Sequence[str], folder: Path) -> Path:
    """Return `folder/name`, a gzip file whose decompressed content has this sha256, fetching it if need be.

    The digest is that of the content because mirrors compress it differently. What has arrived is kept in a part file,
    one for each mirror, and takes the final name only once it is whole and right. A mirror slower than `LEAST` is left
    for the next one, and gone back to if none has the file. Of several processes that want it at once, jobs of a sweep
    say, one fetches it and the others wait.

    Args:
        name: the file's name on every mirror.
        sha256: the digest of the decompressed content, in hexadecimal.
        mirrors: addresses (https://, http://) and local folders, tried in this order.
        folder: where to put it.

    Raises:
        FileNotFoundError: naming each mirror and what was wrong with it.
        OSError: if the disk takes no more; what has arrived from an address is kept, to go on from.
    """
    target = folder / name
    if _is_right(target, sha256):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder, name):
        if not _is_right(target, sha256):  # else another process has brought it meanwhile
            _bring(target, sha256, mirrors)
    return target


@contextmanager
def _one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    """Let one process at a time write into `folder`; the system frees the lock of one that is killed."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        print(f"download: waits for another process that fetches {name} into {folder}", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _is_right(path: Path, sha256: str) -> bool:
    try:
        _check(path, sha256)
    except (FileNotFoundError, _WrongContentError):
        return False
    return True


def _bring(target: Path, sha256: str, mirrors: Sequence[str]) -> None:
    """Put the file from the first mirror that has it in the place of whatever has its name."""
    failures = []
    turns = [(mirror, LEAST) for mirror in mirrors]
    for mirror, least in turns:
        part = target.with_name(f"{target.name}.{hashlib.sha256(mirror.encode()).hexdigest()[:8]}.part")
        try:
            if mirror.startswith(("http://", "https://")):
                _fetch(f"{mirror.rstrip('/')}/{target.name}", part, sha256, least)
            else:
                _copy(Path(mirror) / target.name, part, sha256)
        except TooSlowError as error:
            if least > LAST_RESORT:
                print(f"download: {mirror} is slow ({error}); looks for a faster one", flush=True)
                turns.append((mirror, LAST_RESORT))  # when the others have had theirs
            else:
                failures.append(f"{mirror} ({error})")
            continue
        except (OSError, HTTPException, ValueError, _WrongContentError) as error:  # ValueError: it is no address
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:  # no other mirror would help
                raise OSError(error.errno, error.strerror, str(part)) from error
            failures.append(f"{mirror} ({' '.join(str(error).split()) or type(error).__name__})")
            continue
        os.replace(part, target)
        return
    raise FileNotFoundError(
        f"{target}: expected to get it from one of {len(mirrors)} mirrors, received from none: {'; '.join(failures)}; "
        "add one that has it to data.mirrors, an address or a folder"
    )


def _copy(source: Path, part: Path, sha256: str) -> None:
    if not source.is_file():
        raise FileNotFoundError("no such file there")
    try:
        shutil.copyfile(source, part)
        _check(part, sha256)
    except (OSError, _WrongContentError):
        part.unlink(missing_ok=True)
        raise


def _fetch(address: str, part: Path, sha256: str, least: float) -> None:
    """Bring the whole file into `part`, each attempt from where the last one stopped; no slower than `least`."""
    failed, most = 0, _size(part)
    while True:
        try:
            _append_rest(address, part, least)
            _check(part, sha256)
        except (OSError, HTTPException, _WrongContentError) as error:
            if isinstance(error, _WrongContentError):
                part.unlink()  # nothing of it can be trusted
            # As long as more arrives than ever before, a connection that keeps breaking will do.
            failed, most = (0, _size(part)) if _size(part) > most else (failed + 1, most)
            if failed == ATTEMPTS or (isinstance(error, urllib.error.HTTPError) and error.code in {403, 404, 410}):
                raise
            time.sleep(PAUSE * 2**failed)
        else:
            return


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _append_rest(address: str, part: Path, least: float) -> None:
    have = _size(part)
    request = urllib.request.Request(address, headers={"User-Agent": "glassnet"})  # noqa: S310  # http(s) alone, above
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = open_in_time(request, TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing is left to send: the part is whole, or not of this file
            return
        raise
    with response:
        continues = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        have = have if continues else 0  # a server may ignore the range and send everything
        length = response.headers.get("Content-Length")
        expected = have + int(length) if length is not None and length.isdigit() else None
        with (
            part.open("ab" if continues else "wb", buffering=0) as file,
            tqdm(
                total=expected, initial=have, desc=address.rsplit("/", 1)[-1], unit="B", unit_scale=True,
                disable=not sys.stderr.isatty(), file=sys.stderr,
            ) as bar,
        ):  # fmt: skip
            began, before = time.monotonic(), file.tell()
            while chunk := response.read1(CHUNK):  # what is there, so that a slow server's bytes are kept as they come
                file.write(chunk)
                if (seconds := time.monotonic() - began) >= WINDOW:
                    if (rate := (file.tell() - before) / seconds) < least:
                        raise TooSlowError(f"{rate:.0f} bytes a second")
                    began, before = time.monotonic(), file.tell()
                bar.update(len(chunk))
                if file.tell() > MOST:
                    raise _WrongContentError(f"more than {MOST >> 20} MiB arrived, and no end of it")
            received = file.tell()
    if expected is not None and received < expected:
        raise ConnectionError(f"the connection broke after {received} of {expected} bytes")


def _check(path: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _WrongContentError(f"not a whole gzip file: {error}") from error
    if digest.hexdigest() != sha256:
        raise _WrongContentError(f"expected content of sha256 {sha256[:12]}…, received {digest.hexdigest()[:12]}…")
