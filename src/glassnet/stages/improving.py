"""The search for improvements: the most promising candidates first, each on one pair, then the best of them on more."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from glassnet.config import flatten
from glassnet.reporting.commands import override
from glassnet.runs.improvements import Improvements, Tried
from glassnet.runs.manifest import learns_logarithm
from glassnet.stages.candidates import Candidate, back_to_conf, further, of_findings, usual, usually_good
from glassnet.stages.halving import (
    MOST_PAIRS,
    Estimate,
    estimates,
    halved,
    log_ratios,
    survivors,
    to_confirm,
)
from glassnet.stages.paired_trainings import TODAY, PairedTrainings
from glassnet.training.monitor import LOSS

LEAST_ROUND = 2  # candidates on the first pair, or a third of what is left; then what they showed decides on the next
FOLLOWED = math.log(0.9)  # a smaller gain on one pair is as likely luck: others are tried before more is built on it
LEAST_TO_CONFIRM = 3  # trainings: a candidate on the first pair, then it and today's settings on another
OVERHEAD = 0.5  # seconds of a training beside its epochs, about
DIGITS = 6  # what comes after depends on the processor


@dataclass
class Budget:
    """How many trainings there are to be: so many, or as many as some seconds have room for.

    Attributes:
        trainings: so many, or None.
        seconds: or so long.
        begun: when it began.
    """

    trainings: int | None
    seconds: float
    begun: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """How many seconds have passed."""
        return time.monotonic() - self.begun

    @property
    def end(self) -> float:
        """When the time is up, after which no training begins."""
        return self.begun + self.seconds

    def left(self, trainings: PairedTrainings) -> int:
        """Return how many there may still be."""
        if self.trainings is not None:
            return self.trainings - trainings.trained
        if trainings.trained_now > trainings.workers:
            of_one = self.spent / trainings.trained_now
        else:  # nothing to go by yet but the run itself
            of_one = (trainings.seconds + OVERHEAD) / trainings.workers
        return int((self.seconds - self.spent) / of_one)


def search(
    trainings: PairedTrainings,
    budget: Budget,
    of_errors: Callable[[PairedTrainings], Iterable[Candidate]],
    executor: ProcessPoolExecutor,
) -> None:
    """Train candidates beside today's settings until the budget is used up, or nothing is left to learn.

    Args:
        trainings: where they are trained.
        budget: how many there may be.
        of_errors: what the errors of today's network suggest.
        executor: the processes to train in.
    """
    if trainings.run is None:
        trainings.train([(TODAY, 0)], executor)
    waiting = _Queue(trainings)
    advised = list(of_findings(trainings.findings(TODAY)))
    back = back_to_conf(trainings.overrides, trainings.values)
    first = [*advised[:1], *back[:1], *usually_good(trainings.values, trainings.prepared.about["rows"]["train"])]
    waiting.add([*first, *_alternating(advised[1:], back[1:])])
    waiting.add(of_errors(trainings))
    waiting.add(usual(trainings.values, len(trainings.prepared.class_names) or None))
    before = trainings.trained

    def reserve() -> int:
        # Of a budget in seconds, what a training takes shows only as they go on.
        return to_confirm(trainings.trained - before + budget.left(trainings))

    while few := waiting.take(_round(budget.left(trainings) - reserve())):
        for batch in _batches(few, trainings.workers):
            if budget.left(trainings) > reserve():
                trainings.train([(each, 0) for each in batch], executor, budget.end)
        waiting.add_first(_following(trainings, waiting))
    _confirm(trainings, budget, executor)
    # What was kept for that is there still where nothing has helped: others are tried, while they could be confirmed.
    while more := waiting.take(_round(budget.left(trainings) - LEAST_TO_CONFIRM + 1)):
        trainings.train([(each, 0) for each in more], executor, budget.end)
        _confirm(trainings, budget, executor)


def _round(left: int) -> int:
    """Return how many candidates to train next: a few, so that what is tried after them is built on what helped."""
    return min(left, max(LEAST_ROUND, left // 3))


def _confirm(trainings: PairedTrainings, budget: Budget, executor: ProcessPoolExecutor) -> None:
    """Train the best candidates on further pairs, ever fewer; the next one takes the place of one that was lucky."""
    number = survivors(budget.left(trainings))
    while True:
        wanted: list[tuple[Candidate, int]] = []
        for candidate in _ranked(trainings)[:number]:
            pair = len(trainings.outcomes[candidate])
            missing = [] if pair in trainings.outcomes[TODAY] or (TODAY, pair) in wanted else [(TODAY, pair)]
            if pair <= MOST_PAIRS and len(wanted) + len(missing) < budget.left(trainings):
                wanted += [*missing, (candidate, pair)]
        if not wanted:
            return
        trainings.train(wanted, executor, budget.end)
        number = halved(number)


def _ranked(trainings: PairedTrainings) -> list[Candidate]:
    """Return the candidates that helped: those with fresh pairs first, the most helpful of them before the others."""
    known = _estimates(trainings)
    promising = [each for each, estimate in known.items() if estimate.change < 0 and not trainings.has_failed(each)]
    return sorted(promising, key=lambda each: (known[each].fresh == 0, known[each].change))


def _estimates(trainings: PairedTrainings) -> dict[Candidate, Estimate]:
    today = trainings.losses(TODAY)
    ratios = {each: log_ratios(trainings.losses(each), today) for each in trainings.outcomes if each != TODAY}
    return estimates({each: of_one for each, of_one in ratios.items() if of_one})


def _following(trainings: PairedTrainings, waiting: "_Queue") -> list[Candidate]:
    """Return what to try on top of what helped most: what its diagnosis advises, a further step, what helped too."""
    helped = [each for each in _ranked(trainings) if _estimates(trainings)[each].change <= FOLLOWED]
    if not helped:
        return []
    best = helped[0]
    advised = [best.joined(each) for each in of_findings(trainings.findings(best))]
    beyond = [step for each in helped[:2] if (step := further(each, trainings.values)) is not None]
    together = [best.joined(each) for each in helped[1:4] if not set(each.settings) & set(best.settings)]
    untried = [best.joined(each) for each in waiting.alone() if not set(each.settings) & set(best.settings)]
    return [*together[:1], *advised[:1], *beyond[:1], *together[1:], *advised[1:], *beyond[1:], *untried]


class _Queue:
    """Candidates that wait for their training, none of them twice and none that is today's settings."""

    def __init__(self, trainings: PairedTrainings) -> None:
        self._waiting: deque[Candidate] = deque()
        self._seen: set[tuple[str, ...]] = set()
        flat = flatten(trainings.values)
        self._today = {name: tuple(value) if isinstance(value, list) else value for name, value in flat.items()}

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Add candidates behind those that wait."""
        self._waiting.extend(each for each in candidates if self._is_new(each))

    def add_first(self, candidates: Iterable[Candidate]) -> None:
        """Add candidates before those that wait."""
        self._waiting.extendleft(reversed([each for each in candidates if self._is_new(each)]))

    def take(self, number: int) -> list[Candidate]:
        """Return so many of those that wait longest, which then wait no more."""
        return [self._waiting.popleft() for _ in range(min(max(0, number), len(self._waiting)))]

    def alone(self) -> list[Candidate]:
        """Return those that wait with a change of one setting."""
        return [each for each in self._waiting if len(each.changes) == 1]

    def _is_new(self, candidate: Candidate) -> bool:
        written = tuple(sorted(map(override, candidate.changes)))
        today = self._today
        is_today = all(name in today and today[name] == value for name, value in candidate.settings.items())
        is_new = not (is_today or written in self._seen)
        self._seen.add(written)
        return is_new


def _alternating(one: list[Candidate], other: list[Candidate]) -> list[Candidate]:
    """Return both lists as one, an element of each in turn."""
    longest = max(len(one), len(other))
    return [each for index in range(longest) for each in (*one[index : index + 1], *other[index : index + 1])]


def _batches(candidates: list[Candidate], size: int) -> Iterable[list[Candidate]]:
    return (candidates[start : start + size] for start in range(0, len(candidates), size))


def outcome(trainings: PairedTrainings, key: str) -> Improvements:
    """Return the record of what was tried."""
    known = _estimates(trainings)

    def rank(candidate: Candidate) -> tuple[bool, bool, bool, float]:
        estimate = known[candidate]
        return not estimate.helps, estimate.change >= 0, estimate.fresh == 0, estimate.change

    order = sorted(known, key=rank)
    today = trainings.losses(TODAY)
    record: Improvements = {
        "key": key,
        "trainings": trainings.trained,
        "losses": [_rounded(today[pair]) for pair in sorted(today)],
        "tried": [_tried(trainings, each, known[each]) for each in order],
    }
    if (monitor := trainings.settings.training.monitor) != LOSS.name:
        record["monitor"] = monitor
    if learns_logarithm(trainings.values):
        record["of_logarithm"] = True
    return record


def _tried(trainings: PairedTrainings, candidate: Candidate, estimate: Estimate) -> Tried:
    interval = estimate.interval
    return {
        "changes": list(map(override, candidate.changes)),
        "reason": candidate.reason,
        "pairs": estimate.pairs,
        "fresh": estimate.fresh,
        "change": _rounded(math.expm1(estimate.change)),
        "interval": None if interval is None else [_rounded(math.expm1(min(end, 700.0))) for end in interval],
        "cost": _rounded(trainings.cost(candidate)),
        "helps": estimate.helps,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
