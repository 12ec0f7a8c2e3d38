"""The tracking store: what shows its runs, and an experiment that two machines make at once."""

from pathlib import Path

import mlflow
import pytest

from glassnet.tracking import shown_by, tracking_uri
from glassnet.tracking.conversation import quiet_warnings
from glassnet.tracking.runs import open_store
from glassnet.tracking.store import configure_client


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


def test_the_reader_is_sent_to_where_the_runs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make ui` shows the project's own database alone; a server shows its runs itself."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert shown_by(tracking_uri(None)) == "`make ui`"
    assert shown_by(tracking_uri("http://127.0.0.1:5000")) == "http://127.0.0.1:5000"
    assert shown_by("sqlite:////elsewhere/runs.db") == "`mlflow ui --backend-store-uri sqlite:////elsewhere/runs.db`"
