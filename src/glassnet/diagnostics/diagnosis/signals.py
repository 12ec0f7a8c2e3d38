"""Issues of the signal: gradients that explode or vanish on their way back, units that are dead or saturated."""

import numpy as np

from glassnet.diagnostics.diagnosis.finding import Change, Finding, rounded
from glassnet.diagnostics.diagnosis.learning_rate import KNOCKING_UPDATE, LARGE_UPDATE, rate_too_high
from glassnet.diagnostics.diagnosis.training import HIGH, MOST, Training
from glassnet.diagnostics.diagnosis.weights import penalty_too_strong, starts_at_zero

LONGER = 2.0  # than at the first step: with all layers together, and over the first epoch, a norm is a little longer


def exploding(t: Training) -> Finding | None:
    """Single gradients are far longer than the usual one, and not because the first ones are, of a loss still high."""
    norms = np.array([row["gradient_norm"] for row in t.history])
    sampled = t.of_weights("gradient_norm").values()
    first = max([values[0] for values in sampled], default=float(norms[0]))
    largest, usual = max([float(norms.max()), *map(max, sampled)]), float(np.median(norms))
    if not (largest > 1e3 or (largest > 50 and largest > 100 * usual and largest > LONGER * first)):
        return None
    if t.is_scale_invariant and t.largest_update <= KNOCKING_UPDATE:
        return None  # its steps are as long as ever
    severity, advice, change = 0.97, "clip the gradient", Change("training.max_gradient_norm", 1)
    is_clipped = t.setup.max_gradient_norm is not None  # the norms are those before clipping
    if is_clipped or t.is_scale_invariant or (t.setup.optimizer is None and rate_too_high(t)):
        severity, advice = 0.96 if is_clipped else 0.94, "divide the learning rate by 10"
        change = Change("optimizer.learning_rate", rounded(t.learning_rate / 10, 3))
    return Finding(
        "exploding gradients",
        severity,
        f"the gradient's norm reached {largest:.3g} (longest on average in epoch {norms.argmax() + 1}); "
        f"its median over the epochs is {usual:.3g}",
        advice,
        (change,),
    )


def vanishing(t: Training) -> Finding | None:
    """At the start the first layer's gradient is less than a two-hundredth of the last one's."""
    norms = t.of_weights("gradient_norm")
    # At the first step: later, training has often mended what it can, or broken more. Nothing passes a last layer of
    # zeros, which the first step has mended.
    start = 1 if t.setup.zero_output else 0
    if len(norms) < 3 or starts_at_zero(t) or any(len(values) <= start for values in norms.values()):
        return None
    (first_layer, first), *_, (last_layer, last) = ((layer, values[start]) for layer, values in norms.items())
    if not first < 0.005 * last:
        return None
    if t.setup.activation in {"sigmoid", "tanh"}:
        advice, change = "an activation whose slope does not shrink the gradient", Change("model.activation", "relu")
    else:
        advice, change = "normalize between the layers", Change("model.normalization", "batch")
    when = "once the last layer was no longer 0" if start else "at the first step"
    return Finding(
        "vanishing gradients",
        0.92 if t.train.min() > 0.1 else 0.45,
        f"{when} the gradient of {first_layer} has a norm of {first:.2g}, that of {last_layer} one of {last:.2g}; the "
        f"training loss came down to {t.train.min():.2g} times the random baseline",
        advice,
        (change,),
    )


def dead(t: Training) -> Finding | None:
    """More than half of a layer's ReLU units fire for no validation example, though their weights could be of use."""
    fractions = {layer: values[-1] for layer, values in t.measured("dead_share").items()}
    if t.largest_dead_fraction <= MOST or starts_at_zero(t) or penalty_too_strong(t):
        return None
    worst = max(fractions, key=lambda layer: fractions[layer])
    units = t.measured("dead_units")[worst][-1]
    evidence = f"{units:.0f} units of layer {worst} ({fractions[worst]:.0%}) are 0 for every validation example"
    evidence += f" after epoch {len(t.history)}"
    advice, change = "an activation that cannot die", Change("model.activation", "leaky_relu")
    if t.largest_update > LARGE_UPDATE:
        evidence += f"; an update changed the weights by {t.largest_update:.2g} of their size, enough to push units out"
        advice = "divide the learning rate by 10"
        change = Change("optimizer.learning_rate", rounded(t.learning_rate / 10, 3))
    return Finding("dead units", 0.3 + 0.6 * min(1.0, float(t.train.min())), evidence, advice, (change,))


def saturated(t: Training) -> Finding | None:
    """Half of a layer's sigmoid or tanh outputs lie at the ends of their range."""
    fractions = {layer: float(np.median(values)) for layer, values in t.measured("saturated_share").items()}
    if t.largest_saturated_fraction <= MOST:
        return None
    worst = max(fractions, key=lambda layer: fractions[layer])
    return Finding(
        "saturated units",
        # Saturation from the start is the cause of the small gradients in front of it.
        max(0.93 if t.starts_saturated and t.train.min() > HIGH else 0.4, 0.3 + 0.6 * min(1.0, float(t.train.min()))),
        f"{fractions[worst]:.0%} of the outputs of layer {worst} lie within 0.001 of a limit (median over the steps "
        "measured)",
        "normalize in front of the activation",
        (Change("model.normalization", "batch"),),
    )
