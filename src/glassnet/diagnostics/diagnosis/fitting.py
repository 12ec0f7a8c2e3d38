"""Issues of the fit: too much of it, too little, and the wrong moment to stop."""

import math

import numpy as np

from glassnet.diagnostics.diagnosis.dropout import dropout_too_strong
from glassnet.diagnostics.diagnosis.finding import Change, Finding, rounded
from glassnet.diagnostics.diagnosis.learning_rate import USUAL_UPDATE, rate_too_high, rate_too_low
from glassnet.diagnostics.diagnosis.signals import dead, exploding, saturated, vanishing
from glassnet.diagnostics.diagnosis.training import HIGH, Training, late_fall
from glassnet.diagnostics.diagnosis.weights import penalty_too_strong, starts_at_zero, zero_start

FEW = 4  # epochs, below which a curve has no trend
# Fractions of the random baseline. Where patience goes on for 20 epochs after the best one, the small bundled data sets
# come to a gap of 0.31 with a rise of 0.02, or of 0.25 with one of 0.12, and lose nothing by it.
GAP_AT_BEST = 0.25  # between the losses of the weights that are kept
RISE, GAP_AFTER_RISE = 0.04, 0.3  # of the validation loss by the end; between the losses then, with that rise
# Of itself, and of the random baseline: a validation loss that turned in the first half of the epochs and rose by so
# much on its own curve, as that of noisy labels does: they keep it high, and the gap to the training loss narrow.
OWN_RISE, LEAST_RISE = 0.1, 0.02
STEEP_RISE, GAP_AFTER_STEEP_RISE = 0.15, 0.2  # or a rise so steep; with it a smaller gap is enough
SETTLED = 0.02  # of itself: what a loss falls by in a fifth of the epochs when it has settled
NO_BETTER = 0.8  # of the training loss, which dropout, augmentation and the average over the epoch make larger
NOTHING = 0.95  # of the random baseline: a validation loss that stays above has shown nothing that carries over
FIRST_LAYER = 32  # units, where there was no hidden layer
NARROW = 16  # units: a layer of fewer has few pieces to bend a boundary with; the default network has as many
# Of the random baseline: a network that is too small goes on creeping down, one that has learnt what there is to learn
# stops early. Of 196 trainings on overlapping classes and noisy targets (16 units or more, several rates and batches)
# one gained as much in the second half of the epochs; of 32 on spirals, chequerboards and waves, too small for them,
# eight did. After the first third it is 32 and nine: a small rate or a large batch takes longer to learn what there is.
STILL_GAINING = 0.015
DONE = 0.05  # of the random baseline: a validation loss as low as this need not come lower
# Of itself: what the lowest validation loss fell by from the first half of the epochs to the second where more of them
# were worth having. A schedule that ends at a rate of 0 flattens the last fifth of every curve, however early it ends.
STILL_FALLING = 0.03
NARROWER, LONG, SLOWED = 3, 10, 0.5  # times fewer units than classes; epochs; of the first half's fall
SILENCING = 0.2  # a fraction of dropped units that may be what keeps a network from fitting
FIRST_WEIGHTS, LAG = (
    0.01,
    0.1,
)  # the start's fraction of an average, and of the random baseline, that make an average lag behind
MOSTLY_FIRST = 0.3  # the start's fraction with which an average may still be on its way up before it comes down


def overfitting(t: Training) -> Finding | None:
    """The validation loss stays far above the training loss, or turns and rises while the training loss falls."""
    lowest, last = float(t.validation.min()), float(t.validation[-1])
    at_best, at_end = float(t.train[t.lowest_epoch - 1]), float(t.train[-1])
    rise, gap = last - lowest, last - at_end
    turned = (rise > RISE and gap > GAP_AFTER_RISE) or (rise > STEEP_RISE and gap > GAP_AFTER_STEEP_RISE)
    turned = (turned and at_end < at_best) or _rises_on_its_own(t)
    if not (lowest - at_best > GAP_AT_BEST or turned):
        return None
    if at_end > 1 or average_lags(t) or no_better_than_random(t):
        return None
    advice, change = _tamer(t)
    return Finding(
        "overfitting",
        min(0.9, 0.4 + max(lowest - at_best, rise)),
        f"the validation loss was lowest in epoch {t.lowest_epoch} ({t.loss(lowest):.3g}; training "
        f"{t.loss(at_best):.3g}) and ended at {t.loss(last):.3g}, with the training loss at {t.loss(at_end):.3g}",
        advice,
        (change,),
    )


