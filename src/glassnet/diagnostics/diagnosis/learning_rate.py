"""Illnesses of the step size: a learning rate too high or too low, a curve that jumps."""

import math

import numpy as np

from glassnet.diagnostics.diagnosis.evidence import Finding, Training, late_fall

USUAL_UPDATE = (
    1e-3  # of the weights' size, a rule of thumb (Karpathy, CS231n notes, "Babysitting the learning process")
)


def rate_too_high(t: Training) -> Finding | None:
    """The loss was thrown far above chance, or ends at chance after huge updates, or keeps rising at a high level."""
    rises = _share_of_rises(t)
    highest, lowest, last = float(t.train.max()), float(t.train.min()), float(t.train[-1])
    thrown = highest > 2 and not t.largest_update < USUAL_UPDATE
    knocked_out = last > 0.9 and t.largest_update > 0.1
    restless = rises > 0.25 and lowest > 0.3
    if not (thrown or knocked_out or restless):
        return None
    rate = t.settings["optimizer"]["learning_rate"]
    return Finding(
        "learning rate too high",
        0.95,
        f"the training loss was {highest:.2f} times that of chance at its highest, {last:.2f} times at the end, and "
        f"rose in {rises:.0%} of the epochs; {_updates(t)}",
        "divide the learning rate by 10",
        t.command(f"optimizer.learning_rate={rate / 10:.3g}"),
    )


def rate_too_low(t: Training) -> Finding | None:
    """Every update is tiny, and the training loss is still high."""
    if math.isnan(t.largest_update) or t.largest_update > USUAL_UPDATE or t.train[-1] < 0.3:
        return None
    rate = t.settings["optimizer"]["learning_rate"]
    return Finding(
        "learning rate too low",
        0.9,
        f"after {len(t.history)} epochs the training loss is still {t.train[-1]:.2f} times that of chance; "
        f"{_updates(t)}",
        "multiply the learning rate by 10",
        t.command(f"optimizer.learning_rate={rate * 10:.3g}"),
    )


def noisy(t: Training) -> Finding | None:
    """The validation loss goes up and down from epoch to epoch, far more than it changes over them."""
    late = t.validation[len(t.validation) // 2 :]
    if len(late) < 4:
        return None
    changes = np.diff(late)
    jump, level = float(np.median(np.abs(changes))), float(np.median(late))
    back_and_forth = 0.25 <= float(np.mean(changes > 0)) <= 0.75
    if not (jump > 0.03 and jump > 0.1 * level and back_and_forth and abs(late_fall(t.validation)) < 1):
        return None
    size = t.settings["training"]["batch_size"]
    return Finding(
        "noisy curve",
        0.65,
        f"in the second half the validation loss changes by {jump * t.chance:.3g} from one epoch to the next "
        f"(median), up in {np.mean(changes > 0):.0%} of them, at a level of {level * t.chance:.3g}",
        f"batches of {4 * size} instead of {size}, whose gradients vary half as much",
        t.command(f"training.batch_size={4 * size}"),
    )


def _share_of_rises(t: Training) -> float:
    """Return in what share of the epochs the training loss rose by more than 2% of chance."""
    return float(np.mean(np.diff(t.train) > 0.02)) if len(t.train) > 3 else 0.0


def _updates(t: Training) -> str:
    if math.isnan(t.largest_update):
        return "updates were not measured"
    return f"the largest update measured changed the weights by {t.largest_update:.2g} of their size (usual: 0.001)"
