"""A pipeline whose DVC is killed: the stage that it has started ends too, and the next one is undisturbed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_stage_ends_with_the_dvc_that_started_it(reproduced: Path, run: Run, signum: signal.Signals) -> None:
    """Else it would train on, and write its models beside those of the next `dvc repro`."""
    network, training = reproduced / "conf/preset/small.yaml", reproduced / "conf/training/default.yaml"
    settings, results = {path: path.read_text() for path in (network, training)}, _results(reproduced)
    network.write_text(settings[network].replace("epochs: 60", "epochs: 1000000"))
    training.write_text(settings[training].replace("patience: 20", "patience: null"))
    run(reproduced, "python", "-m", "glassnet.config")
    state = reproduced / "checkpoints" / "previous.safetensors"
    state.unlink()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    pipeline = subprocess.Popen(
        ["dvc", "repro"],
        cwd=reproduced,
        env=os.environ | {"PATH": path, "PYTHONPATH": "src", "DVC_NO_ANALYTICS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until(state.exists)
        pipeline.send_signal(signum)
        pipeline.wait(timeout=60)
        _wait_until(lambda: not _is_there(pipeline.pid), seconds=20)
    finally:
        if _is_there(pipeline.pid):
            os.killpg(pipeline.pid, signal.SIGKILL)
    for changed, text in settings.items():
        changed.write_text(text)
    run(reproduced, "python", "-m", "glassnet.config")
    run(reproduced, "dvc", "repro")
    assert _results(reproduced) == results


def _results(folder: Path) -> dict[Path, bytes]:
    """Return the files of the pipeline with their contents, and what DVC notes of them."""
    files = [folder / "dvc.lock", *(folder / "models").glob("*.*"), *(folder / "reports").rglob("*.*")]
    return {path: path.read_bytes() for path in files}


def _is_there(group: int) -> bool:
    """Return whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(fulfilled: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not fulfilled():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.05)
