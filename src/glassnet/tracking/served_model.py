"""The model as MLflow serves it: raw rows in, predictions out."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel

from glassnet.training import ModelFile, load_model


def predict_rows(saved: ModelFile, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the prediction for each raw row: the class and each class's probability, or for regression the value."""
    predictions = saved.predict_frame(frame)
    if not saved.class_names:
        return pd.DataFrame({"prediction": predictions[:, 0].astype(float)})
    names = saved.class_names
    columns: dict[str, Any] = {"class": [names[i] for i in predictions.argmax(axis=1)]}
    columns |= {f"probability_{name}": predictions[:, i].astype(float) for i, name in enumerate(names)}
    return pd.DataFrame(columns)


class ServedModel(PythonModel):  # type: ignore[misc]  # MLflow's classes are untyped here
    """Loads the model file that was logged with it; no pickle is involved."""

    def load_context(self, context: Any) -> None:
        """Read the model file."""
        self._saved = load_model(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return the predictions for raw rows."""
        return predict_rows(self._saved, model_input)


mlflow.models.set_model(ServedModel())
