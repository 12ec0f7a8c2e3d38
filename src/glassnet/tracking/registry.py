"""The model registry: a run's settings and model, and the alias that names the model in use."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.config import Layout
from glassnet.tracking.model import log_model
from glassnet.tracking.runs import FOLDER_TAG, MODEL_TAG, TRAINING_TAG, all_runs, open_store, quiet_warnings

if TYPE_CHECKING:
    from mlflow import MlflowClient

ALIAS = "champion"
PREVIOUS_TAG = "glassnet.previous_champion"
REPLACED = "promotion/replaced.json"


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
    settings: dict[str, Any]
    model_name: str
    model_file: Path | None = None


def find_candidate(uri: str, experiment: str, run: str) -> Candidate:
    """Return the run with this id, or one that starts with it.

    Raises:
        ValueError: if there is none, or its model is neither in MLflow nor on disk any more.
    """
    with quiet_warnings(), open_store(uri, experiment) as (client, experiment_id):
        return _candidate(client, _run_with(client, experiment_id, run))


def find_previous(uri: str, experiment: str, model_name: str) -> tuple[Candidate, dict[str, str]]:
    """Return the champion before the present one, and the texts of the files that the present one replaced.

    Raises:
        ValueError: if there is no champion that followed another one.
    """
    import mlflow

    with quiet_warnings(), open_store(uri, experiment) as (client, _):
        champion = _champion(client, model_name)
        if champion is None or PREVIOUS_TAG not in champion.tags:
            raise ValueError(
                f"run=previous: expected a champion of {model_name} that followed another one, found none; git "
                "checkout "
                "conf params.yaml takes the settings back"
            )
        replaced = mlflow.artifacts.load_dict(f"runs:/{champion.run_id}/{REPLACED}")
        return _candidate(client, str(champion.tags[PREVIOUS_TAG])), replaced


def make_champion(uri: str, experiment: str, candidate: Candidate, replaced: dict[str, str]) -> str:
    """Register the candidate's model, unless it is, move the alias to it, and return its version.

    The texts of the files that were replaced are kept with the run, for the way back.
    """
    import mlflow

    with quiet_warnings(), open_store(uri, experiment) as (client, _):
        known = [
            version
            for version in client.search_model_versions(f"name = '{candidate.model_name}'")
            if version.run_id == candidate.run_id
        ]
        present = _champion(client, candidate.model_name)
        if candidate.model_file is not None:
            with mlflow.start_run(run_id=candidate.run_id):
                log_model(client, candidate.run_id, candidate.model_file)
        source = f"runs:/{candidate.run_id}/model"
        version = known[0] if known else mlflow.register_model(source, candidate.model_name)
        if present is not None and present.run_id != candidate.run_id:
            client.log_dict(candidate.run_id, replaced, REPLACED)
            client.set_model_version_tag(candidate.model_name, version.version, PREVIOUS_TAG, present.run_id)
        client.set_registered_model_alias(candidate.model_name, ALIAS, version.version)
        return str(version.version)


def _champion(client: "MlflowClient", model_name: str) -> Any:
    models = [model for model in client.search_registered_models(f"name = '{model_name}'") if ALIAS in model.aliases]
    return client.get_model_version(model_name, str(models[0].aliases[ALIAS])) if models else None


def _candidate(client: "MlflowClient", run_id: str) -> Candidate:
    found = client.get_run(run_id)
    name = str(found.info.run_name)
    model_file = None if MODEL_TAG in found.data.tags else _model_on_disk(name, found.data.tags)
    settings = _nested({name: value for name, value in found.data.params.items() if not name.startswith("rows.")})
    return Candidate(run_id, name, settings, model_name(settings["data"]["name"]), model_file)


def _model_on_disk(name: str, tags: dict[str, str]) -> Path:
    """Return the model file of a run that does not keep it in MLflow, if its folder still holds that training."""
    layout = Layout(Path(tags.get(FOLDER_TAG, "")))
    if FOLDER_TAG in tags and layout.run_card.is_file() and layout.model.is_file():
        card = json.loads(layout.run_card.read_text(encoding="utf-8"))
        if card["key"] == tags[TRAINING_TAG]:
            return layout.model
    raise ValueError(
        f"run: expected a run with a model in MLflow or in its folder, received {name!r}, which has none in "
        f"{tags.get(FOLDER_TAG, 'any folder')}; train it once more, or sweep with tracking.sweep_models=true"
    )


def model_name(data: str) -> str:
    """Return the name in the registry of the models for a data set."""
    return f"glassnet-{data}"


def _run_with(client: "MlflowClient", experiment_id: str, run: str) -> str:
    found = [each.info.run_id for each in all_runs(client, experiment_id) if each.info.run_id.startswith(run)]
    if len(found) != 1:
        raise ValueError(
            f"run: expected the id of one run, or how it begins, received {run!r}, which {len(found)} have"
        )
    return found[0]


def _nested(params: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of a run, which MLflow keeps as texts, as the values they were."""
    settings: dict[str, Any] = {}
    for name, text in params.items():
        *sections, key = name.split(".")
        place = settings
        for section in sections:
            place = place.setdefault(section, {})
        try:
            place[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            place[key] = text
    return settings
