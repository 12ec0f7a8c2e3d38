"""Explains predictions for raw rows: what each raw column contributes to the output, beside the mean training row."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from glassnet.data import TargetScale, in_units
from glassnet.diagnostics import integrated_gradients
from glassnet.diagnostics.attribution import Rows, Vector
from glassnet.tables.mean_row import mean_row
from glassnet.tables.model_files import TrainedModel, decided_on
from glassnet.tables.raw_units import column_places
from glassnet.training import Ensemble

if TYPE_CHECKING:
    import pandas as pd


def explain_rows(saved: TrainedModel, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return what each raw column contributes to each row's output, and the outputs that the sum is the difference of.

    Of a classification the output is the logit `ln(p/(1 − p))` of the predicted class's probability p: the columns are
    `logit`, `logit_of_mean_row` and `contribution_<column>`, which add up to the difference of the two. (An output of
    the network by itself says nothing: all of them may grow, and no probability change.) Of a regression it is the
    prediction, in the units of the target: the columns are `prediction_of_mean_row` and `contribution_<column>`, which
    add up to the prediction less that. They are integrated gradients; what one column became is added up.

    Raises:
        ValueError: as `transform` does, or if the model does not know its mean training row, or is an ensemble.
    """
    import pandas as pd

    if isinstance(saved, Ensemble):
        raise ValueError(
            "explain: expected one network, received an ensemble, whose members scale columns each its own way; "
            "explain the rows with a model of a single training"
        )

    X = saved.preprocessing.transform(frame)
    if saved.target_scale is None:
        explained = partial(_logit, decided_on(saved, X, saved.predict_features(X)))
    else:
        explained = partial(_in_units, saved.target_scale)
    found = integrated_gradients(saved.model, X, mean_row(saved.preprocessing), explained)
    if saved.target_scale is None:
        ends = {"logit": found.output, "logit_of_mean_row": found.output_at_baseline}
    else:
        ends = {"prediction_of_mean_row": found.output_at_baseline}
    contributions = {
        f"contribution_{name}": found.contributions[:, places].sum(axis=1)
        for name, places in column_places(saved.preprocessing)
    }
    return pd.DataFrame({**ends, **contributions})


def _logit(classes: Rows, Z: Vector, row: Rows) -> tuple[Vector, Vector]:
    """Return `z_k − ln Σ_{j≠k} exp(z_j)`, which is `ln(p_k/(1 − p_k))`, for class k of each row, and its gradient."""
    places = np.arange(len(row)), classes[row]
    others = Z.copy()
    others[places] = -np.inf
    largest = others.max(axis=1, keepdims=True)
    exponentials = np.exp(others - largest)
    total = exponentials.sum(axis=1, keepdims=True)
    dZ = -exponentials / total
    dZ[places] = 1.0
    return Z[places] - (largest + np.log(total))[:, 0], dZ


def _in_units(target: TargetScale, Z: Vector, row: Rows) -> tuple[Vector, Vector]:
    """Return the values of the target that standardized ones stand for, and how fast they grow with those."""
    values = in_units(Z, target)
    slopes = values * target["scale"] if target.get("transform") == "log" else np.full_like(Z, target["scale"])
    return values[:, 0], slopes
