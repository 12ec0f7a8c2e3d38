"""The tracking store: what shows its runs, what cannot be one, and an experiment that is made twice or deleted."""

import os
import sqlite3
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path

import mlflow
import numpy as np
import pytest

from glassnet.tables import load_raw, prepare, read_prepared
from glassnet.tracking import StoreError, shown_by, tracking_uri
from glassnet.tracking.client.addresses import configure_client
from glassnet.tracking.client.calls import call_store, quiet_warnings
from glassnet.tracking.client.opening import open_store
from glassnet.tracking.record.run import _log_data_set
from tests.settings import data_choice


def test_an_experiment_that_another_machine_made_meanwhile_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No lock reaches from one machine to another: one of them finds the name taken, after it was told it is free."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    find, told = mlflow.MlflowClient.get_experiment_by_name, []

    def find_late(client: mlflow.MlflowClient, name: str) -> object:
        told.append(name)
        return None if len(told) == 1 else find(client, name)

    configure_client()
    with quiet_warnings():
        _, theirs = open_store(uri, "shared")
        monkeypatch.setattr(mlflow.MlflowClient, "get_experiment_by_name", find_late)
        _, ours = open_store(uri, "shared")
    assert ours == theirs
    assert told == ["shared", "shared"]


@pytest.mark.parametrize(("place", "received"), [("folder", "a folder"), ("file/runs.db", "which is no folder")])
def test_a_place_for_no_database_is_refused_at_once(tmp_path: Path, place: str, received: str) -> None:
    """MLflow would try to open it for a minute."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    asked: list[str] = []
    with pytest.raises(StoreError, match=f"expected a database's file that can be opened, received .*{received}"):
        call_store(f"sqlite:///{tmp_path / place}", lambda: asked.append("it"))
    assert not asked


def test_a_database_that_may_not_be_written_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of someone else's, say; whoever runs the tests as root may write everywhere."""
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != tmp_path)
    for place in ("runs.db", "folders/to/be/made/runs.db"):
        with pytest.raises(StoreError, match="one that may not be written"):
            call_store(f"sqlite:///{tmp_path / place}", lambda: None)
    (tmp_path / "own").mkdir()
    call_store(f"sqlite:///{tmp_path / 'own/folder/runs.db'}", lambda: None)


@pytest.mark.usefixtures("migrations")
def test_a_database_is_whole_from_its_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed while it is made leaves none, and what is left of that is in nobody's way."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    path = tmp_path / "mlflow.db"
    path.with_name("mlflow.db.part").write_text("of a process that was killed")

    def content() -> list[tuple[str]]:
        with closing(sqlite3.connect(path)) as database:
            return database.execute("SELECT sql FROM sqlite_master UNION SELECT * FROM alembic_version").fetchall()

    seen = []

    def watch() -> None:
        while not path.exists():
            time.sleep(0.001)
        seen.append(content())

    watcher = threading.Thread(target=watch)
    watcher.start()
    call_store(f"sqlite:///{path}", lambda: open_store(f"sqlite:///{path}", "test"))
    watcher.join()
    assert len(seen[0]) > 30
    assert seen[0] == content()
    assert sorted(each.name for each in tmp_path.iterdir()) == [".mlflow.lock", "mlflow.db"]


def test_a_data_set_that_another_run_added_meanwhile_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow draws the id of a new data set after it has looked for it: just then another run adds the same."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    choice = data_choice("wine")
    prepare(load_raw(choice), choice, tmp_path / "prepared")
    prepared = read_prepared(tmp_path / "prepared")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client, experiment = call_store(uri, lambda: open_store(uri, "test"))
    theirs, ours = (client.create_run(experiment).info.run_id for _ in range(2))
    draw = uuid.uuid4

    def draw_late() -> uuid.UUID:
        monkeypatch.setattr(uuid, "uuid4", draw)
        _log_data_set(client, theirs, prepared)
        return draw()

    monkeypatch.setattr(uuid, "uuid4", draw_late)
    _log_data_set(client, ours, prepared)
    assert uuid.uuid4 is draw
    digests = [[each.dataset.digest for each in client.get_run(run).inputs.dataset_inputs] for run in (theirs, ours)]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 1


def test_the_digest_of_a_data_set_sees_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's own stops after 10,000 numbers: here a pixel of the last of a thousand images is another one."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    choice = data_choice("digits")
    prepare(load_raw(choice), choice, tmp_path / "prepared")
    prepared = read_prepared(tmp_path / "prepared")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client, experiment = call_store(uri, lambda: open_store(uri, "test"))

    def recorded() -> str:
        run = client.create_run(experiment).info.run_id
        with quiet_warnings():
            _log_data_set(client, run, prepared)
        return str(client.get_run(run).inputs.dataset_inputs[0].dataset.digest)

    before = recorded()
    assert before == recorded() == prepared.digest()
    pixels = np.load(tmp_path / "prepared" / "train" / "features.npy", mmap_mode="r+")
    pixels[-1, -1] += 1
    pixels.flush()
    assert recorded() != before


def test_a_deleted_experiment_is_named_with_the_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run can be made in it, however often it is tried; and nothing is made in another without being asked."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client, experiment = call_store(uri, lambda: open_store(uri, "old"))
    client.delete_experiment(experiment)
    with pytest.raises(StoreError, match=f"'old' was deleted there; .* `mlflow experiments restore -x {experiment}`"):
        call_store(uri, lambda: open_store(uri, "old"))
    client.restore_experiment(experiment)
    assert call_store(uri, lambda: open_store(uri, "old"))[1] == experiment


def test_the_reader_is_sent_to_where_the_runs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make ui` shows the project's own database alone; a server shows its runs itself."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert shown_by(tracking_uri(None)) == "`make ui`"
    assert shown_by(tracking_uri("http://127.0.0.1:5000")) == "http://127.0.0.1:5000"
    assert shown_by("sqlite:////elsewhere/runs.db") == "`mlflow ui --backend-store-uri sqlite:////elsewhere/runs.db`"
