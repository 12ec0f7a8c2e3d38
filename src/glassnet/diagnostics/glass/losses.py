"""What the page shows of a loss: its targets, its value for each example, and the gradient that goes back from it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet import nn
from glassnet.diagnostics.glass.passage import BothWays
from glassnet.diagnostics.glass.shown import Shown

CROSS_ENTROPIES = (nn.SoftmaxCrossEntropy, nn.AdjustedCrossEntropy)


def shown_of_loss(both: BothWays, y: npt.NDArray[Any]) -> list[Shown]:
    """Return what is shown of the loss of a pass."""
    if isinstance(both.loss, nn.SoftmaxCrossEntropy) and type(both.loss) in CROSS_ENTROPIES:
        return _cross_entropy(both, both.loss, y)
    if type(both.loss) in (nn.MeanSquaredError, nn.MeanAbsoluteError):
        return _regression(both, y)
    return [
        Shown("Z", both.outputs, "forward"),
        Shown("dZ", both.gradient, "backward", "dZ: by a formula of its own, which this page does not know"),
    ]


def _cross_entropy(both: BothWays, loss: nn.SoftmaxCrossEntropy, y: npt.NDArray[Any]) -> list[Shown]:
    loss.forward(both.outputs, y)
    P, T, sums, D = loss.saved()
    outputs = both.outputs
    if isinstance(loss, nn.AdjustedCrossEntropy):
        outputs = outputs + loss.log_weights.astype(outputs.dtype)
    log_P = nn.log_softmax(outputs)
    with np.errstate(invalid="ignore"):
        values = -np.where(T > 0, T * log_P, 0).sum(axis=1, keepdims=True)
    is_plain = loss.class_weights is None and not loss.label_smoothing
    divisor = "N" if loss.class_weights is None or loss.target_form != "class ids" else "D"
    if is_plain:
        targets = Shown("Y", T, "forward", "Y: 1 for the class of the example")
    else:
        said = f"(1 − {loss.label_smoothing:g})·Y + {loss.label_smoothing:g}/C" if loss.label_smoothing else "Y"
        weighted = f"w·({said})" if loss.class_weights is not None else said
        targets = Shown("T", T, "forward", f"T = {weighted}" + (f"; D = {D:.6g}" if divisor == "D" else ""))
    name = targets.symbol
    shown = [Shown("Z", both.outputs, "forward")]
    if isinstance(loss, nn.AdjustedCrossEntropy):
        log_weights = loss.log_weights.reshape(1, -1)
        shown += [
            Shown("log w", log_weights, "forward", by_example=False),
            Shown("Z + log w", outputs, "forward", "Z + log w: the network's own answers stay unweighted",
                  "adjusted.Z"),
        ]  # fmt: skip
    shown += [
        Shown("P", P, "forward", "p_c = e^(z_c) / Σ_k e^(z_k)", "softmax.P"),
        targets,
        Shown("ℓ", values, "forward", f"ℓₙ = −Σ_c {name.lower()}_c log p_c", "entropy.ℓ"),
    ]
    if loss.class_weights is None:
        return [*shown, Shown("dZ", both.gradient, "backward", f"dZ = (P − {name})/N", "entropy.dZ")]
    return [
        *shown,
        Shown("Σ T", sums.reshape(-1, 1), "backward", "Σ_c t_c"),
        Shown("D", np.full((1, 1), D), "backward", f"{divisor}: what the loss divides by", by_example=False),
        Shown("dZ", both.gradient, "backward", f"dZ = (P·Σ_c T − T)/{divisor}", "entropy.dZ"),
    ]


def _regression(both: BothWays, y: npt.NDArray[Any]) -> list[Shown]:
    E = np.subtract(both.outputs, y, dtype=np.float64)
    is_squared = type(both.loss) is nn.MeanSquaredError
    each = (E**2 if is_squared else np.abs(E)).mean(axis=1, keepdims=True)
    return [
        Shown("Z", both.outputs, "forward"),
        Shown("T", y, "forward"),
        Shown("E", E, "forward", "E = Z − T", "regression.E"),
        Shown("ℓ", each, "forward", "ℓₙ = (1/K) Σ_k e²" if is_squared else "ℓₙ = (1/K) Σ_k |e|"),
        Shown(
            "dZ", both.gradient, "backward", "dZ = 2E/(NK)" if is_squared else "dZ = sign(E)/(NK)",
            "squared.dZ" if is_squared else "absolute.dZ",
        ),
    ]  # fmt: skip
