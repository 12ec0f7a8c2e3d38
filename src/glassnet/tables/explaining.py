"""Explains predictions for raw rows: what each raw column contributes to the output, beside the mean training row."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from glassnet.data import TargetScale, in_units
from glassnet.diagnostics import integrated_gradients
from glassnet.diagnostics.attribution import Explained, Rows, Vector
from glassnet.evaluation import decide
from glassnet.evaluation.ranking import log_sum_exp
from glassnet.nn import FloatArray
from glassnet.tables.mean_row import mean_row
from glassnet.tables.model_files import TrainedModel, decided_on
from glassnet.tables.side_by_side import SideBySide, joint_places
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

    Of an ensemble the probability is the mean of its members', the prediction too. Each member goes from the mean row
    of its own training rows to its own features of the row, all of them at once, and what the column became is added up
    over the members.

    Raises:
        ValueError: as `transform` does, or if the model does not know its mean training row.
    """
    import pandas as pd

    members = saved.members if isinstance(saved, Ensemble) else (saved,)
    features = [member.preprocessing.transform(frame) for member in members]
    model = saved.model
    if isinstance(saved, Ensemble):
        model = SideBySide([member.model for member in members], [X.shape[1] for X in features])
    scales = [member.target_scale for member in members if member.target_scale is not None]
    explained: Explained
    if not scales:
        temperature = saved.temperature if isinstance(saved, Ensemble) else 1.0
        explained = partial(_logit, _decided(saved, features), len(members), temperature)
    else:
        explained = partial(_in_units, scales)
    baseline = np.concatenate([mean_row(member.preprocessing) for member in members])
    found = integrated_gradients(model, np.concatenate(features, axis=1), baseline, explained)
    if not scales:
        ends = {"logit": found.output, "logit_of_mean_row": found.output_at_baseline}
    else:
        ends = {"prediction_of_mean_row": found.output_at_baseline}
    contributions = {
        f"contribution_{name}": found.contributions[:, places].sum(axis=1)
        for name, places in joint_places([member.preprocessing for member in members])
    }
    return pd.DataFrame({**ends, **contributions})


def _decided(saved: TrainedModel, features: Sequence[FloatArray]) -> Rows:
    if isinstance(saved, Ensemble):
        return decide(saved.averaged(features), saved.about.get("decision"))
    return decided_on(saved, features[0], saved.predict_features(features[0]))


def _logit(classes: Rows, members: int, temperature: float, Z: Vector, row: Rows) -> tuple[Vector, Vector]:
    """Return `ln(P_k/(1 − P_k))` for class k of each row, `P = 1/M Σ_m softmax(z_m/T)`, and its gradient.

    With `a_m = ln p_mk` and `b_m = ln(1 − p_mk) = ln Σ_{j≠k} p_mj`, it is `ln Σ_m exp(a_m) − ln Σ_m exp(b_m)`. Its
    gradient is, with the shares w of the members in the former sum and v in the latter, and `r_mj = p_mj/(1 − p_mk)`
    for j ≠ k, 0 for k:

        ∂/∂z_mj = [w_m (δ_jk − p_mj) − v_m (r_mj − p_mj)] / T

    Of one network that is `z_k − ln Σ_{j≠k} exp(z_j)` and `δ_jk − r_j`: nothing is rounded off where p is almost 1.
    """
    logits = Z.reshape(len(Z), members, -1) / temperature
    places = np.arange(len(row)), slice(None), classes[row]
    others = logits.copy()
    others[places] = -np.inf
    of_class, of_others = logits[places], log_sum_exp(others)
    total = log_sum_exp(logits)
    a, b = of_class - total, of_others - total
    r, p = np.exp(others - of_others[..., np.newaxis]), np.exp(logits - total[..., np.newaxis])
    w, v = (np.exp(each - log_sum_exp(each)[:, np.newaxis])[..., np.newaxis] for each in (a, b))
    dZ = (v - w) * p - v * r
    dZ[places] += w[..., 0]
    return log_sum_exp(a) - log_sum_exp(b), dZ.reshape(Z.shape) / temperature


def _in_units(targets: Sequence[TargetScale], Z: Vector, row: Rows) -> tuple[Vector, Vector]:
    """Return the mean of the members' values of the target, which standardized ones stand for, and its gradient."""
    values = np.concatenate([in_units(Z[:, [place]], target) for place, target in enumerate(targets)], axis=1)
    slopes = np.empty_like(values)
    for place, target in enumerate(targets):
        slopes[:, place] = target["scale"] * (values[:, place] if target.get("transform") == "log" else 1.0)
    return values.mean(axis=1), slopes / len(targets)
