"""Sweeps over Ray: a cluster of two nodes, a worker that is killed, and a Ray that the launcher starts by itself."""

import contextlib
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.waiting import LONGEST, wait_until

Run = Callable[..., subprocess.CompletedProcess[str]]
TRAIN = ("-m", "glassnet.stages.train", "-m")
FOUR = ("training.epochs=4", "seed=range(2)", "model=mlp,softmax")
LONG = ("data=digits", "training.epochs=150", "training.patience=null", "seed=0,1", "tracking=none")
OWN = ("hydra/launcher=ray", "+hydra.launcher.ray.init.include_dashboard=false")
EPOCH = "epoch 1/150 "
TASK = "ray::_run_job"  # what a worker calls itself while it runs a job
LISTENS = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, and the same as an address of IPv6


@dataclass(frozen=True)
class Nodes:
    """Two nodes, the environment of a command that uses them, and the folder in which each keeps its logs."""

    address: str
    environment: dict[str, str]
    folder: Path
    process: int

    @property
    def launcher(self) -> tuple[str, str]:
        return "hydra/launcher=ray_cluster", f"hydra.launcher.ray.init.address={self.address}"

    def printed_on(self, node: str) -> str:
        """Return what the jobs on a node, "ray" (the head) or "other", printed."""
        return "".join(path.read_text() for path in self.folder.glob(f"{node}/session_2*/logs/worker-*.out"))

    def count(self, text: str) -> int:
        """Return how often jobs on both nodes printed a text."""
        return sum(self.printed_on(node).count(text) for node in ("ray", "other"))


@contextlib.contextmanager
def _on_loopback() -> Iterator[dict[str, str]]:
    """The environment in which Ray is reached from this machine alone, and keeps its files in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ray") as folder:  # a short path, as those of sockets must be
        token = Path(folder, "token")
        token.write_text(secrets.token_hex(32), encoding="utf-8")
        yield {
            # Ray then takes 127.0.0.1 for this machine's address, and listens there, instead of one that others reach.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_TMPDIR": folder,
            "RAY_USAGE_STATS_ENABLED": "0",
        }


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Nodes that know nothing of the project: another working directory, and no variable of the command's."""
    with _on_loopback() as environment:
        folder = environment["RAY_TMPDIR"]
        bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
        with subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("two_ray_nodes.py")), folder],
            cwd=folder, env=bare | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                assert select.select([process.stdout], [], [], LONGEST)[0], "the nodes did not start"
                yield Nodes(process.stdout.readline().strip(), environment, Path(folder), process.pid)
            finally:
                started = [process.pid, *_descendants(process.pid)]
                process.stdin.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
                for pid in started:  # whatever is left
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it ended in the meantime
            for child in listed.read_text().split():
                found += [int(child), *_descendants(int(child))]
    return found


def _training(nodes: Nodes) -> list[int]:
    """Return the processes that run a job."""
    return [pid for pid in _descendants(nodes.process) if Path(f"/proc/{pid}/cmdline").read_text().startswith(TASK)]


def _listens_at(pids: list[int]) -> set[str]:
    """Return the addresses of the TCP sockets at which processes listen, as the kernel writes them."""
    sockets = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            sockets |= {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == LISTENS and f"socket:[{row[9]}]" in sockets}


def _sweep(run: Run, folder: Path, *arguments: str, **environment: str) -> tuple[pd.DataFrame, str]:
    command = (sys.executable, *TRAIN, f"hydra.sweep.dir={folder.name}", *arguments)
    done = run(folder.parent, *command, **environment)
    return pd.read_csv(folder / "experiment.csv"), done.stdout + done.stderr


def _take_weights(folder: Path) -> dict[str, bytes]:
    """Return the models of a sweep, and remove it."""
    weights = {path.parents[1].name: path.read_bytes() for path in folder.glob("*/models/model.safetensors")}
    subprocess.run(["rm", "-r", folder], check=True)
    return weights


def _same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.drop(columns=["seconds", "run"]), other.drop(columns=["seconds", "run"]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow calls, not of ours
def test_ray_changes_no_result(fresh: Path, run: Run, nodes: Nodes) -> None:
    """Two nodes that both run jobs, of the clone's own code, and a Ray that the command starts: the same bytes."""
    with (fresh / "src" / "glassnet" / "runs" / "jobs.py").open("a", encoding="utf-8") as module:
        module.write('print("code of the clone")\n')
    one, _ = _sweep(run, fresh / "sweep", *FOUR, "tracking=none")
    weights = _take_weights(fresh / "sweep")
    assert len(weights) == 4
    assert _listens_at(_descendants(nodes.process)) == LOOPBACK
    other, printed = _sweep(run, fresh / "sweep", *FOUR, *nodes.launcher, **nodes.environment)
    assert _take_weights(fresh / "sweep") == weights
    _same(one, other)
    assert "UserWarning" not in printed

    on = {node: re.findall(r"model in sweep/(\d)/", nodes.printed_on(node)) for node in ("ray", "other")}
    assert sorted(on["ray"] + on["other"]) == ["0", "1", "2", "3"]
    for node, jobs in on.items():
        assert jobs
        assert "code of the clone" in nodes.printed_on(node)

    runs = mlflow.MlflowClient(f"sqlite:///{fresh}/mlflow.db").search_runs(["1"])
    parent = next(each for each in runs if "mlflow.parentRunId" not in each.data.tags)
    children = [each for each in runs if each is not parent]
    assert {each.data.tags["mlflow.parentRunId"] for each in children} == {parent.info.run_id}
    assert {each.info.run_id for each in children} == set(other["run"]), printed
    assert len(children) == 4
    assert {each.info.status for each in runs} == {"FINISHED"}

    with _on_loopback() as environment:
        own, printed = _sweep(run, fresh / "sweep", *FOUR, "tracking=none", *OWN, **environment)
    assert _take_weights(fresh / "sweep") == weights
    _same(one, own)
    assert "Started a local Ray instance" in printed


def test_a_job_whose_worker_is_killed_runs_again(fresh: Path, run: Run, nodes: Nodes) -> None:
    """Two jobs are started three times, and end as if nothing had happened; without a second chance both are lost."""
    folder = fresh / "killed"
    one, _ = _sweep(run, folder, *LONG)
    weights = _take_weights(folder)
    with _started(folder, nodes, *LONG) as process:
        os.kill(_training(nodes)[0], signal.SIGKILL)
        process.communicate(timeout=LONGEST)
    assert process.returncode == 0
    assert nodes.count(EPOCH) == 3
    _same(pd.read_csv(folder / "experiment.csv"), one)
    assert _take_weights(folder) == weights

    with _started(folder, nodes, *LONG, "+hydra.launcher.ray.remote.max_retries=0") as process:
        for pid in _training(nodes):
            os.kill(pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 1
    assert "2 of 2 jobs failed" in errors
    table = pd.read_csv(folder / "experiment.csv")
    assert list(table["status"]) == ["lost", "lost"]
    assert table["notes"].str.contains("worker died").all()


@contextlib.contextmanager
def _started(folder: Path, nodes: Nodes, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a sweep of two jobs over the nodes, and wait until both train."""
    before = nodes.count(EPOCH)
    with subprocess.Popen(
        [sys.executable, *TRAIN, f"hydra.sweep.dir={folder.name}", *arguments, *nodes.launcher],
        cwd=folder.parent, env=os.environ | nodes.environment | {"PYTHONPATH": "src"}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            wait_until(lambda: nodes.count(EPOCH) == before + 2)
            yield process
        finally:
            process.kill()
