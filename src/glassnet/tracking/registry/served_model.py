"""The model as MLflow serves it: raw rows in, predictions out."""

import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel


class ServedModel(PythonModel):  # type: ignore[misc]  # MLflow's classes are untyped here
    """Loads the model file that was logged with it, by the code that was; no pickle is involved."""

    def load_context(self, context: Any) -> None:
        """Read the model file."""
        sys.path.insert(0, context.artifacts["code"])
        from glassnet.tables import load_model

        self._saved = load_model(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return the predictions for raw rows."""
        from glassnet.tables import predict_rows

        return predict_rows(self._saved, model_input)


mlflow.models.set_model(ServedModel())
