"""Learning-rate schedules: functions of the step alone, so that a resumed training needs no replay."""

import math
from collections.abc import Callable
from typing import TypeAlias

Schedule: TypeAlias = Callable[[int], float]


def constant(learning_rate: float) -> Schedule:
    """Return the schedule `η(t) = learning_rate`."""
    return lambda step: learning_rate


def cosine(learning_rate: float, steps: int, final_fraction: float = 0.0) -> Schedule:
    """Return `η(t) = f + (η₀ − f)·½(1 + cos(πt/T))`, falling from η₀ at step 0 to `f = final_fraction·η₀` at step T.

    Args:
        learning_rate: η₀.
        steps: T, the steps of the whole training; the rate stays at f beyond it.
        final_fraction: the share of η₀ that is left at the end.

    Source: Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, without the restarts.
    """
    final = final_fraction * learning_rate
    return lambda step: final + (learning_rate - final) * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))


def with_warmup(schedule: Schedule, steps: int) -> Schedule:
    """Return `schedule` preceded by `steps` steps in which the rate rises linearly to the schedule's first value.

    Step t of the warm-up (t = 0 … steps − 1) has the rate `schedule(0)·(t + 1)/(steps + 1)`; after it the schedule
    starts from its own step 0. (Goyal et al., "Accurate, large minibatch SGD", 2017.)
    """
    return lambda step: schedule(0) * (step + 1) / (steps + 1) if step < steps else schedule(step - steps)
