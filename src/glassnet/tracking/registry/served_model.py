"""The model as MLflow serves it: raw rows in, predictions out."""

import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel


class ServedModel(PythonModel):  # type: ignore[misc]  # MLflow's classes are untyped here
    """Loads the model file that was logged with it, by the code that was; no pickle is involved.

    A class of its user's is no part of that code. It is imported from the working directory or an installed package,
    and only where conf/ in the working directory names it.
    """

    def load_context(self, context: Any) -> None:
        """Read the model file."""
        sys.path.insert(0, context.artifacts["code"])
        from glassnet.tables import load_model

        self._saved = load_model(Path(context.artifacts["model"]), _named_in_conf)

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return the predictions for raw rows; with `{"explain": true}`, also what each column contributes to them."""
        from glassnet.tables import explain_rows, predict_rows

        predictions = predict_rows(self._saved, model_input)
        if (params or {}).get("explain"):
            predictions = predictions.join(explain_rows(self._saved, model_input).set_axis(predictions.index))
        return predictions


def _named_in_conf(where: str, target: object) -> Any:
    """Return the class of its user's that the network has, if conf/ names it; a network without one needs no settings.

    Raises:
        ValueError: if it does not.
    """
    from glassnet.config import named_in_conf

    return named_in_conf(where, target)


mlflow.models.set_model(ServedModel())
