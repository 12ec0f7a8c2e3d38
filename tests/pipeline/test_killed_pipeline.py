"""A pipeline whose DVC is killed: the stage that it has started ends too, and the next one is undisturbed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import LONGEST, wait_until

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_stage_ends_with_the_dvc_that_started_it(reproduced: Path, run: Run, signum: signal.Signals) -> None:
    """Else it would train on, and write its models beside those of the next `dvc repro`."""
    network, training = reproduced / "conf/preset/wine.yaml", reproduced / "conf/training/default.yaml"
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
        wait_until(state.exists, pipeline)
        pipeline.send_signal(signum)
        pipeline.wait(timeout=LONGEST)
        wait_until(lambda: not _is_there(pipeline.pid))
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
