"""Model files of tables and images: read with their preprocessing, and predicting for raw rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet import training
from glassnet.evaluation import decide
from glassnet.nn import FloatArray
from glassnet.tables.preprocessing import Preprocessing, preprocessing_from_json
from glassnet.training import Ensemble, ModelFile
from glassnet.training.architecture import FindClass
from glassnet.training.model_file import refuse_class

if TYPE_CHECKING:
    import pandas as pd

TrainedModel: TypeAlias = ModelFile[Preprocessing]


def load_model(path: Path, find_class: FindClass = refuse_class) -> TrainedModel:
    """Read a model file together with the preprocessing of tables or images in it; see `training.load_model`."""
    return training.load_model(path, preprocessing_from_json, find_class=find_class)


def predict_rows(saved: TrainedModel, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the prediction for each raw row: the class and each class's probability, or for regression the value."""
    import pandas as pd

    if isinstance(saved, Ensemble):  # each member transforms the rows its own way
        predictions = saved.predict_frame(frame)
        decided = decide(predictions, saved.about.get("decision")) if saved.class_names else None
    else:
        X = saved.preprocessing.transform(frame)
        predictions = saved.predict_features(X)
        decided = decided_on(saved, X, predictions) if saved.class_names else None
    if decided is None:
        return pd.DataFrame({"prediction": predictions[:, 0].astype(float)})
    names = saved.class_names
    columns: dict[str, Any] = {"class": [names[i] for i in decided]}
    columns |= {f"probability_{name}": predictions[:, i].astype(float) for i, name in enumerate(names)}
    return pd.DataFrame(columns)


def decided_on(saved: TrainedModel, X: FloatArray, probabilities: FloatArray) -> npt.NDArray[np.int64]:
    """Return the class ids that are decided on; by default those of the largest of the rounded probabilities."""
    return saved.decide(saved.outputs(X)) if "decision" in saved.about else probabilities.argmax(axis=1)
