"""Where the tracking store is, and whether it answers."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

CONNECT_SECONDS = 3


def project_root() -> Path:
    """Return the project's folder: DVC's word for it, which is right in a queue's temporary copy too, or the current one."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()


def tracking_uri(configured: str | None) -> str:
    """Return the address of the store: the configured one, MLFLOW_TRACKING_URI, or SQLite in the project's folder."""
    return configured or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project_root() / 'mlflow.db'}"


def bound_waiting() -> None:
    """Make MLflow's own client give up within seconds; by default it retries for minutes. Call before importing it."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")


def require_reachable(uri: str) -> None:
    """Raise `ConnectionError` if `uri` is a server's address and nothing accepts connections there."""
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"}:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise ConnectionError(f"no tracking server answers at {uri} ({error})") from error
