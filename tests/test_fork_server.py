"""A command that the fork server starts does what the real Python would do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fork_server import SOURCE, folder_for_path


def _run(python: str | Path, folder: Path, source: Path, *arguments: str) -> tuple[int, str, str]:
    environment = os.environ | {"PYTHONPATH": str(source)}
    done = subprocess.run(
        [str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [("-m", "glassnet.stages.predict"), ("-m", "glassnet.stages.train", "--help")])
def test_output_and_status_are_those_of_the_real_python(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A mistake, status 1 and a line on stderr, and a page of help."""
    forked = _run(folder_for_path() / "python", tmp_path, SOURCE, *arguments)
    assert forked == _run(sys.executable, tmp_path, SOURCE, *arguments)
    assert forked[1] + forked[2]


def test_edited_source_code_is_the_code_that_runs(tmp_path: Path) -> None:
    """Of a clone that a test has edited, not the code that the server has imported."""
    package = tmp_path / "src" / "glassnet"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "mine.py").write_text("import sys; print('mine'); sys.exit(3)")
    python = folder_for_path() / "python"
    assert _run(python, tmp_path, tmp_path / "src", "-m", "glassnet.mine") == (3, "mine\n", "")
