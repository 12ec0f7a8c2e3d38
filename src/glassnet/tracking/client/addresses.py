"""Where the tracking store is, and whether it answers."""

import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

CONNECT_SECONDS = 3
REQUEST_SECONDS = "5"  # that an answer is awaited, if MLFLOW_HTTP_REQUEST_TIMEOUT does not say
SQLITE = "sqlite:///"  # then the path of the file
PORTS = {"https": 443, "http": 80, "postgresql": 5432, "mysql": 3306, "mssql": 1433}  # where an address names none


def project_root() -> Path:
    """Return the project's folder: DVC names it, from a queue's temporary copy too; else the working directory."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()


def tracking_uri(configured: str | None) -> str:
    """Return the address of the store: the configured one, MLFLOW_TRACKING_URI, or SQLite in the project's folder."""
    return configured or os.environ.get("MLFLOW_TRACKING_URI") or own_store()


def shown_by(uri: str) -> str:
    """Return what shows the runs of the store at `uri`: a server does so itself."""
    if is_server(uri):
        return printable(uri)
    return "`make ui`" if uri == own_store() else f"`mlflow ui --backend-store-uri {printable(uri)}`"


def own_store() -> str:
    """Return the address of the project's own store, SQLite in its folder."""
    return f"{SQLITE}{project_root() / 'mlflow.db'}"


def configure_client() -> None:
    """Make MLflow's client give up within seconds (by default it retries for minutes), and keep it quiet.

    It sends no usage statistics, draws no progress bars and prints no addresses. Call this before importing MLflow,
    which reads them then.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "false")  # a server may ask for minutes
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", REQUEST_SECONDS)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")


def request_seconds() -> float:
    """Return how long one answer is awaited."""
    return float(os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", REQUEST_SECONDS))


def is_server(uri: str) -> bool:
    """Return whether `uri` is the address of a tracking server."""
    return urlsplit(uri).scheme in {"http", "https"}


def printable(uri: str) -> str:
    """Return an address without the password in it, for people and logs to see."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", uri)


def database_file(uri: str) -> Path | None:
    """Return where the database at `uri` has its file, or None if that is no SQLite database."""
    return Path(uri.removeprefix(SQLITE).partition("?")[0]).absolute() if uri.startswith(SQLITE) else None


def require_reachable(uri: str) -> None:
    """Raise an `OSError` if nothing accepts connections at the address in `uri`, or if it is no file for SQLite.

    MLflow would try such a database for a minute, again and again.
    """
    if (path := database_file(uri)) is not None:
        _require_file(path)
    parts = urlsplit(uri)
    port = parts.port or PORTS.get(parts.scheme.partition("+")[0])
    if parts.hostname is None or port is None:  # a file's, or one that is reached in a way of its own
        return
    try:
        socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        what = "tracking server" if is_server(uri) else "database"
        raise ConnectionError(f"no {what} answers at {printable(uri)} ({error})") from error


def _require_file(path: Path) -> None:
    """Raise an `OSError` unless a database can be opened or made there; MLflow makes the folders that are missing."""
    folder = next(place for place in path.parents if place.exists())
    if path.is_dir() or not folder.is_dir():
        received = "a folder" if path.is_dir() else f"one below {folder}, which is no folder"
    elif not all(os.access(place, os.W_OK) for place in (path, folder) if place.exists()):
        received = "one that may not be written"
    else:
        return
    raise OSError(f"expected a database's file that can be opened, received {received}")
