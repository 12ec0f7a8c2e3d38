"""The temperature of a softmax: fitted, applied, and whether it holds on rows that it was not fitted on."""

import math

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.inputs import check_scored
from glassnet.evaluation.scores import FloatArray, LabelArray

TEMPERATURES = 0.05, 20.0
"""The temperatures between which `fit_temperature` looks."""
FOLDS = 10  # of a cross-fit


def fit_temperature(logits: FloatArray, y_true: LabelArray) -> float:
    """Return the T in [0.05, 20] that minimizes the log-loss of `softmax(Z/T)`.

    T > 1 softens an overconfident network; the order of the classes, hence accuracy, does not change. The log-loss is
    convex in 1/T: its derivative, `mean(Σ_c p_c z_c − z_y)`, rises with 1/T, and the root is found by bisection. Where
    every example is right with a margin it keeps falling as T does, and the lowest T is returned.
    (Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks", 2017.)

    Raises:
        TypeError, ValueError: unless these are logits `(N, C)` and class ids `(N,)`.
    """
    check_scored("fit_temperature", y_true, logits, logits=True)
    Z = logits.astype(np.float64)
    Z -= Z.max(axis=1, keepdims=True)
    own = Z[np.arange(len(Z)), y_true]

    def slope(inverse: float) -> float:
        E = np.exp(inverse * Z)
        return float(((E * Z).sum(axis=1) / E.sum(axis=1) - own).mean())

    coldest, hottest = TEMPERATURES
    low, high = 1 / hottest, 1 / coldest
    if slope(high) <= 0:
        return coldest
    if slope(low) >= 0:
        return hottest
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)


def apply_temperature(logits: FloatArray, temperature: float) -> npt.NDArray[np.float64]:
    """Return `softmax(Z/T)` in float64.

    Raises:
        ValueError: unless T is a finite number above 0.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"apply_temperature: expected a finite temperature above 0, received {temperature!r}")
    Z = logits.astype(np.float64) / temperature
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    scaled: npt.NDArray[np.float64] = E / E.sum(axis=1, keepdims=True)
    return scaled


def cross_fitted_probabilities(logits: FloatArray, y_true: LabelArray) -> npt.NDArray[np.float64]:
    """Return `softmax(Z/T)` where the T of each tenth of the rows, drawn at random, is fitted on the other nine.

    On the rows that it is fitted on, a temperature never raises the log-loss. On these it may, as it may on new ones.
    """
    fold_of = np.random.default_rng(0).permutation(len(logits)) % FOLDS
    probabilities = np.empty(logits.shape)
    for fold in np.unique(fold_of):
        held_out = fold_of == fold
        temperature = fit_temperature(logits[~held_out], y_true[~held_out])
        probabilities[held_out] = apply_temperature(logits[held_out], temperature)
    return probabilities
