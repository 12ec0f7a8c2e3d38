"""Issues of the step size: a learning rate too high or too low, a curve that jumps."""

import math

import numpy as np

from glassnet.diagnostics.diagnosis.dropout import dropout_too_strong
from glassnet.diagnostics.diagnosis.finding import Change, Finding, rounded
from glassnet.diagnostics.diagnosis.training import HIGH, LOST, MOST, FloatVector, Training, late_fall
from glassnet.diagnostics.diagnosis.weights import penalty_too_strong, starts_at_zero

# Of the weights' size, a rule of thumb (Karpathy, CS231n notes, "Babysitting the learning process").
USUAL_UPDATE = 1e-3
LARGE_UPDATE = 0.3  # of the weights' size: three such updates and nothing is left of what they were
# Of the weights' size: large enough to have pushed units out, if units are out. Plain SGD at a rate of 3 on digits,
# eight seeds: updates of 0.07 to 0.21, 88% of the units dead or more, an end at 0.87 times the random baseline or
# above.
KNOCKING_UPDATE = 0.05
NEARLY_ALL = 0.8  # of a layer's units
HALF_LOST = 0.5  # of the random baseline: with nearly all units out, a loss above is no success
THROWN = 2.0  # times the random baseline: the networks of the tests begin below, or fall below within the first epoch
FAR = 20.0  # times the random baseline: no rule of initialization begins there, unless dropout multiplies what is left
FELL, SAME_PACE = 0.01, 0.5  # of the random baseline, below which there is no pace to keep; of the pace at first
RISEN = 0.02  # of the random baseline
RESTLESS = 0.25  # of the epochs: noise lifts an average over all rows in fewer of them


def rate_too_high(t: Training) -> Finding | None:
    """The loss was thrown far above the random baseline, large updates put the units out, or it stays high and rises.

    A first epoch above the random baseline alone says nothing: it averages over the network as it was initialized,
    whose squared error may be several times that of the mean.
    """
    if t.largest_update < USUAL_UPDATE or starts_at_zero(t) or penalty_too_strong(t):
        return None
    if t.largest_update <= LARGE_UPDATE and dropout_too_strong(t):  # which makes a loss high and restless by itself
        return None
    evidence = [shown for shown in (_thrown(t), _knocked_out(t), _restless(t)) if shown]
    if not evidence:
        return None
    rate = t.learning_rate
    return Finding(
        "learning rate too high",
        0.95,
        "; ".join([*evidence, _updates(t)]),
        "divide the learning rate by 10",
        (Change("optimizer.learning_rate", rounded(rate / 10, 3)),),
    )


def _thrown(t: Training) -> str:
    """Return how high the loss was thrown; nothing if it was not."""
    risen = [k for k in range(1, len(t.train)) if t.train[k] > max(THROWN, t.train[k - 1])]
    at = max(risen, key=lambda k: float(t.train[k])) if risen else int(t.train.argmax())
    highest = float(t.train[at])
    if risen:
        return f"in epoch {at + 1} the training loss rose to {highest:.3g} times the random baseline"
    is_far = highest > FAR and t.setup.dropout <= MOST
    if is_far or (highest > THROWN and t.largest_update > LARGE_UPDATE):
        return f"in epoch {at + 1} the training loss was {highest:.3g} times the random baseline"
    return ""


def _knocked_out(t: Training) -> str:
    """Return where the loss was left after large updates put the units out; nothing if it was not."""
    out = max(t.largest_dead_fraction, t.largest_saturated_fraction)
    is_lost = (t.train[-1] > LOST and out > MOST) or (t.train[-1] > HALF_LOST and out > NEARLY_ALL)
    if not (is_lost and t.largest_update > KNOCKING_UPDATE):
        return ""
    what = "dead" if t.largest_dead_fraction == out else "saturated"
    ended = f"after epoch {len(t.history)} the training loss is {t.train[-1]:.2f} times the random baseline"
    return f"{ended}, with {out:.0%} of a layer {what}"


