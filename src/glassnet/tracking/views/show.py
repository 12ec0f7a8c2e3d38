"""MLflow's pages on this machine, for the project's own store, until Ctrl-C."""

import os
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from glassnet.config import UserError
from glassnet.tracking.client.addresses import configure_client, own_store
from glassnet.tracking.client.calls import call_store
from glassnet.tracking.client.experiment_view import MODE, experiment_tags, runs_page
from glassnet.tracking.client.opening import opened

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULT = "0"  # the id of the experiment that every store has
HOST = "127.0.0.1"


def show(port: int) -> NoReturn:
    """Print the address of the runs, and become the server that shows them.

    Raises:
        UserError: if another program has the port; a `StoreError` if the store does not work.
    """
    _require_free(port)
    uri, server = own_store(), f"http://{HOST}:{port}"
    experiments = call_store(uri, lambda: _experiments(uri))
    for name, experiment_id in sorted(experiments.items()):
        print(f"ui: the runs of {name}: {runs_page(server, experiment_id)}")
    if not experiments:
        print(f"ui: no run is recorded yet; they will be in {server}/#/experiments?{MODE}")
    print("ui: open it in a few seconds; Ctrl-C ends it", flush=True)
    configure_client()
    quiet = {"PYTHONWARNINGS": "ignore", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", HOST, "--port", str(port)]
    command += ["--workers", "1", "--uvicorn-opts", "--log-level error --lifespan off"]
    os.execve(sys.executable, command, os.environ | quiet)  # noqa: S606  # no shell is wanted


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UserError(
                f"port: expected one that is free, received {port} ({error.strerror}); choose another one, such as "
                "`make ui PORT=5001`"
            ) from error


def _experiments(uri: str) -> dict[str, str]:
    """Return the ids of all experiments by their names, each made to show its runs as we want them shown."""
    with opened(uri) as client:
        found = [each for each in client.search_experiments() if each.experiment_id != DEFAULT]
        for each in found:
            _show_as_trainings(client, each.experiment_id, each.tags)
    return {str(each.name): str(each.experiment_id) for each in found}


def _show_as_trainings(client: "MlflowClient", experiment_id: str, tags: dict[str, str]) -> None:
    """Give an experiment that was made before the tags that those made now have."""
    for name, value in experiment_tags().items():
        if tags.get(name) != value:
            client.set_experiment_tag(experiment_id, name, value)
