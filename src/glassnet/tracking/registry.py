"""The model registry: a run's settings and model, and the alias that names the model in use."""

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glassnet.tracking.runs import MODEL_TAG, open_store, quiet_warnings

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
        settings: what it was trained with, nested as in conf/.
        model_name: the name in the registry, one for each data set.
    """

    run_id: str
    settings: dict[str, Any]
    model_name: str


def find_candidate(uri: str, experiment: str, run: str) -> Candidate:
    """Return the run with this id, or one that starts with it.

    Raises:
        ValueError: if there is none, or it has no model.
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
    if MODEL_TAG not in found.data.tags:
        raise ValueError(
            f"run: expected a run that keeps its model in MLflow, received {found.info.run_name!r}, which does not; "
            "train "
            "it once more by itself, or sweep with tracking.sweep_models=true"
        )
    settings = _nested({name: value for name, value in found.data.params.items() if not name.startswith("rows.")})
    return Candidate(run_id, settings, model_name(settings["data"]["name"]))


def model_name(data: str) -> str:
    """Return the name in the registry of the models for a data set."""
    return f"glassnet-{data}"


def _run_with(client: "MlflowClient", experiment_id: str, run: str) -> str:
    found = [each.info.run_id for each in client.search_runs([experiment_id]) if each.info.run_id.startswith(run)]
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
