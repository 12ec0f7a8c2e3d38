"""Printing to any terminal, and to readers that may leave: neither costs a command its work or its exit status."""

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def prepare_printing() -> None:
    """Let anything be printed to standard output; let a reader of it or of the errors leave (`| head`), or be none.

    A character that the terminal's encoding lacks is printed as its number; by default it is an error.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed (`>&-`)
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8"))
        elif type(stream) is io.TextIOWrapper and type(_file_of(stream)) is io.FileIO:  # else it is no longer Python's
            setattr(sys, name, _for_readers_that_leave(stream))


class _LeavableFile(io.FileIO):
    """A file of which nothing more is wanted once its reader has left."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write bytes; without a reader, to nowhere from then on, which takes what other code prints there too."""
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(data)


def _for_readers_that_leave(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """Return a stream to the same place, with the same encoding and buffering, whose reader may leave."""
    stream.flush()
    file = _LeavableFile(stream.fileno(), "w", closefd=False)
    is_buffered = isinstance(stream.buffer, io.BufferedWriter)
    return io.TextIOWrapper(
        io.BufferedWriter(file) if is_buffered else file,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _file_of(stream: io.TextIOWrapper) -> object:
    return getattr(stream.buffer, "raw", stream.buffer)
