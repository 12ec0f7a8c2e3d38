"""A copy of the project as a newcomer would clone it, and commands run in it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


def run_in(folder: Path, *command: str, expect: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder` with this interpreter's `python` and `dvc` first on PATH."""
    quiet = {"DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "PYTHONPATH": "src"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_", "GIT_"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env=inherited | quiet | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    if expect is not None:
        assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def clone(folder: Path) -> Path:
    """Copy what Git tracks, or would track, into a new repository with one commit."""
    folder.mkdir(parents=True)
    listed = run_in(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
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
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the pipeline ran once, tracked; tests leave it as it is."""
    folder = clone(tmp_path_factory.mktemp("newcomer") / "glassnet")
    run_in(folder, "dvc", "repro")
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A clone of one's own, in which nothing ran yet."""
    return clone(tmp_path / "glassnet")
