"""The members of an ensemble side by side: one row holds the features that each member's preprocessing makes of it."""

from collections.abc import Sequence

import numpy as np

from glassnet import nn
from glassnet.nn import FloatArray
from glassnet.tables.preprocessing import Preprocessing
from glassnet.tables.raw_units import column_places


class SideBySide(nn.Module):
    """Networks that each take their part of a row's features, and give their part of its outputs.

        Y = [f_1(X_1), …, f_M(X_M)],    dX = [∂f_1ᵀ dY_1, …, ∂f_Mᵀ dY_M]

    Args:
        networks: the networks.
        widths: how many features each takes.
    """

    def __init__(self, networks: Sequence[nn.Module], widths: Sequence[int]) -> None:
        self.networks = nn.Sequential(*networks)  # which holds them; they are called one by one
        self._ends = np.cumsum(widths)[:-1].tolist()

    def forward(self, X: FloatArray) -> FloatArray:
        """Return the outputs of all networks `(N, M·K)`."""
        parts = zip(self.networks.layers, np.split(X, self._ends, axis=1), strict=True)
        outputs: FloatArray = np.concatenate([network.forward(part) for network, part in parts], axis=1)
        return outputs

    def backward(self, dout: FloatArray) -> FloatArray:
        """Return the gradient with respect to the features of all networks."""
        parts = zip(self.networks.layers, np.split(dout, len(self.networks.layers), axis=1), strict=True)
        dX: FloatArray = np.concatenate([network.backward(part) for network, part in parts], axis=1)
        return dX


def joint_places(preprocessings: Sequence[Preprocessing]) -> list[tuple[str, list[int]]]:
    """Return which features of all members, one after another in a row, each raw column became."""
    places: dict[str, list[int]] = {}
    start = 0
    for preprocessing in preprocessings:
        for name, own in column_places(preprocessing):
            places.setdefault(name, []).extend(start + place for place in own)
        start += len(preprocessing.feature_names)
    return list(places.items())
