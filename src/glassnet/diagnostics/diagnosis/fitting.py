"""Illnesses of the fit: too much of it, too little, and the wrong moment to stop."""

from glassnet.diagnostics.diagnosis.evidence import Finding, Training, late_fall
from glassnet.diagnostics.diagnosis.learning_rate import USUAL_UPDATE

FEW = 4  # epochs, below which a curve has no trend


def overfitting(t: Training) -> Finding | None:
    """The validation loss stays far above the training loss, or turns and rises while the training loss falls."""
    lowest, last = float(t.validation.min()), float(t.validation[-1])
    gap_at_best = lowest - float(t.train[t.best_epoch - 1])
    gap_at_end = last - float(t.train[-1])
    turned = last - lowest > 0.1 and gap_at_end > 0.2 and t.train[-1] < t.train[t.best_epoch - 1]
    if not (turned or gap_at_best > 0.25):
        return None
    dropout, l2 = t.settings["model"]["dropout"], t.settings["training"]["l2"]
    if dropout < 0.4 and t.settings["model"]["hidden_sizes"]:
        advice, change = "more dropout", f"model.dropout={dropout + 0.2:.2g}"
    else:
        advice, change = "a stronger penalty on the weights", f"training.l2={10 * l2 or 0.001:.2g}"
    return Finding(
        "overfitting",
        min(0.9, 0.4 + max(gap_at_best, last - lowest)),
        f"the validation loss was lowest in epoch {t.best_epoch} ({lowest * t.chance:.3g}; training "
        f"{t.train[t.best_epoch - 1] * t.chance:.3g}) and ended at {last * t.chance:.3g}, while the training loss "
        f"fell to {t.train[-1] * t.chance:.3g}",
        advice,
        t.command(change),
    )


def underfitting(t: Training) -> Finding | None:
    """The training loss has settled at a high value, and the validation loss is no better."""
    lowest = float(t.train.min())
    settled = late_fall(t.train) < 0.02
    trained = not (t.largest_update < USUAL_UPDATE or t.largest_dead_share > 0.9) and float(t.train.max()) <= 2
    if not (0.3 < lowest < 0.95 and settled and trained and t.validation.min() > 0.8 * lowest):
        return None
    sizes = t.settings["model"]["hidden_sizes"]
    larger = ",".join(str(max(16, 2 * size)) for size in sizes) or "32"
    changes = [f"model.hidden_sizes=[{larger}]"]
    if not sizes:
        changes.insert(0, "model=mlp")
    return Finding(
        "underfitting",
        0.7,
        f"the training loss settled at {lowest * t.chance:.3g}, {lowest:.2f} times that of chance, and the validation "
        f"loss at {t.validation.min() * t.chance:.3g}",
        "a larger network",
        t.command(*changes),
    )


def stopped_too_early(t: Training) -> Finding | None:
    """The last epochs still brought the validation loss down, or there were hardly any."""
    fall, epochs = late_fall(t.validation), t.settings["training"]["epochs"]
    at_the_end = t.best_epoch >= len(t.history) - 1 and len(t.history) == epochs
    if not at_the_end or t.validation[-1] <= 0.03:
        return None
    if len(t.history) < FEW:
        fall, trend = 0.3, "too few to see where it is going"
    else:
        trend = f"over the last fifth of them the validation loss fell by {fall:.0%}"
    if fall <= 0.05:
        return None
    return Finding(
        "stopped too early",
        0.4 + min(0.3, fall),
        f"the best epoch is {t.best_epoch} of {len(t.history)}; {trend}",
        "train for longer",
        t.command(f"training.epochs={max(10, 2 * epochs)}"),
    )


def stopped_too_late(t: Training) -> Finding | None:
    """Most of the epochs came after the best one, and nothing stopped them."""
    after = len(t.history) - t.best_epoch
    if after <= max(30, 0.6 * len(t.history)):
        return None
    return Finding(
        "stopped too late",
        0.2,
        f"{after} of {len(t.history)} epochs came after the best one, which lowered nothing",
        "stop when the validation loss has not fallen for a while",
        t.command(f"training.patience={max(5, min(20, t.best_epoch // 2))}"),
    )
