"""The records in a real PostgreSQL, which refuses what SQLite takes: started here where Debian's package is."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest

from glassnet.runs import one_line_errors, run_stage
from glassnet.stages import search, train, trained
from glassnet.tracking import StoreError
from glassnet.tracking.client.calls import call_store
from glassnet.tracking.client.limits import RUN_NAME
from glassnet.tracking.client.opening import open_store
from tests.settings import enter_project
from tests.waiting import LONGEST

NINE = (
    "optimizer.learning_rate=tag(log,interval(1e-3,1e-1))", "model.hidden_sizes=[16],[32]", "training.batch_size=8,16",
    "model.dropout=interval(0,0.5)", "training.label_smoothing=interval(0,0.2)", "training.l2=interval(0,0.01)",
    "optimizer.beta1=interval(0.5,0.99)", "optimizer.beta2=interval(0.9,0.9999)", "model.activation=relu,tanh,gelu",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,  # a server
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of what MLflow calls, not of ours
    pytest.mark.filterwarnings("ignore:constrained_layout not applied"),  # a legend of nine settings
]


def _programs() -> Path:
    """Return the folder of PostgreSQL's programs, the newest; Debian has them beside PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders or not (folders[-1] / "initdb").is_file():
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return folders[-1]


def _account() -> dict[str, Any]:
    """Return as whom to run the server, which refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("the tests run as root, as whom PostgreSQL does not, and there is no user postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The address of an empty database, which only a socket in a folder of its own leads to."""
    programs, account = _programs(), _account()
    folder = Path(tempfile.mkdtemp(prefix="glassnet_pg_"))  # a short path: a socket's has 107 characters at most
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        options = f"-D {folder}/data -U glassnet -A trust -E UTF8 --no-sync".split()
        subprocess.run([str(programs / "initdb"), *options], check=True, capture_output=True, cwd=folder, **account)
        options = f"-D {folder}/data -k {folder} -c listen_addresses= -c fsync=off".split()
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [str(programs / "postgres"), *options], stdout=log, stderr=log, cwd=folder, **account
            )
        try:
            _wait_for(folder, server)
            yield f"postgresql://glassnet@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=LONGEST)
    finally:
        shutil.rmtree(folder)


def _wait_for(folder: Path, server: "subprocess.Popen[Any]") -> None:
    import psycopg

    deadline = time.monotonic() + LONGEST
    while True:
        assert server.poll() is None, (folder / "log").read_text()
        try:
            psycopg.connect(host=str(folder), user="glassnet", dbname="postgres").close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def project(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's conf/ and code, which records in the database."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    return tmp_path


def test_a_search_over_nine_settings_is_recorded(
    project: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its jobs have names of more than 250 characters, in an experiment of as long a name as there may be."""
    experiment = "nine settings " + "é" * 242
    arguments = ("search.trials=2", "search.folder=s", "training.epochs=2", f"tracking.experiment='{experiment}'")
    monkeypatch.setattr(sys, "argv", ["search", *arguments, *NINE])
    with one_line_errors("search"):
        search.main()
    assert "warning" not in capsys.readouterr().err  # that the store is slow may be said, on a busy machine
    client = mlflow.MlflowClient(database)
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * 3
    assert all(0 < len(run.info.run_name) <= RUN_NAME for run in runs)
    assert {run.data.tags["glassnet.record"] for run in runs} == {"complete"}
    jobs = [run for run in runs if "glassnet.job" in run.data.tags]
    for job in jobs:
        assert job.info.run_name.startswith(job.data.params["optimizer.learning_rate"][:4])
        assert Path(job.info.artifact_uri.removeprefix("file://")).is_relative_to(project / "mlartifacts")
        assert len(client.get_metric_history(job.info.run_id, "validation_loss")) == 2


def test_a_table_of_a_long_name_and_a_job_that_failed_are_recorded(
    project: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of columns in hundreds of characters, and a reason as long as that of a setting that does not fit."""
    target, table = "the answer " * 40, project / f"{'t' * 240}.csv"
    rows = "".join(f"{i % 7},{'yes' if i % 2 else 'no'}\n" for i in range(60))
    table.write_text(f"{'a column of many words ' * 20},{target}\n{rows}")
    given = ("data=csv", f"data.path={table.name}", f"data.target='{target.strip()}'", "training.epochs=2")
    swept = ("-m", *given, "optimizer.learning_rate=0.01,-1", f"model.hidden_sizes=[{','.join(['9'] * 300)}]")
    monkeypatch.setattr(sys, "argv", ["train", *swept, "hydra.sweep.dir=s", "tracking.experiment=tables"])
    with pytest.raises(SystemExit):
        run_stage("train", train.main, trained.finish_sweep)
    assert "tracking: warning" not in capsys.readouterr().err
    client = mlflow.MlflowClient(database)
    runs = client.search_runs([client.get_experiment_by_name("tables").experiment_id])
    assert sorted(run.info.status for run in runs) == ["FAILED", "FAILED", "FINISHED"]
    (finished,) = (run for run in runs if run.info.status == "FINISHED")
    assert finished.inputs.dataset_inputs[0].dataset.name == "t" * 240


def test_a_folder_too_deep_for_the_database_is_one_line(
    project: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the first of many errors of the database's own."""
    monkeypatch.setenv("DVC_ROOT", str(project / ("deep" * 40)))
    with pytest.raises(StoreError, match="expected an address of at most 157 characters for the artifacts"):
        call_store(database, lambda: open_store(database, "deep"))


def test_a_database_that_is_not_there_is_said_at_once(project: Path, database: str) -> None:
    """MLflow would ask for a minute."""
    other = database.replace("/postgres?", "/nowhere?")
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        call_store(other, lambda: open_store(other, "any"))
