"""The model as MLflow serves it: raw rows in, the class and every class's probability out."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel

from glassnet.training import ModelFile, load_model


def predict_classes(saved: ModelFile, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a column "class" and a column "probability_<class>" for each class, one row for each raw row."""
    probabilities = saved.predict_frame(frame)
    names = saved.class_names
    columns: dict[str, Any] = {"class": [names[i] for i in probabilities.argmax(axis=1)]}
    columns |= {f"probability_{name}": probabilities[:, i].astype(float) for i, name in enumerate(names)}
    return pd.DataFrame(columns)


class ServedModel(PythonModel):  # type: ignore[misc]  # MLflow's classes are untyped here
    """Loads the model file that was logged with it; no pickle is involved."""

    def load_context(self, context: Any) -> None:
        """Read the model file."""
        self._saved = load_model(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return classes and probabilities for raw rows."""
        return predict_classes(self._saved, model_input)


mlflow.models.set_model(ServedModel())
