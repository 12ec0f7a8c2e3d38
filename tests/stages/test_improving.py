"""The search for improvements divides its budget, builds on what helped, and measures on pairs that had no say."""

import json
import math
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from glassnet.diagnostics import Change, Finding
from glassnet.runs import Layout
from glassnet.stages.candidates import FEW, Candidate
from glassnet.stages.halving import USUAL_FREEDOM, USUAL_SPREAD, estimates, halved, log_ratios, survivors, to_confirm
from glassnet.stages.improving import Budget, outcome, search
from glassnet.stages.paired_trainings import TODAY, Outcome, PairedTrainings
from glassnet.tables import PreparedData
from tests.settings import enter_project, settings_with


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a project's folder the working directory."""
    enter_project(tmp_path, monkeypatch)


def test_a_budget_is_divided() -> None:
    """Half is for confirming; from then on each pair has half the candidates."""
    assert [to_confirm(n) for n in (1, 3, 5, 10, 20, 60)] == [0, 2, 3, 5, 10, 30]
    assert [survivors(n) for n in (3, 5, 10, 30)] == [1, 2, 3, 10]
    assert [halved(n) for n in (1, 2, 3, 4, 8, 20)] == [1, 2, 3, 3, 4, 10]


class _Landscape(PairedTrainings):
    """Trainings whose loss is a formula of the rate and the dropout, with luck by pair: best at 0.02 and 0."""

    def __post_init__(self) -> None:
        """Begin with nothing trained."""

    def train(self, wanted: Sequence[tuple[Candidate, int]], executor: object, until: float = math.inf) -> None:
        """Compute the losses."""
        for candidate, pair in wanted:
            chosen = {"optimizer.learning_rate": 0.5, "model.dropout": 0.9, **candidate.settings}
            rate, dropout = cast("float", chosen["optimizer.learning_rate"]), cast("float", chosen["model.dropout"])
            luck = np.random.default_rng([pair, len(chosen), round(1e6 * rate), round(10 * dropout)]).normal(0, 0.05)
            loss = math.exp(abs(math.log(rate / 0.02)) / 3 + dropout + luck)
            self.outcomes.setdefault(candidate, {})[pair] = Outcome(loss, Layout(Path()))

    @property
    def overrides(self) -> list[str]:
        """None: the faults are in conf/."""
        return []

    def findings(self, candidate: Candidate) -> list[Finding]:
        """Return that the rate is too high, or if it has been mended, the dropout."""
        change = Change("optimizer.learning_rate", 0.05) if candidate == TODAY else Change("model.dropout", 0.2)
        return [Finding("too high", 1.0, "", "", (change,))]

    def cost(self, candidate: Candidate) -> float:
        """Return that it costs as much."""
        return 1.0


def _searched(monkeypatch: pytest.MonkeyPatch, budget: int, cores: int = 2) -> _Landscape:
    """Return a landscape after a search of it, with today's settings as one of the trainings."""
    settings = settings_with("data=digits", "optimizer.learning_rate=0.5", "model.dropout=0.9")
    values = json.loads(json.dumps(settings.describing_the_result()))
    about = {"rows": {"train": FEW + 1, "validation": 300}}
    data = cast("PreparedData", SimpleNamespace(class_names=("a", "b"), about=about))
    trainings = _Landscape(settings, values, data, None, Path(), "start")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    search(trainings, Budget(budget + 1, math.inf), lambda _: [], cast("ProcessPoolExecutor", None))
    return trainings


@pytest.mark.usefixtures("project")
def test_half_of_a_budget_builds_on_what_helped_and_half_confirms_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten: five on the first pair; the best two on a fresh one, and the better on another. Two faults are mended."""
    trainings = _searched(monkeypatch, 10)
    pairs = sorted((len(of_one) for each, of_one in trainings.outcomes.items() if each != TODAY), reverse=True)
    assert pairs == [3, 2, 1, 1, 1]
    assert trainings.trained == 11
    first = outcome(trainings, "k")["tried"][0]
    assert first["fresh"] == 2
    assert {each.partition("=")[0] for each in first["changes"]} == {"optimizer.learning_rate", "model.dropout"}
    assert first["change"] < -0.5


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("budget", [3, 5, 10, 31, 60])
def test_a_budget_in_trainings_is_spent_alike_on_any_number_of_cores(
    monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    """Whole, where enough helped to be confirmed."""
    one, many = (_searched(monkeypatch, budget, cores) for cores in (1, 16))
    assert outcome(one, "k") == outcome(many, "k")
    assert budget - 1 <= one.trained - 1 <= budget


def test_a_change_is_measured_on_fresh_pairs_alone() -> None:
    """The pair that chose is not in the mean; two fresh ones and the spread of all candidates give the interval."""
    today = {0: 1.0, 1: 1.0, 2: 1.0}
    ratios = {"good": log_ratios({0: 0.1, 1: 0.5, 2: 0.45}, today), "lucky": log_ratios({0: 0.5, 1: 1.02}, today)}
    ratios["certain"] = log_ratios({0: 0.5, 1: 0.5, 2: 0.5}, today)
    found = estimates(ratios)
    assert found["good"].change == pytest.approx((math.log(0.5) + math.log(0.45)) / 2)
    assert (found["lucky"].change, found["lucky"].interval, found["lucky"].helps) == (math.log(1.02), None, False)
    alone = estimates({"good": log_ratios({0: 0.5, 1: 0.5, 2: 0.48, 3: 0.52}, {0: 1, 1: 1, 2: 1, 3: 1})})["good"]
    assert alone.helps
    assert (alone.pairs, alone.fresh) == (4, 3)
    # Student's t of 5 degrees of freedom: 2.571 standard errors of a mean of three.
    own = 3 * statistics.variance(map(math.log, (0.5, 0.5, 0.48, 0.52)))
    spread = math.sqrt((USUAL_FREEDOM * USUAL_SPREAD**2 + own) / 5)
    assert alone.interval is not None
    assert alone.interval[1] - alone.change == pytest.approx(2.5706 * spread / math.sqrt(3), rel=1e-4)


def test_losses_that_are_as_good_as_none_say_little() -> None:
    """A validation split without any loss is a success, but not a billionfold one; of two such there is no change."""
    found = log_ratios({0: 0.0, 1: 2e-9, 2: 0.5}, {0: 0.1, 1: 1e-7, 2: 1.0})
    assert found == {0: pytest.approx(math.log(1e-3)), 1: 0.0, 2: pytest.approx(math.log(0.5))}


def test_intervals_hold_the_change_of_what_was_chosen() -> None:
    """Of the best of six on one pair, with two fresh ones: 95%, at spreads that trainings have."""
    rng = np.random.default_rng(0)
    for spread, least in ((0.1, 0.97), (0.25, 0.95), (0.4, 0.93)):
        held = []
        for _ in range(2000):
            first, fresh = rng.normal(-0.2, spread, 6).min(), rng.normal(-0.2, spread, 2)
            interval = estimates({"best": dict(enumerate([float(first), *fresh.tolist()]))})["best"].interval
            assert interval is not None
            held.append(interval[0] <= -0.2 <= interval[1])
        assert np.mean(held) > least, spread
