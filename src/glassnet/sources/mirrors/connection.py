"""A connection to a web server that ends if the head of the answer does not, which a socket's timeout does not see."""

import socket
import threading
import urllib.request
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any


class TooSlowError(Exception):
    """A server answers, but would take for ever."""


def open_in_time(request: urllib.request.Request, seconds: float) -> Any:
    """Return the answer to a request, of which the head has come within so many seconds, as each byte after it has to.

    Raises:
        TooSlowError: if it has not.
        OSError: if there is no answer, or one of an error.
    """
    return urllib.request.build_opener(_Http, _Https).open(request, timeout=seconds)


class _InTime(HTTPConnection):
    """Hangs up if the head of an answer does not end: the timeout of a socket begins anew with every byte."""

    def getresponse(self) -> HTTPResponse:
        """Return the answer, of which the head has arrived."""
        late, seconds = threading.Event(), float(self.timeout or 0)

        def hang_up() -> None:
            late.set()
            with suppress(OSError, AttributeError):  # it has just been closed
                self.sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, hang_up)
        timer.daemon = True
        timer.start()
        try:
            answer = super().getresponse()
        except (OSError, HTTPException):
            if not late.is_set():
                raise
        finally:
            timer.cancel()
        if late.is_set():  # a head that is cut off may pass for a whole one
            raise TooSlowError(f"no whole head of an answer within {seconds:g} s")
        return answer


class _InTimeEncrypted(_InTime, HTTPSConnection):
    """The same over TLS."""


class _Http(urllib.request.HTTPHandler):
    """Opens http:// by such connections."""

    def http_open(self, request: urllib.request.Request) -> HTTPResponse:
        """Return the answer."""
        return self.do_open(_InTime, request)


class _Https(urllib.request.HTTPSHandler):
    """Opens https:// by such connections."""

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        """Return the answer."""
        return self.do_open(_InTimeEncrypted, request)