def _rises_on_its_own(t: Training) -> bool:
    """Return whether the validation loss turned early and rose by much of itself, while the training loss fell on."""
    lowest, late = float(t.validation.min()), float(np.median(t.validation[-max(2, len(t.validation) // 5) :]))
    turned_early = t.lowest_epoch <= len(t.validation) // 2
    rises = late - lowest > max(LEAST_RISE, OWN_RISE * lowest) and late < 1
    return turned_early and rises and float(t.train[t.lowest_epoch - 1] - t.train[-1]) > late - lowest


def _tamer(t: Training) -> tuple[str, Change]:
    """Return what keeps a network from learning its training rows by heart, and the change that does it."""
    dropout = t.setup.dropout
    if dropout < 0.4 and t.has_hidden_layers:
        return "more dropout", Change("model.dropout", rounded(dropout + 0.2, 2))
    return "a stronger penalty on the weights", stronger_penalty(t)


def stronger_penalty(t: Training, factor: float = 10.0, least: float = 1e-3) -> Change:
    """Return the change that multiplies the penalty, or the decay where the optimizer has one: it allows no penalty."""
    decay = t.setup.weight_decay
    name, value = ("optimizer.weight_decay", decay) if decay else ("training.l2", t.setup.l2)
    return Change(name, rounded(max(least, factor * value), 2))


def no_better_than_random(t: Training) -> Finding | None:
    """The validation loss never fell clearly below the random baseline; neither the steps nor the size explain it."""
    lowest, fitted = t.loss(float(t.validation.min())), float(t.train.min())
    baseline = t.random_baseline if t.validation_baseline is None else t.validation_baseline
    fraction = (lowest - t.floor) / (baseline - t.floor) if baseline > t.floor else math.inf
    if len(t.history) < FEW or fraction <= NOTHING or t.beats_majority or _is_misled(t) or average_lags(t):
        return None
    if fitted <= NOTHING:
        advice, changes = simpler(t)
    elif is_small(t) or _is_silenced(t):
        return None
    else:
        advice, changes = larger_if_anything(t)
    return Finding(
        "no better than chance",
        0.85,
        f"the validation loss was {lowest:.4g} at its lowest (epoch {t.validation.argmin() + 1}), "
        f"{fraction:.2f} times the random baseline "
        f"({baseline:.4g}), while the training loss came to {t.loss(fitted):.4g}",
        advice,
        changes,
    )


def simpler(t: Training) -> tuple[str, tuple[Change, ...]]:
    """Return what to try where what was learnt of the training rows carries over to no others, and the changes."""
    if t.has_hidden_layers:
        simplest = "the simplest model, which shows whether the features tell anything of the target"
        return simplest, (Change("model", "softmax"),)
    advice, change = _tamer(t)
    return advice, (change,)


def larger_if_anything(t: Training) -> tuple[str, tuple[Change, ...]]:
    """Return what to try where nothing was learnt of the training rows either, and the changes."""
    return "a larger network: if that learns no more, the features may tell nothing of the target", larger(t)


def underfitting(t: Training) -> Finding | None:
    """The training loss has settled at a high value, the validation loss is no better, and size can be the cause."""
    if not (_is_stuck(t) or too_narrow(t)) or (size_suffices(t) and t.train.min() <= NOTHING):
        return None
    if dropout_too_strong(t) or overfitting(t) or no_better_than_random(t) or stopped_too_early(t):
        return None
    lowest, validation = float(t.train.min()), t.validation
    sizes, dropout = t.setup.hidden_sizes, t.setup.dropout
    advice, changes = "a larger network", larger(t)
    if t.has_hidden_layers and dropout >= SILENCING:
        size = f"dropout silences {dropout:.0%} of the hidden units at each step"
        advice, changes = "less dropout", (Change("model.dropout", rounded(max(0.0, dropout - 0.2), 2)),)
    elif not t.has_hidden_layers:
        size = "there is no hidden layer"
    elif sizes and too_narrow(t):
        size = (
            f"the narrowest hidden layer has {_units(min(sizes))} for {t.classes} classes, and the training loss fell "
            f"{_slowed(t):.0%} as far in the second half of the epochs as in the first"
        )
    elif sizes and is_small(t):
        size = f"the narrowest hidden layer has {_units(min(sizes))}"
    else:
        gain = f"{_late_gain(t):.2f} of the random baseline"
        size = f"in the second half of the epochs the validation loss still fell by {gain}"
    return Finding(
        "underfitting",
        0.7,
        f"the training loss settled at {t.loss(lowest):.3g} (epoch {t.train.argmin() + 1}), "
        f"{lowest:.2f} times the random baseline, and the "
        f"validation loss at {t.loss(float(validation.min())):.3g}; {size}",
        advice,
        changes,
    )


def _units(count: int) -> str:
    return f"{count} unit{'s' if count > 1 else ''}"


def too_narrow(t: Training) -> bool:
    """Return whether a layer with far fewer units than classes holds the loss up, though it still creeps down.

    The logits of C classes lie in as many dimensions as the last hidden layer has units; C − 1 are enough.
    """
    if not t.setup.hidden_sizes or t.classes is None or min(t.setup.hidden_sizes) > (t.classes - 1) / NARROWER:
        return False
    is_high = len(t.history) >= LONG and t.train.min() > HIGH
    return is_high and _slowed(t) < SLOWED and not (_is_misled(t) or _is_silenced(t))


def _slowed(t: Training) -> float:
    """Return how far the training loss fell in the second half of the epochs, of its fall in the first half."""
    half = len(t.train) // 2
    first, second = float(t.train[0] - t.train[half]), float(t.train[half] - t.train[-1])
    return second / first if first > 0 else math.inf


def larger(t: Training) -> tuple[Change, ...]:
    """Return the changes that make the network larger: twice the size, or a first hidden layer; none if unknown."""
    if t.setup.hidden_sizes is None and t.has_hidden_layers:
        return ()
    sizes = tuple(max(NARROW, 2 * size) for size in t.setup.hidden_sizes or ()) or (FIRST_LAYER,)
    return (*to_mlp(t), Change("model.hidden_sizes", sizes))


def to_mlp(t: Training) -> tuple[Change, ...]:
    """Return what must change besides the sizes: a softmax regression starts at zero, where hidden layers stay."""
    return () if t.has_hidden_layers and t.setup.init != "zeros" else (Change("model", "mlp"),)


def hindrance(t: Training) -> Finding | None:
    """Return what kept the network from fitting its training rows and is to be mended before its size is; else None."""
    steps = (zero_start, exploding, rate_too_high, dropout_too_strong, penalty_too_strong, vanishing, rate_too_low)
    checks = (*steps, dead, saturated, average_lags, stopped_too_early)
    found = [finding for check in checks if (finding := check(t)) is not None]
    return max(found, key=lambda finding: finding.severity, default=None)


def size_suffices(t: Training) -> bool:
    """Return whether a network is stuck at a high loss that it reached early, wide as it is: as classes overlap."""
    return _is_stuck(t) and not is_small(t) and _late_gain(t) <= STILL_GAINING


def _is_stuck(t: Training) -> bool:
    """Return whether the training loss has settled at a high value with the validation loss no better."""
    lowest = float(t.train.min())
    settled = len(t.history) >= FEW and late_fall(t.train) < SETTLED
    # Dropout raises the training loss, and the more the more it keeps the network from fitting.
    least = HIGH if t.setup.dropout >= SILENCING else NO_BETTER * lowest
    no_better = bool(t.validation.min() > least)
    return settled and lowest > HIGH and no_better and not (_is_misled(t) or _is_silenced(t))


def _is_misled(t: Training) -> bool:
    """Return whether steps or weights have an issue, so that the loss says nothing of the network or the data."""
    is_tiny = t.largest_update < USUAL_UPDATE
    is_misled = is_tiny or starts_at_zero(t) or rate_too_low(t) is not None
    return is_misled or rate_too_high(t) is not None or penalty_too_strong(t) is not None


def _is_silenced(t: Training) -> bool:
    """Return whether signals do not pass the network, so that a high training loss says nothing of its size."""
    return any(signal(t) is not None for signal in (exploding, vanishing, dead, saturated))


def is_small(t: Training) -> bool:
    """Return whether a layer has few units, or there is no hidden layer."""
    if t.setup.hidden_sizes:
        return min(t.setup.hidden_sizes) < NARROW
    return not t.has_hidden_layers


def _late_gain(t: Training) -> float:
    """Return what the lowest validation loss fell by in the second half of the epochs, of the random baseline."""
    early = t.validation[: max(1, len(t.validation) // 2)]
    return float(early.min() - t.validation.min())


def stopped_too_early(t: Training) -> Finding | None:
    """The last epochs still brought the validation loss down, or there were hardly any."""
    fall, epochs = late_fall(t.validation), t.epochs
    if not _is_best_at_the_end(t) or t.validation[-1] <= DONE or average_lags(t) or too_narrow(t):
        return None
    if len(t.history) < FEW:
        fall, trend = 0.3, "too few to see where it is going"
    elif fall > 0.05:
        trend = f"over the last fifth of them the validation loss fell by {fall:.0%}"
    else:
        half = len(t.validation) // 2
        fall = 1 - float(t.validation[half:].min() / t.validation[:half].min())
        if not HIGH < t.validation[-1] < 1 or fall <= STILL_FALLING:
            return None
        trend = (
            f"the validation loss, still {t.validation[-1]:.2f} times the random baseline, came {fall:.0%} lower in "
            "the second half of them than in the first"
        )
    return Finding(
        "stopped too early",
        0.4 + min(0.3, fall),
        f"the best epoch is {_best_epoch(t)} of {len(t.history)}; {trend}",
        "train for longer",
        (Change("training.epochs", max(10, 2 * epochs)),),
    )


def _is_best_at_the_end(t: Training) -> bool:
    return _best_epoch(t) >= len(t.history) - 1 and len(t.history) == t.epochs


def _best_epoch(t: Training) -> int:
    """Return the best epoch, which is not the one whose weights were kept where that is the last in any case."""
    return t.lowest_epoch if t.setup.keeps_last else t.best_epoch


def average_lags(t: Training) -> Finding | None:
    """The averaged weights, which are evaluated, still hold much of the initial ones, and fit worse than the last."""
    decay = t.setup.average_decay
    if decay is None or not t.telemetry:
        return None
    fraction = decay ** max(row.step for row in t.telemetry)
    is_on_its_way = _is_best_at_the_end(t) or fraction > MOSTLY_FIRST
    if fraction <= FIRST_WEIGHTS or not is_on_its_way or t.validation[-1] - t.train[-1] <= LAG:
        return None
    shorter = 1 - 10 * (1 - decay)
    return Finding(
        "average behind",
        0.75,
        f"{fraction:.0%} of the averaged weights, which are evaluated, are still the initial ones (average_decay "
        f"{decay:g}); with them the validation loss is {t.loss(float(t.validation[-1])):.3g}, while the training loss, "
        f"of the weights themselves, is {t.loss(float(t.train[-1])):.3g}",
        "an average over fewer steps",
        (Change("training.average_decay", rounded(shorter, 6) if shorter > 0 else None),),
    )


def stopped_too_late(t: Training) -> Finding | None:
    """Most of the epochs came after the best one, and nothing stopped them."""
    after = len(t.history) - t.best_epoch
    if after <= max(30, 0.6 * len(t.history)):
        return None
    return Finding(
        "stopped too late",
        0.2,
        f"{after} of {len(t.history)} epochs came after the best one, epoch {t.best_epoch}, and lowered nothing",
        "stop when the validation loss has not fallen for a while",
        (Change("training.patience", max(5, min(20, t.best_epoch // 2))),),
    )
