"""New databases of MLflow's are copies of one: to make it by the migrations of all versions takes over a second."""

import shutil
from pathlib import Path

import pytest

from glassnet.tracking.client import opening
from glassnet.tracking.client.calls import quiet_warnings


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as it is before an experiment is in it."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    with quiet_warnings():
        opening._make_database(path)
    return path


@pytest.fixture
def migrations() -> None:
    """For a test of how a database is made."""


@pytest.fixture(autouse=True)
def _databases_are_copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, new_database: Path) -> None:
    def copy(path: Path) -> None:
        shutil.copyfile(new_database, path)

    if "migrations" not in request.fixturenames:
        monkeypatch.setattr(opening, "_make_database", copy)
