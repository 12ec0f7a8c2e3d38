"""Starts glassnet's commands as forks of one process that has imported what they need: each saves seconds of imports.

A command stays a process of its own, with its own folder, environment, output and status. `folder_for_path()` has a
`python` that stands in for the real one; put first on PATH, DVC's stages start that way too. What it cannot do as the
real one would goes to the real one: anything but `python -m glassnet.…`, edited source code, an environment that
Python, NumPy or matplotlib read when they start.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
import warnings
from pathlib import Path
from typing import NoReturn

SOURCE = Path(__file__).resolve().parents[1] / "src"
ADDRESS = "server"
READ_AT_START = ("PYTHON", "LANG", "LC_", "OPENBLAS_", "OMP_", "MPL", "GLASSNET_")
PRELOADED = (
    "glassnet.stages.evaluate", "glassnet.stages.fetch", "glassnet.stages.predict",
    "glassnet.stages.promote", "glassnet.stages.report", "glassnet.stages.search", "glassnet.stages.train",
    "matplotlib.backends.backend_agg", "matplotlib.figure", "mlflow.pyfunc", "mlflow.store.db_migrations",
    "mlflow.store.artifact.local_artifact_repo", "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.tracking.request_header.registry", "optuna", "sklearn.datasets",
    "sklearn.ensemble",
)  # fmt: skip
CLIENT = """#!{python} -IS
import json, os, socket, sys
arguments = sys.argv[1:]
if arguments[:1] != ["-m"] or not arguments[1].startswith("glassnet."):
    os.execv({python!r}, [{python!r}, *arguments])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([arguments, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(request)
    sys.exit(int(server.recv(8) or 1))
"""


@functools.cache
def folder_for_path() -> Path:
    """Return a folder with a `python` that has the server fork; the server is started, and ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="glassnet-fork-"))
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), str(folder / ADDRESS)],
        cwd=folder, env=os.environ | quiet, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.communicate)  # it ends with the end of its standard input
    assert process.stdout.readline() == b"ready\n"
    client = folder / "python"
    client.write_text(CLIENT.format(python=sys.executable, address=str(folder / ADDRESS)), encoding="utf-8")
    client.chmod(0o700)
    return folder


def _serve(address: str) -> None:
    """Fork for each request, until the process that started this one has ended."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([listener.fileno(), 0], [], [])
            if 0 in readable:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _attend(connection)
            connection.close()


def _attend(connection: socket.socket) -> None:
    """Run the command of a request in a fork, answer with its status, and end; it ends with whoever asked for it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as stream:
        arguments, folder, environment = json.loads(stream.read(int.from_bytes(length, "big")))
    command = os.fork()
    if command == 0:
        connection.close()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _become(arguments, folder, environment)
        return
    ended = os.pidfd_open(command)
    readable, _, _ = select.select([ended, connection.fileno()], [], [])
    if ended not in readable:
        os.kill(command, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    if ended in readable:
        connection.sendall(str(status if status >= 0 else 128 - status).encode())
    os._exit(0)


def _become(arguments: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Make this process what `python -m` would have started, and end as it would."""
    os.chdir(folder)
    source = Path(environment.get("PYTHONPATH", "")).absolute()
    if _read_at_start(environment) != _INHERITED or not _has_this_source(source):
        os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606
    stage = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
    os.environ.clear()
    os.environ.update(environment | stage)
    name = arguments[1]
    sys.argv = ["-m", *arguments[2:]]
    sys.path[:] = [folder, str(source), *sys.path[2:]]
    if not hasattr(sys.modules.get(name), "__path__"):  # a package has a file of its own to run
        sys.modules.pop(name, None)
    sys.modules["__main__"] = types.ModuleType("__main__")
    status: object = None
    try:
        runpy._run_module_as_main(name)  # type: ignore[attr-defined]  # what `python -m` itself calls
    except SystemExit as ended:
        status = ended.code
    if isinstance(status, str):
        print(status, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))  # to free all memory would take long


def _read_at_start(environment: dict[str, str]) -> dict[str, str]:
    """Return the variables that a preloaded library has read already."""
    read = {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}
    return {name: value for name, value in read.items() if name != "PYTHONPATH"}


def _has_this_source(source: Path) -> bool:
    """Return whether a folder on PYTHONPATH has glassnet as it was imported here."""
    return source.resolve() == SOURCE or _read_code(source) == _IMPORTED


def _read_code(source: Path) -> dict[str, bytes]:
    """Return the files of glassnet's code, by their paths in `source`."""
    return {str(path.relative_to(source)): path.read_bytes() for path in source.glob("glassnet/**/*.py")}


if __name__ == "__main__":
    _INHERITED = _read_at_start(dict(os.environ))
    _IMPORTED = _read_code(SOURCE)
    from glassnet.stages import begin_program

    begin_program()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in PRELOADED:
            importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    _serve(sys.argv[1])
