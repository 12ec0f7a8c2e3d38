"""Schedules of the learning rate: by hand, in any order, and the one with a state."""

import math
from typing import Any

import pytest

from glassnet import optim


def test_schedules_by_hand() -> None:
    """Cosine from 1 over 4 steps to 0.2: 0.2 + 0.8·½(1 + cos(π/4·t)); warm-up of 3 steps by quarters."""
    cosine = optim.cosine(1.0, 4, final_fraction=0.2)
    assert [cosine(t) for t in (0, 2, 4, 9)] == pytest.approx([1.0, 0.6, 0.2, 0.2], rel=1e-15)
    warm = optim.with_warmup(cosine, 3)
    assert [warm(t) for t in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert warm(5) == cosine(2)
    assert optim.constant(0.3)(1000) == 0.3
    # a tenth every 2 steps, at once or smoothly: 10^(−t/2)
    assert [optim.step_decay(1.0, 2)(t) for t in range(5)] == pytest.approx([1, 1, 0.1, 0.1, 0.01], rel=1e-15)
    assert [optim.exponential(1.0, 2)(t) for t in (0, 1, 4)] == pytest.approx([1, 10**-0.5, 0.01], rel=1e-14)
    # one cycle over 8 steps: up from 0.2 to 1 in 4, half way at 2: 0.6; down to 0.1 in 4, half way at 6: 0.55
    cycle = optim.one_cycle(1.0, 8, rising_fraction=0.5, start_fraction=0.2, final_fraction=0.1)
    assert [cycle(t) for t in (0, 2, 4, 6, 8, 99)] == pytest.approx([0.2, 0.6, 1.0, 0.55, 0.1, 0.1], rel=1e-14)


def test_waves_of_coslog4_double_in_length() -> None:
    """Over 150 steps: 10, 20, 40 and 80; each rises to the rate and falls to 0, where the last one stays."""
    waves = optim.coslog4(0.2, 150)
    assert [waves(t) for t in (10, 30, 70, 150, 400)] == pytest.approx([0] * 5, abs=1e-15)
    # the peak of wave j is where log2(1 + 15t/T) = j + 1/2
    peaks = [150 * (2 ** (wave + 0.5) - 1) / 15 for wave in range(4)]
    assert [waves(round(t)) for t in peaks] == pytest.approx([0.2] * 4, rel=2e-2)
    assert max(map(waves, range(151))) <= 0.2
    assert 0 < waves(0) < waves(1)


def test_schedules_are_functions_of_the_step_alone() -> None:
    """Asked in any order, again and again, they say the same: a resumed training needs no replay."""
    schedules = [
        optim.constant(0.1), optim.step_decay(0.1, 7), optim.exponential(0.1, 7), optim.cosine(0.1, 40),
        optim.one_cycle(0.1, 40), optim.coslog4(0.1, 40),
    ]  # fmt: skip
    for schedule in schedules:
        warm = optim.with_warmup(schedule, 5)
        forwards = [warm(step) for step in range(60)]
        assert [warm(step) for step in reversed(range(60))] == forwards[::-1]
        assert forwards[:6] == pytest.approx([schedule(0) * (t + 1) / 6 for t in range(6)], rel=1e-15)
        assert forwards[5:] == [schedule(step) for step in range(55)]


def test_the_plateau_schedule_waits_and_cuts() -> None:
    """Halved after every two epochs without a fall, not below its floor; its state restores it."""
    plateau = optim.ReduceOnPlateau(0.8, factor=0.5, patience=2, minimum_change=0.1, minimum_rate=0.3)
    warm = optim.with_warmup(plateau, 3)
    rates = []
    for loss in (1.0, 0.95, 0.95, 0.5, 0.6, 0.45, 0.6, 0.6, math.nan, 0.6):
        plateau.observe(loss)
        rates.append(plateau(0))
    # 0.95 is no fall by more than 0.1, twice: halved. 0.5 is. 0.6 and 0.45 are not: to the floor. Then it stays there.
    assert rates == [0.8, 0.8, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3]
    assert [warm(0), warm(3)] == pytest.approx([0.3 / 4, 0.3])
    low = optim.ReduceOnPlateau(0.2, patience=1, minimum_rate=0.3)
    for loss in (1.0, 1.0):
        low.observe(loss)
    assert low(0) == 0.2  # a rate below the floor is not raised to it
    first, second = (optim.ReduceOnPlateau(1.0, patience=2) for _ in range(2))
    first.observe(1.0)
    first.observe(1.0)
    second.load_state_dict(first.state_dict())
    for schedule in (first, second):
        schedule.observe(1.0)
    assert first.state_dict() == second.state_dict() == {"learning_rate": 0.1, "best": 1.0, "waited": 0}
    with pytest.raises(ValueError, match="expected a state of"):
        first.load_state_dict({"best": 1.0})
    with pytest.raises(ValueError, match="expected a finite number 0 < learning_rate, received float -1"):
        first.load_state_dict({"learning_rate": -1.0, "best": 1.0, "waited": 0})
    assert first.state_dict() == second.state_dict()


def test_a_warm_up_needs_a_schedule() -> None:
    """A rate, or a function that gives none, is refused where it is passed."""
    rate: Any = 0.1
    rate_of_another_kind: Any = "fast"
    with pytest.raises(
        TypeError, match=r"with_warmup: expected a schedule, a function of the step, received float 0\.1"
    ):
        optim.with_warmup(rate, 5)
    with pytest.raises(ValueError, match=r"with_warmup: expected a finite number .*schedule\(0\).*received"):
        optim.with_warmup(lambda step: rate_of_another_kind, 5)
