"""Learning-rate schedules: functions of the step alone, so that a resumed training needs no replay."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_count, check_number
from glassnet.nn.ranges import ClosedFraction, Count, InEpochs, OpenFraction, Positive, PositiveFraction

Schedule: TypeAlias = Callable[[int], float]
"""The type of a schedule: a function from the step to the learning rate."""
StepsOfEpochs: TypeAlias = Annotated[Count, InEpochs("every_epochs")]  # steps whose setting counts epochs


def constant(learning_rate: Positive) -> Schedule:
    """Return the schedule `η(t) = learning_rate`."""
    rate = _rate("constant", learning_rate)
    return lambda step: rate


def step_decay(learning_rate: Positive, steps: StepsOfEpochs, factor: PositiveFraction = 0.1) -> Schedule:
    """Return `η(t) = η₀·factor^⌊t/steps⌋`: the rate is cut to a fraction every so many steps.

    Args:
        learning_rate: η₀.
        steps: how many steps each rate lasts.
        factor: what is left at each cut, in (0, 1].

    Source: He, Zhang, Ren & Sun, "Deep residual learning for image recognition", 2016, cut by 10 on plateaus.
    """
    rate, steps = _rate("step_decay", learning_rate), check_count("step_decay", "steps", steps)
    factor = check_number("step_decay", "factor", factor, 0, 1, low_open=True, high_closed=True)
    return lambda step: rate * factor ** (step // steps)


def exponential(learning_rate: Positive, steps: StepsOfEpochs, factor: PositiveFraction = 0.1) -> Schedule:
    """Return `η(t) = η₀·factor^(t/steps)`: the smooth form of `step_decay`, equal to it every `steps` steps.

    It solves `dη/dt = −kη` with `k = −ln(factor)/steps`: the rate loses the same fraction of itself at every step.

    Args:
        learning_rate: η₀.
        steps: after how many steps `factor` of it is left.
        factor: what is left then, in (0, 1].
    """
    rate, steps = _rate("exponential", learning_rate), check_count("exponential", "steps", steps)
    factor = check_number("exponential", "factor", factor, 0, 1, low_open=True, high_closed=True)
    return lambda step: rate * factor ** (step / steps)


def cosine(learning_rate: Positive, steps: Count, final_fraction: ClosedFraction = 0.0) -> Schedule:
    """Return `η(t) = f + (η₀ − f)·½(1 + cos(πt/T))`, falling from η₀ at step 0 to `f = final_fraction·η₀` at step T.

    Args:
        learning_rate: η₀.
        steps: T, the steps of the whole training; the rate stays at f beyond it.
        final_fraction: the fraction of η₀ that is left at the end, in [0, 1].

    Source: Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, without the restarts.
    """
    rate, steps = _rate("cosine", learning_rate), check_count("cosine", "steps", steps)
    final = rate * check_number("cosine", "final_fraction", final_fraction, 0, 1, high_closed=True)
    return lambda step: _half_cosine(rate, final, step / steps)


def one_cycle(
    learning_rate: Positive,
    steps: Count,
    rising_fraction: OpenFraction = 0.3,
    start_fraction: PositiveFraction = 0.04,
    final_fraction: ClosedFraction = 1e-4,
) -> Schedule:
    """Return a rate that rises along half a cosine to η₀ and falls along another to almost nothing.

    With T = `steps` and R = `rising_fraction`·T: from `start_fraction`·η₀ at step 0 to η₀ at step R, and from there to
    `final_fraction`·η₀ at step T. The high rates in the middle carry the weights across flat regions; the low ones at
    the end let them settle.

    Args:
        learning_rate: η₀, the highest rate.
        steps: T, the steps of the whole training; the rate stays at its final value beyond it.
        rising_fraction: the fraction of the training in which the rate rises, in (0, 1).
        start_fraction: the first rate as a fraction of η₀, in (0, 1].
        final_fraction: the last rate as a fraction of η₀, in [0, 1].

    Source: Smith & Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018;
    they rise and fall along straight lines, and change the momentum too.
    """
    peak, steps = _rate("one_cycle", learning_rate), check_count("one_cycle", "steps", steps)
    rising = steps * check_number("one_cycle", "rising_fraction", rising_fraction, 0, 1, low_open=True)
    start = peak * check_number("one_cycle", "start_fraction", start_fraction, 0, 1, low_open=True, high_closed=True)
    final = peak * check_number("one_cycle", "final_fraction", final_fraction, 0, 1, high_closed=True)
    return lambda step: (
        _half_cosine(start, peak, step / rising)
        if step < rising
        else _half_cosine(peak, final, (step - rising) / (steps - rising))
    )


def coslog4(learning_rate: Positive, steps: Count) -> Schedule:
    """Return `η(t) = η₀·½(1 − cos(2π·log₂(1 + 15·t/T)))`: four waves, each twice as long as the one before it.

    The logarithm goes from 0 at step 0 to `log₂ 16 = 4` at step T, and whenever it passes a whole number j the rate is
    0: after the fractions `(2^j − 1)/15` of the training, 1/15, 3/15, 7/15 and all of it. Short waves first find a good
    region; each end of a wave lets the weights settle, so that a training which is stopped, or whose best epoch is
    chosen by validation, has several good ends to choose from. The very first rate is that of half a step, for a step
    of rate 0 would be lost.

    Args:
        learning_rate: η₀, the highest rate, of every wave.
        steps: T, the steps of the whole training; the rate is 0 beyond it.

    Source: Holzmüller, Grinsztajn & Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on tabular
    data", 2024.
    """
    rate, steps = _rate("coslog4", learning_rate), check_count("coslog4", "steps", steps)

    def eta(step: int) -> float:
        progress = min(max(step, 0.5) / steps, 1.0)
        return rate * 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * progress)))

    return eta


@dataclass(frozen=True)
class WithWarmup:
    """A schedule with a warm-up in front of it; see `with_warmup`.

    Attributes:
        schedule: what follows the warm-up.
        steps: how long the warm-up is.
    """

    schedule: Schedule
    steps: int

    def __call__(self, step: int) -> float:
        """Return the rate of this step."""
        if step < self.steps:
            return self.schedule(0) * (step + 1) / (self.steps + 1)
        return self.schedule(step - self.steps)


def with_warmup(schedule: Schedule, steps: int) -> WithWarmup:
    """Return `schedule` preceded by `steps` steps in which the rate rises linearly to the schedule's first value.

    Step t of the warm-up (t = 0 … steps − 1) has the rate `schedule(0)·(t + 1)/(steps + 1)`; after it the schedule
    starts from its own step 0. Early gradients of a fresh network are large and disagree; small first steps keep them
    from throwing the weights far off. (Goyal et al., "Accurate, large minibatch SGD", 2017.)

    Raises:
        TypeError: if `schedule` is no function, but a rate, say.
        ValueError: for a negative number of steps, or if the schedule's first value is no rate.
    """
    if not callable(schedule):
        raise TypeError(f"with_warmup: expected a schedule, a function of the step, received {describe(schedule)}")
    check_number("with_warmup", "schedule(0)", schedule(0), 0, math.inf)
    return WithWarmup(schedule, 0 if steps == 0 else check_count("with_warmup", "steps", steps))


def _rate(owner: str, learning_rate: float) -> float:
    return check_number(owner, "learning_rate", learning_rate, 0, math.inf, low_open=True)


def _half_cosine(first: float, last: float, progress: float) -> float:
    """Return the value at `progress` in [0, 1] of half a cosine from `first` to `last`; `last` beyond 1."""
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


SCHEDULES = {
    "constant": constant,
    "coslog4": coslog4,
    "cosine": cosine,
    "exponential": exponential,
    "one_cycle": one_cycle,
    "step": step_decay,
}
