"""The model registry: a run's settings and model, the alias that names the model in use, and the steps to it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.config import Edit, Settings, TuningStep, UserError, data_set_name
from glassnet.files import JsonObject, section_of
from glassnet.runs import Layout
from glassnet.runs.manifest import Manifest, parse_manifest, read_manifest
from glassnet.tracking.client.calls import call_store
from glassnet.tracking.client.limits import MODEL_NAME, shortened
from glassnet.tracking.client.opening import open_store
from glassnet.tracking.client.runs import (
    COMPLETE,
    FOLDER_TAG,
    MODEL_TAG,
    RECORD_TAG,
    TRAINING_TAG,
    all_runs,
)
from glassnet.tracking.registry.logged_model import log_model

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

ALIAS = "champion"
PREVIOUS_TAG = "glassnet.previous_version"


@dataclass(frozen=True)
class Step:
    """What a promotion changes, kept with the run in promotion/version_….json for the way back.

    Attributes:
        edits: of the files in conf/.
        tuning: the step of tuning that conf/tuning.json gets, if it gets one.
    """

    edits: list[Edit]
    tuning: TuningStep | None


@dataclass(frozen=True)
class Candidate:
    """A run that may become the champion.

    Attributes:
        run_id: its id.
        name: its name.
        settings: what it was trained with, nested as in conf/.
        model_name: the name in the registry, one for each data set.
        model_file: its model on disk, where the run does not keep it in MLflow: a job of a sweep.
    """

    run_id: str
    name: str
    settings: JsonObject
    model_name: str
    model_file: Path | None = None


def find_candidate(uri: str, experiment: str, run: str) -> Candidate:
    """Return the run with this id, or one that starts with it.

    Raises:
        UserError: if there is none, its record is not complete, or its model is neither in MLflow nor on disk any more;
            a `StoreError` if the store does not work.
    """

    def find() -> Candidate:
        client, experiment_id = open_store(uri, experiment)
        return _candidate(client, _run_with(client, experiment_id, run))

    return call_store(uri, find)


def find_previous(uri: str, experiment: str, model_name: str) -> tuple[str | None, Step]:
    """Return the version that was the champion before the present one, and the step that led from it to this one.

    Each promotion is a version of its own, so that one step after the other can be taken back; before the first there
    is no version, but None.

    Raises:
        UserError: if there is no champion, or its step is not on record; a `StoreError` if the store does not work.
    """
    import mlflow

    def find() -> tuple[str | None, Step]:
        client, _ = open_store(uri, experiment)
        champion = _champion(client, model_name)
        if champion is None:
            raise UserError(
                f"run=previous: expected a champion of {model_name}, found none; nothing was promoted on this data "
                "set, or all of it is taken back"
            )
        step = _step_file(str(champion.version))
        if all(file.path != step for file in client.list_artifacts(champion.run_id, str(Path(step).parent))):
            raise UserError(
                f"run=previous: the step to version {champion.version} of {model_name} is not on record; set back by "
                "hand what `git diff conf params.yaml` shows as changed since the last commit"
            )
        content = mlflow.artifacts.load_dict(f"runs:/{champion.run_id}/{step}")
        edits = [Edit(**{**edit, "keys": tuple(edit["keys"])}) for edit in content["edits"]]
        return champion.tags.get(PREVIOUS_TAG), Step(edits, content["tuning"])

    return call_store(uri, find)


def make_champion(uri: str, experiment: str, candidate: Candidate, step: Step) -> tuple[str, bool]:
    """Register the candidate's model, move the alias to it, and return its version and whether that is a new one.

    The step, what the promotion changes in conf/, is kept with the run for the way back. Nothing happens if the
    candidate is the champion and the step changes nothing.
    """
    import mlflow

    def promote() -> tuple[str, bool]:
        client, _ = open_store(uri, experiment)
        present = _champion(client, candidate.model_name)
        if present is not None and present.run_id == candidate.run_id and not step.edits:
            return str(present.version), False
        if candidate.model_file is not None:
            log_model(client, client.get_run(candidate.run_id), candidate.model_file)
        version = str(mlflow.register_model(f"runs:/{candidate.run_id}/model", candidate.model_name).version)
        client.log_dict(candidate.run_id, asdict(step), _step_file(version))
        if present is not None:
            client.set_model_version_tag(candidate.model_name, version, PREVIOUS_TAG, present.version)
        client.set_registered_model_alias(candidate.model_name, ALIAS, version)
        return version, True

    return call_store(uri, promote)


def return_to(uri: str, experiment: str, model_name: str, version: str | None) -> None:
    """Move the alias to a version that was the champion before; without one, take it away."""

    def move() -> None:
        client, _ = open_store(uri, experiment)
        if version is None:
            client.delete_registered_model_alias(model_name, ALIAS)
        else:
            client.set_registered_model_alias(model_name, ALIAS, version)

    call_store(uri, move)


def model_name(settings: Settings) -> str:
    """Return the name in the registry of the models for the data set that these settings choose."""
    return _model_name(settings.data.name, settings.data.path)


def _model_name(data: str, path: str) -> str:
    return shortened(f"glassnet-{data_set_name(data, path)}", MODEL_NAME, "-")


def _step_file(version: str) -> str:
    return f"promotion/version_{version}.json"


def _champion(client: "MlflowClient", model_name: str) -> "ModelVersion | None":
    models = [model for model in client.search_registered_models(f"name = '{model_name}'") if ALIAS in model.aliases]
    return client.get_model_version(model_name, str(models[0].aliases[ALIAS])) if models else None


def _candidate(client: "MlflowClient", found: "Run") -> Candidate:
    name, tags = str(found.info.run_name), found.data.tags
    if found.info.status != "FINISHED" or tags.get(RECORD_TAG, COMPLETE) != COMPLETE:
        raise UserError(
            f"run: {name!r} is not recorded completely: it is not finished, or the store did not take all of it; start "
            "the stage or the sweep that made it again in its folder, which records the rest"
        )
    settings = _recorded_manifest(client, found)["settings"]
    model_file = None if MODEL_TAG in tags else _layout_of(found).model
    if model_file is not None and not model_file.is_file():
        raise _no_model(found)
    data = section_of(settings, "data")
    registered = _model_name(str(data["name"]), str(data["path"]))
    return Candidate(str(found.info.run_id), name, settings, registered, model_file)


def _recorded_manifest(client: "MlflowClient", found: "Run") -> Manifest:
    """Return what train wrote of the run: MLflow's parameters are strings, and long ones are cut."""
    import mlflow

    if any(file.path == Layout(Path()).manifest.name for file in client.list_artifacts(found.info.run_id)):
        source = f"runs:/{found.info.run_id}/{Layout(Path()).manifest.name}"
        return parse_manifest(mlflow.artifacts.load_dict(source), source)
    return read_manifest(_layout_of(found))


def _layout_of(found: "Run") -> Layout:
    """Return the files of a run on disk, if its folder still holds that training."""
    layout = Layout(Path(found.data.tags.get(FOLDER_TAG, "")))
    is_there = FOLDER_TAG in found.data.tags and layout.manifest.is_file()
    if is_there and read_manifest(layout)["key"] == found.data.tags[TRAINING_TAG]:
        return layout
    raise _no_model(found)


def _no_model(found: "Run") -> UserError:
    return UserError(
        f"run: {found.info.run_name!r} has no model in MLflow, and none in "
        f"{found.data.tags.get(FOLDER_TAG, 'any folder')}; train it once more, or sweep with "
        "tracking.sweep_models=true"
    )


def _run_with(client: "MlflowClient", experiment_id: str, run: str) -> "Run":
    found = [each for each in all_runs(client, experiment_id) if each.info.run_id.startswith(run)]
    if len(found) != 1:
        raise UserError(f"run: expected the id of one run, or how it begins, received {run!r}, which {len(found)} have")
    return found[0]