def _restless(t: Training) -> str:
    """Return how often the loss rose and how low it came; nothing if it was low, or rose seldom."""
    rises, lowest = _fraction_of_rises(t.train), float(t.train.min())
    # Over few rows dropout makes the training loss restless by itself; the validation loss is without it.
    is_dropout = t.setup.dropout > 0 and _fraction_of_rises(t.validation) <= RESTLESS
    if not (rises > RESTLESS and lowest > HIGH) or is_dropout:
        return ""
    least = f"{lowest:.2f} times the random baseline"
    first = int(np.argmax(np.diff(t.train) > RISEN)) + 2
    return f"the training loss rose in {rises:.0%} of the epochs, first in epoch {first}, and never came below {least}"


def rate_too_low(t: Training) -> Finding | None:
    """Every update is tiny, or a model that starts at zero falls on at its first pace, and the loss is still high."""
    is_tiny = not math.isnan(t.largest_update) and t.largest_update <= USUAL_UPDATE
    is_tiny = is_tiny and not (_starts_dead(t) or t.starts_saturated)
    falls_on = t.validation[-1] < t.validation[len(t.history) // 2]
    is_slow = not t.has_hidden_layers and _pace(t) > SAME_PACE and falls_on
    if t.train[-1] < HIGH or not (is_tiny or is_slow):
        return None
    how = (
        _updates(t)
        if is_tiny
        else f"for the rate of its steps it fell {_pace(t):.0%} as fast in the second half as before"
    )
    rate = t.learning_rate
    return Finding(
        "learning rate too low",
        0.9,
        f"after {len(t.history)} epochs the training loss is still {t.train[-1]:.2f} times the random baseline; {how}",
        "multiply the learning rate by 10",
        (Change("optimizer.learning_rate", rounded(rate * 10, 3)),),
    )


def _starts_dead(t: Training) -> bool:
    """Return whether nearly all units of a layer are dead from the start: no rate moves what has no gradient."""
    return any(values[0] > NEARLY_ALL for values in t.measured("dead_share").values())


def _pace(t: Training) -> float:
    """Return how fast the training loss fell in the second half of the epochs, in fractions of the first half's pace.

    The pace is the fall divided by the sum of the learning rates, since a schedule slows a training down by design.
    Against weights that start at zero every update is large; a loss that goes on at one pace tells a rate too low.
    """
    rates, half = np.array([row["learning_rate"] for row in t.history]), len(t.history) // 2
    falls = float(t.train[0] - t.train[half]), float(t.train[half] - t.train[-1])
    spent = float(rates[1 : half + 1].sum()), float(rates[half + 1 :].sum())
    if len(t.history) < 4 or falls[0] <= FELL or 0 in spent:
        return 0.0
    return (falls[1] / spent[1]) / (falls[0] / spent[0])


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
    size = t.setup.batch_size
    batches = f"{4 * size} instead of {size}" if size else "four times the size"
    return Finding(
        "noisy curve",
        0.65,
        f"in epochs {len(t.history) - len(late) + 1} to {len(t.history)} the validation loss "
        f"changes by {t.loss(jump) - t.floor:.3g} from one epoch to the next "
        f"(median), up in {np.mean(changes > 0):.0%} of them, at a level of {t.loss(level):.3g}",
        f"batches of {batches}, whose gradients vary half as much",
        (Change("training.batch_size", 4 * size),) if size else (),
    )


def _fraction_of_rises(losses: FloatVector) -> float:
    """Return in what fraction of the epochs a loss rose by more than 2% of the random baseline."""
    return float(np.mean(np.diff(losses) > RISEN)) if len(losses) > 3 else 0.0


def _updates(t: Training) -> str:
    if math.isnan(t.largest_update):
        return "updates were not measured"
    return f"the largest update measured changed the weights by {t.largest_update:.2g} of their size (usual: 0.001)"
