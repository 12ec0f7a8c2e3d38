"""The model in MLflow: it takes raw rows anywhere, with the code that loads it."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.tracking.runs import MODEL_TAG
from glassnet.training import load_model, predict_rows

if TYPE_CHECKING:
    from mlflow import MlflowClient


def log_model(client: "MlflowClient", run_id: str, path: Path) -> None:
    """Log the model file at `path` with the run, once for each content; the run must be the active one."""
    import mlflow
    from mlflow.models import infer_signature

    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    if client.get_run(run_id).data.tags.get(MODEL_TAG) == digest:
        return
    saved = load_model(path)
    example = saved.preprocessing.example()
    package = Path(__file__).resolve().parents[1]
    mlflow.pyfunc.log_model(
        name="model",
        python_model=str(package / "tracking" / "served_model.py"),
        artifacts={"model": str(path)},
        code_paths=[str(package)],
        pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow", "numpy", "pandas", "safetensors", "tqdm")],
        signature=infer_signature(example, predict_rows(saved, example)),
        input_example=example,
    )
    client.set_tag(run_id, MODEL_TAG, digest)
