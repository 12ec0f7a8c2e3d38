"""Copies of the project as a newcomer would clone it, one for each test, and commands run in them."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from tests.fork_server import folder_for_path
from tests.settings import IS_EDITED, ROOT, write_conf
from tests.waiting import LONGEST

Run = Callable[..., subprocess.CompletedProcess[str]]
MakeOnce = Callable[[str, Callable[[Path], object]], Path]


def run_in(folder: Path, *command: str, expect: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder` with this environment's `dvc`, and a `python` that is quick to start, first on PATH.

    A store that is slow, on a busy machine, is waited for, and that it was is not in the returned stderr.
    """
    quiet = {"DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "PYTHONPATH": "src"}
    quiet["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "60"
    path = os.pathsep.join([str(folder_for_path()), str(Path(sys.executable).parent), os.environ["PATH"]])
    if command[0] == sys.executable:
        command = ("python", *command[1:])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_", "GIT_"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env=inherited | quiet | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=LONGEST,
        check=False,
    )
    done.stderr = re.sub(r"(?m)^tracking: .* is slow, .*; recording goes on\n", "", done.stderr)
    if expect is not None:
        assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def clone(folder: Path, own_settings: bool = True) -> Path:
    """Copy what Git tracks, or would track, into a new repository with one commit.

    Args:
        folder: where to.
        own_settings: whether conf/ and params.yaml get the tests' settings where a user has edited them.
    """
    folder.mkdir(parents=True)
    listed = run_in(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    if own_settings and IS_EDITED:
        shutil.rmtree(folder / "conf")
        write_conf(ROOT / "conf", folder / "conf")
        run_in(folder, sys.executable, "-m", "glassnet.config")
    run_in(folder, "git", "init", "-q", "-b", "main")
    run_in(folder, "git", "config", "user.name", "A Newcomer")
    run_in(folder, "git", "config", "user.email", "newcomer@example.org")
    run_in(folder, "git", "add", "-A")
    run_in(folder, "git", "commit", "-q", "-m", "a clone")
    run_in(folder, sys.executable, "-m", "glassnet.reporting.plots_page")
    return folder


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a command in a folder and returns what it printed; a status other than `expect` fails the test."""
    return run_in


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MakeOnce:
    """Has a folder made by the first of pytest-xdist's workers that asks for it; the others wait, and share it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def make_once(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(f"{folder}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what a worker left that failed here
                make(folder)
                done.touch()
        return folder

    return make_once


@pytest.fixture(scope="session")
def clone_to_copy(made_once: MakeOnce) -> Path:
    """The clone that the tests' own are copies of; nobody writes into it."""
    return made_once("clone", clone)


@pytest.fixture(scope="session")
def reproduced_to_copy(made_once: MakeOnce, clone_to_copy: Path) -> Path:
    """A clone in which the pipeline ran once, likewise."""

    def reproduce(folder: Path) -> None:
        shutil.copytree(clone_to_copy, folder)
        run_in(folder, "dvc", "repro")
        if IS_EDITED:
            run_in(folder, "git", "commit", "-q", "-a", "-m", "what the pipeline makes with the tests' settings")
            run_in(folder, sys.executable, "-m", "glassnet.stages.report")  # the run's record names the commit

    return made_once("reproduced", reproduce)


@pytest.fixture
def reproduced_as_committed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A clone in which the pipeline ran once, with conf/ as it is here."""
    if not IS_EDITED:
        reproduced: Path = request.getfixturevalue("reproduced")
        return reproduced
    folder = clone(tmp_path / "as_committed", own_settings=False)
    run_in(folder, "dvc", "repro")
    return folder


@pytest.fixture
def fresh(clone_to_copy: Path, tmp_path: Path) -> Path:
    """A clone of one's own, in which nothing ran yet."""
    return shutil.copytree(clone_to_copy, tmp_path / "glassnet")


@pytest.fixture
def reproduced(reproduced_to_copy: Path, tmp_path: Path) -> Path:
    """A clone of one's own in which the pipeline ran once, tracked."""
    folder = shutil.copytree(reproduced_to_copy, tmp_path / "reproduced")
    # MLflow notes where artifacts are by their whole paths.
    (folder / "mlflow.db").unlink()
    with (
        closing(sqlite3.connect(reproduced_to_copy / "mlflow.db")) as original,
        closing(sqlite3.connect(folder / "mlflow.db")) as own,
    ):
        own.executescript("\n".join(original.iterdump()).replace(str(reproduced_to_copy), str(folder)))
    for path in (folder / "mlartifacts").rglob("MLmodel"):
        path.write_text(path.read_text().replace(str(reproduced_to_copy), str(folder)))
    return folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of this folder as slow, and let workers start with them: short ones then fill the end evenly."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: Path(__file__).parent not in item.path.parents)
