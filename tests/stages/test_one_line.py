"""What goes wrong in a stage started by hand ends in one line and leaves no half-written file."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHORT = ("tracking=none", "training.epochs=3", "training.baseline.epochs=2")

Stage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Starts a stage with overrides in a folder of its own, behind a shell command if one is given."""
    for name in ("conf", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)

    def start(name: str, *overrides: str, expect: int = 0, before: str = ":") -> subprocess.CompletedProcess[str]:
        command = ["bash", "-c", f'{before}; exec "$@"', "bash", sys.executable, "-m", f"glassnet.stages.{name}"]
        done = subprocess.run(
            [*command, *overrides],
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        if expect:
            assert len(done.stderr.splitlines()) == 1, done.stderr
        return done

    return start


def test_a_disk_that_takes_no_more_is_one_line(stage: Stage, tmp_path: Path) -> None:
    """While images are prepared, and where a file stands in the way of the run's folder."""
    failed = stage("train", "data=digits", *SHORT, "hydra.run.dir=out", expect=1, before="ulimit -f 100")
    assert "features.npy: expected to read or write here, received 'File too large'" in failed.stderr
    assert not list((tmp_path / "data" / "cache").iterdir())
    (tmp_path / "file").write_text("")
    failed = stage("train", *SHORT, "hydra.run.dir=file/out", expect=1)
    assert "file/out" in failed.stderr
