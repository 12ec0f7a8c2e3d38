"""The tables of what was tuned: which settings changed with each promotion, and the scores that spoke for it."""

import math

from glassnet.config import TuningStep, ValidationScores
from glassnet.evaluation.number_text import readable
from glassnet.reporting.tables import Table, code, value_code


def tuning_changes(steps: list[TuningStep]) -> Table:
    """Return a row for each setting that a step of tuning changed."""
    return [
        [number, step["run"], code(name), value_code(before), value_code(after)]
        for number, step in enumerate(steps, 1)
        for name, (before, after) in step["changed"].items()
    ]


def tuning_reasons(steps: list[TuningStep]) -> Table:
    """Return the validation scores that spoke for each step, and how much they say."""
    return [
        [number, *(_loss(scores) for scores in (step["before"], step["after"])),
         *(_score(scores) for scores in (step["before"], step["after"])), _weight(step)]
        for number, step in enumerate(steps, 1)
    ]  # fmt: skip


def _loss(scores: ValidationScores | None) -> str:
    return "not on record" if scores is None else _with_deviation(scores["loss"], scores["trainings"])


def _score(scores: ValidationScores | None) -> str:
    if scores is None:
        return "not on record"
    return _with_deviation(scores["accuracy"] if "accuracy" in scores else scores["mae"], scores["trainings"])


def _with_deviation(values: list[float], trainings: int) -> str:
    """Return mean ± standard deviation, and the number of trainings."""
    mean, *deviation = values
    spread = f" ± {readable(deviation[0], 2)}" if deviation else ""
    return f"{readable(mean)}{spread} ({trainings})"


def _weight(step: TuningStep) -> str:
    """Return the difference in loss, held against the standard error that the trainings' spread gives it."""
    if step["before"] is None or step["after"] is None:
        return "nothing to compare with"
    (before, *spread_before), (after, *spread_after) = step["before"]["loss"], step["after"]["loss"]
    difference = readable(after - before, 3, signed=True)
    if not spread_before or not spread_after:
        return f"{difference}, of single trainings: luck is not ruled out"
    error = math.hypot(
        spread_before[0] / step["before"]["trainings"] ** 0.5, spread_after[0] / step["after"]["trainings"] ** 0.5
    )
    if error == 0:
        return difference
    size = abs(after - before) / error
    return f"{difference}, {size:.1f} standard errors{'' if size >= 2 else ': within the noise'}"
