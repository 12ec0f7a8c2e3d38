"""The store opened: a database that is made whole or not at all, by one process, and the experiment in it."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.files import whole_file
from glassnet.tracking.client.addresses import database_file, is_server, printable, project_root, request_seconds
from glassnet.tracking.client.calls import StoreError, heartbeat
from glassnet.tracking.client.experiment_view import experiment_tags
from glassnet.tracking.client.limits import BELOW_EXPERIMENT, RUN_ADDRESS

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCKED = 12  # times the seconds of a request: so long another process, on a busy machine, may make a database or a run


class LockedError(StoreError):
    """Another process does not let go of the store's lock."""


def open_store(uri: str, experiment: str) -> "tuple[MlflowClient, str]":
    """Return a client of the store, and the id of the experiment, made if there is none."""
    with opened(uri) as client:
        found = client.get_experiment_by_name(experiment)
        if found is not None and found.lifecycle_stage != "active":
            raise StoreError(
                f"the experiment {experiment!r} was deleted there; tracking.experiment= names another, and `mlflow "
                f"experiments restore -x {found.experiment_id}`, with MLFLOW_TRACKING_URI={printable(uri)}, brings it "
                "back"
            )
        if found is not None:
            return client, found.experiment_id
        return client, _create_experiment(client, experiment, None if is_server(uri) else _artifacts(uri))


@contextmanager
def opened(uri: str) -> "Iterator[MlflowClient]":
    """Yield a client of the store, whose database is made if there is none.

    Two processes that create the same database at once leave it broken, so that one waits for the other.
    """
    import mlflow

    for library in ("mlflow", "alembic", "urllib3"):  # they log with a traceback what they raise as well
        logging.getLogger(library).setLevel(logging.CRITICAL)
    mlflow.set_tracking_uri(uri)
    with nullcontext() if is_server(uri) else alone_with(uri, LOCKED * request_seconds()):
        path = database_file(uri)
        if path is None and not is_server(uri):
            _require_database(uri)
        elif path is not None and path.exists():
            _require_sqlite(path)
        elif path is not None:
            _make_database(path)
        yield mlflow.MlflowClient(uri)


@contextmanager
def alone_with(uri: str, patience: float) -> Iterator[None]:
    """Hold the lock of a store for one process; it is no fault of the store's if getting it takes a while.

    It lies beside the database's file, which other projects may use too; without one, in the project's folder.
    """
    from filelock import FileLock, Timeout

    database = database_file(uri)
    folder = project_root() if database is None else database.parent
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".mlflow.lock"
    lock = FileLock(path)
    deadline = time.monotonic() + patience
    while not lock.is_locked:
        heartbeat()
        try:
            lock.acquire(timeout=patience / 10)
        except Timeout:
            if time.monotonic() > deadline:
                raise LockedError(f"another process holds {path}") from None
    try:
        yield
    finally:
        lock.release()


def _make_database(path: Path) -> None:
    """Make an empty database of MLflow's in memory, and write it to `path` at once.

    MLflow makes it by the migrations of all its versions, each of which waits for the disk: 1,084 times with MLflow
    3.17, a minute where that takes 60 ms. And a process that is killed on the way leaves half of it.
    """
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    engine = create_sqlalchemy_engine("sqlite://")
    try:
        _initialize_tables(engine)
        with whole_file(path) as part:
            part.unlink(missing_ok=True)  # of a process that was killed
            with engine.connect() as memory, closing(sqlite3.connect(part)) as file:
                memory.connection.driver_connection.backup(file)
    finally:
        engine.dispose()


def _require_database(uri: str) -> None:
    """Raise a `StoreError` unless a database can be opened at `uri`; MLflow would try for a minute, and not say why."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(uri)
        with engine.connect():
            pass
        engine.dispose()
    except ModuleNotFoundError as error:
        driver = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
        package = driver.get(str(error.name), error.name)
        raise StoreError(f"expected the database's driver, found no {error.name}; `pip install '{package}'`") from error
    except SQLAlchemyError as error:
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        raise StoreError(f"expected a database that can be opened, received: {cause}") from error


def _require_sqlite(path: Path) -> None:
    """Raise a `StoreError` unless the file is a database; that another process holds it, MLflow waits for."""
    try:
        with closing(sqlite3.connect(path, timeout=0)) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:
        return
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: expected a database of SQLite's, received something else ({error})") from error


def _artifacts(uri: str) -> str:
    """Return where an experiment of a database keeps its files, the project's folder; a server knows itself.

    Raises:
        StoreError: if the address is longer than the tables of a database, other than SQLite, hold.
    """
    folder, most = (project_root() / "mlartifacts").as_uri(), RUN_ADDRESS - BELOW_EXPERIMENT
    if database_file(uri) is None and len(folder) > most:
        raise StoreError(
            f"expected an address of at most {most} characters for the artifacts, as the database holds, received "
            f"{folder}, of {len(folder)}; move the project, or record through a tracking server"
        )
    return folder


def _create_experiment(client: "MlflowClient", name: str, artifacts: str | None) -> str:
    """Return the id of a new experiment, or of one that another machine has made on the same server just now."""
    from mlflow import MlflowException

    try:
        return client.create_experiment(name, artifacts, experiment_tags())
    except MlflowException:
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return found.experiment_id
