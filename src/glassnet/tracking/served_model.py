"""The model as MLflow serves it: raw rows in, predictions out."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel

from glassnet.training import load_model, predict_rows


class ServedModel(PythonModel):  # type: ignore[misc]  # MLflow's classes are untyped here
    """Loads the model file that was logged with it; no pickle is involved."""

    def load_context(self, context: Any) -> None:
        """Read the model file."""
        self._saved = load_model(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return the predictions for raw rows."""
        return predict_rows(self._saved, model_input)


mlflow.models.set_model(ServedModel())
