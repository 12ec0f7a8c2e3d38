"""The model in MLflow: it takes raw rows anywhere, with the code that loads it."""

import hashlib
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.components import targets_in
from glassnet.config import named_in_conf
from glassnet.tables import load_model, predict_rows
from glassnet.tracking.client.calls import heartbeat
from glassnet.tracking.client.runs import MODEL_TAG
from glassnet.training.architecture import FindClass

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.models import ModelSignature

OWN_CLASSES = "glassnet.own_classes"  # in the metadata of a model whose network has some: their paths


def log_model(client: "MlflowClient", run: "Run", path: Path, find_class: FindClass = named_in_conf) -> str | None:
    """Log the model file at `path` with the run, once for each content; return the model's id if it was logged now.

    `mlflow.pyfunc.log_model` would ask the store for the history of each metric, and send each file of the code by
    itself: on a slow line, minutes instead of seconds. What `find_class` returns is the class of one's own that the
    network has.
    """
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    if run.data.tags.get(MODEL_TAG) == digest:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "model")
        model = client.create_logged_model(run.info.experiment_id, "model", run.info.run_id)
        _save(path, find_class, folder, model, run.info.run_id)
        heartbeat(upload=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))
        client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.set_tag(run.info.run_id, MODEL_TAG, digest)
    return str(model.model_id)


def _save(path: Path, find_class: FindClass, folder: Path, model: "LoggedModel", run_id: str) -> None:
    import mlflow
    from mlflow.models import Model

    saved = load_model(path, find_class)
    example = saved.preprocessing.example()
    own = targets_in(saved.architecture.to_json())
    code = folder.with_name("glassnet.zip")
    _pack_code(code)
    mlflow.pyfunc.save_model(
        folder,
        python_model=str(Path(__file__).with_name("served_model.py")),
        artifacts={"model": str(path), "code": str(code)},
        mlflow_model=Model(model.artifact_location, run_id=run_id, model_uuid=model.model_id, model_id=model.model_id),
        pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow", "numpy", "pandas", "safetensors", "tqdm")],
        signature=_signature(example, predict_rows(saved, example)),
        input_example=example,
        metadata={OWN_CLASSES: own} if own else None,
    )


def _signature(rows: "pd.DataFrame", predictions: "pd.DataFrame") -> "ModelSignature":
    """Return which columns the model takes and gives, and that it explains its predictions if it is asked to.

    It takes values of any type: where a signature says "double", MLflow refuses a column of whole numbers, where it
    says "string" one of truth values or of missing values alone. The preprocessing makes of them what it can. The price
    is that MLflow's server takes rows as JSON alone, and no text/csv.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types.schema import AnyType, ColSpec, DataType, ParamSchema, ParamSpec, Schema

    inputs = Schema([ColSpec(AnyType(), name) for name in rows.columns])
    params = ParamSchema([ParamSpec("explain", DataType.boolean, default=False)])
    return ModelSignature(inputs, infer_signature(rows, predictions).outputs, params)


def _pack_code(target: Path) -> None:
    """Write the package into one file, which Python imports from as it is."""
    package = Path(__file__).resolve().parents[2]
    # Not strict: files may have no date, or one before 1980, which the format cannot say.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for source in sorted(package.rglob("*.py")):
            archive.write(source, source.relative_to(package.parent))
