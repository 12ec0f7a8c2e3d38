"""Issues of the weights themselves: a start at zero, and a penalty that holds them down."""

import numpy as np

from glassnet.diagnostics.diagnosis.finding import Change, Finding, rounded
from glassnet.diagnostics.diagnosis.training import HIGH, LOST, Training, late_fall

# Of the random baseline: where penalty and loss pull alike, weights 1% longer would bring the loss down by 2% of this.
HELD = 0.1
FALLING = 0.1  # of itself: what falls by more in a fifth of the epochs has not come to its balance yet
CRUSHED = 0.01  # of the penalty after the first epoch: the weights are a tenth as long as they were
# The same where something was learnt, and longer weights were of use. With rare classes next to nothing may be learnt
# far below ln C: of seven classes with fractions of 0.5% to 49%, a penalty of 1 left an accuracy of 53% in place of
# 98%.
SHRUNK = 0.05
DECAY = 1.0  # Adam moves a weight by about the rate, decay by rate · decay · weight: hardly one outgrows 1/decay
L1_DECAY = 0.3  # of the rate, by which a weight comes nearer to 0 at each step; Adam moves it by about the rate at most


def starts_at_zero(t: Training) -> bool:
    """Return whether hidden layers start with all weights zero."""
    return t.setup.init == "zeros" and t.has_hidden_layers


def zero_start(t: Training) -> Finding | None:
    """The units of a hidden layer start alike and get the same gradient, so that they stay one unit, if not none."""
    if not starts_at_zero(t):
        return None
    setup = t.setup
    units = f" ({sum(setup.hidden_sizes)})" if setup.hidden_sizes else ""
    norms = t.of_weights("gradient_norm")
    largest = f", with a gradient of the first layer of at most {max(next(iter(norms.values()))):.2g}" if norms else ""
    rule = "xavier_normal" if setup.activation in {"sigmoid", "tanh"} else "he_normal"
    return Finding(
        "initialization at zero",
        0.98,
        f"all weights started at 0, so that the hidden units{units} are alike and stay so"
        f"{largest}; the training loss came down to {t.train.min():.2f} times the random baseline",
        "random initial weights",
        (Change("model.init", rule),),
    )


def penalty_too_strong(t: Training) -> Finding | None:
    """The training loss stays high, and the penalty or the decay is what keeps the weights from lowering it."""
    l2, decay = t.setup.l2, t.setup.weight_decay
    if starts_at_zero(t) or t.train[-1] <= HIGH or late_fall(t.train) > FALLING:
        return None
    ended = f"after epoch {len(t.history)} the training loss is {t.train[-1]:.2f} times the random baseline, "
    if decay >= DECAY:
        why = f"under a weight decay of {decay:g}, which lets hardly a weight outgrow {1 / decay:.2g}"
        return _penalty(t, ended + why, "optimizer.weight_decay", decay)
    if t.setup.l1_decay >= L1_DECAY:
        why = f"under an L1 decay of {t.setup.l1_decay:g}: at each step it takes back {t.setup.l1_decay:.0%} of a rate"
        return _penalty(t, ended + why, "optimizer.l1_decay", t.setup.l1_decay)
    penalties = np.array([row["penalty"] for row in t.history])
    first, last = float(penalties[0]), float(np.median(penalties[-max(1, len(penalties) // 5) :]))
    if l2 and last < (CRUSHED if t.train[-1] > LOST else SHRUNK) * first:
        shrunk = (last / first) ** 0.5
        why = f"while the penalty fell from {first:.3g} to {last:.2g}: the weights shrank to {shrunk:.1%} of their size"
        return _penalty(t, ended + why, "training.l2", l2)
    if l2 and last > HELD * t.random_baseline and late_fall(penalties) < FALLING:
        why = f"while the penalty alone is {last:.3g}, {last / t.random_baseline:.2f} times the random baseline"
        return _penalty(t, ended + why, "training.l2", l2)
    return None


def _penalty(t: Training, evidence: str, setting: str, value: float) -> Finding:
    return Finding(
        "penalty too strong",
        0.93,
        evidence,
        f"a tenth of the {'penalty' if setting == 'training.l2' else 'decay'}",
        (Change(setting, rounded(value / 10, 3)),),
    )
