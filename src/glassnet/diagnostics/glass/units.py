"""Which units of a network are dead or saturated, over rows that it is shown in evaluation mode."""

import numpy as np

from glassnet import nn
from glassnet.diagnostics.glass.plane import watched
from glassnet.diagnostics.telemetry import SATURATED
from glassnet.files import JsonValue
from glassnet.nn import FloatArray
from glassnet.training.evaluation_mode import evaluation_mode

NAMED = 64  # units of a layer, the first that are dead or saturated, which are marked one by one
MOST = 0.5  # of the rows, at which a unit that lies at a limit is called saturated


def units_of(model: nn.Module, rows: FloatArray) -> list[JsonValue]:
    """Return, for each activation: its name, how many units it has, how many are dead or saturated, and the first ones.

    A ReLU unit is dead if it is 0 for every row; a sigmoid or tanh unit is saturated if it lies within 0.001 of a limit
    for more than half of them.
    """
    with evaluation_mode(model), watched(model) as outputs:
        model(rows)
    modules = dict(model.named_modules())
    found: list[JsonValue] = []
    for name, A in outputs.items():
        module = modules[name]
        none = np.zeros(A.shape[1], dtype=bool)
        dead = ~(A > 0).any(axis=0) if isinstance(module, nn.ReLU) else none
        at_limit = np.zeros(A.shape, dtype=bool)
        if isinstance(module, nn.Sigmoid):
            at_limit = np.abs(A - A.dtype.type(0.5)) > 0.5 - SATURATED
        elif isinstance(module, nn.Tanh):
            at_limit = np.abs(A) > 1 - SATURATED
        saturated = at_limit.mean(axis=0) > MOST
        found.append(
            {
                "name": name,
                "units": A.shape[1],
                "dead": int(dead.sum()),
                "dead_units": np.flatnonzero(dead)[:NAMED].tolist(),
                "saturated": int(saturated.sum()),
                "saturated_units": np.flatnonzero(saturated)[:NAMED].tolist(),
            }
        )
    return found
