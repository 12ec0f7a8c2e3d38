"""What a sweep will train: each job once, and none to turn off what is off already; said before the first begins."""

import contextlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from glassnet.config.ablation import ABLATION, UNCHANGED
from glassnet.config.compose import resolved
from glassnet.config.errors import UserError
from glassnet.config.origin import OF_THE_FILE
from glassnet.config.parsing import parse_settings
from glassnet.config.precedence import let_ablation_win, without_ablation

SHOWN = 12  # values of a setting
PAIRS = 5  # of jobs with the same settings that are named
Compose = Callable[[list[str]], Any]  # from overrides to a configuration


@dataclass(frozen=True)
class Plan:
    """The jobs of a sweep.

    Attributes:
        jobs: the overrides of each.
        lines: what to say of them beforehand: the values of each setting.
        notes: what the reader of the table should know: what is not trained, and why.
    """

    jobs: list[list[str]]
    lines: list[str]
    notes: list[str]


def require_values(override: Any) -> list[str]:
    """Return the values that a setting takes in a sweep, as an override has them.

    Raises:
        UserError: if there are none.
    """
    from hydra.errors import HydraException

    if override.is_interval_sweep():
        raise UserError(
            f"expected values to train one after another, received {override.input_line!r}, which is without steps; "
            "`python -m glassnet.stages.search` finds values in it"
        )
    try:
        values = list(override.sweep_string_iterator())
    except (HydraException, ValueError) as error:
        raise UserError(f"expected values to sweep over, received {override.input_line!r} ({error})") from error
    if not values:
        raise UserError(f"expected values to sweep over, received {override.input_line!r}, which has none")
    return values


def require_one_scale(names: Sequence[str]) -> None:
    """Raise a `UserError` if the trainings that are to be compared are to have losses on different scales.

    Args:
        names: of the settings that have several values.
    """
    if "data.target_transform" in names:
        raise UserError(
            "data.target_transform: expected one value for all trainings, received several; the validation loss of a "
            "logarithm and of the target itself are on different scales, and say nothing of which is better. Train, "
            "evaluate and report each by itself, and compare the mean absolute errors"
        )
    if "training.monitor" in names:
        raise UserError(
            "training.monitor: expected one score for all trainings, which they are compared by, received several"
        )
    if "training.keep" in names:
        raise UserError(
            "training.keep: expected one value for all trainings, received several; the best of many epochs is as good "
            "as the last or better in any case, which says nothing of new rows"
        )
    if "training.ensemble" in names:
        raise UserError(
            "training.ensemble: expected one value for all trainings, received several; they are compared by the "
            "validation loss of the single network, which it does not change. Train and evaluate each by itself, and "
            "compare the test scores"
        )


def make_plan(grid: Sequence[Sequence[str]], overrides: Sequence[Any], compose: Compose) -> Plan:
    """Return what is to be trained of a grid.

    A job whose settings another one has already would give the same result, and would count twice in a mean.

    Args:
        grid: the overrides of each job, in the order of the sweep.
        overrides: those that the grid is made of, as Hydra reads them.
        compose: gives the configuration of a job.

    Raises:
        UserError: if a job does not compose, if nothing is left to train, or if their losses do not compare.
    """
    names = [each.get_key_element() for each in overrides if each.is_sweep_override()]
    require_one_scale(names)
    keys: dict[tuple[str, ...], str] = {}

    def key_of(job: Sequence[str]) -> str:
        if tuple(job) not in keys:
            keys[tuple(job)] = settings_key(compose(list(job)))
        return keys[tuple(job)]

    first: dict[str, tuple[list[str], Sequence[str]]] = {}  # of the jobs with these settings: as it is, and as given
    off: dict[str, int] = {}
    twins: dict[tuple[str, str], int] = {}
    for number, given in enumerate(grid):
        job, ablation = let_ablation_win(given), _value(given, ABLATION)
        key = key_of(job) or str(number)
        if ablation == UNCHANGED:
            keys[tuple(without_ablation(given))] = key
        if ablation not in {"", "null", UNCHANGED} and key == key_of(without_ablation(given)):
            off[ablation] = off.get(ablation, 0) + 1
        elif key in first:
            pair = _differing(given, first[key][1])
            twins[pair] = twins.get(pair, 0) + 1
        else:
            first[key] = (job, given)
    jobs = [job for job, _ in first.values()]
    if not jobs:
        raise UserError(
            f"{ABLATION}: expected a part that is on, received {', '.join(off)}, off already: nothing to train"
        )
    notes = [_note_of_off(off)] if off else []
    notes += [_note_of_twins(*pair, number) for pair, number in list(twins.items())[:PAIRS]]
    if len(twins) > PAIRS:
        notes.append(f"{_jobs(sum(list(twins.values())[PAIRS:]))} left out likewise: others make the same settings")
    notes += [note for each in overrides if (note := note_of_end(each))]
    return Plan(jobs, _lines(jobs, names, len(grid)), notes)


def settings_key(config: Any) -> str:
    """Return a text that is the same for two configurations if, and only if, their settings are.

    It is empty for one that refers to what is known in the job alone, such as its number, and so is like no other.
    """
    if refers_to_its_job(config):
        return ""
    values: Any = resolved(config, {"hydra", ABLATION, *OF_THE_FILE})  # a digest of the file tells 0 from 0.0
    with contextlib.suppress(UserError):  # the job will say so
        values = parse_settings({**values, "settings_digest": ""}, "settings").model_dump()
    return json.dumps(values, sort_keys=True, default=str)


def refers_to_its_job(config: Any) -> bool:
    """Return whether a configuration refers to what is known in the job alone, such as its number."""
    from omegaconf import OmegaConf

    values: Any = OmegaConf.to_container(config)
    return "${hydra:" in str({name: value for name, value in values.items() if name != "hydra"})


def _lines(jobs: list[list[str]], names: list[str], grid: int) -> list[str]:
    """Return a line for each setting, with its values as the jobs use them, below one for them all."""
    more = f", of {grid} in the grid" if len(jobs) < grid else ""
    lines = [f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}{more}"]
    width = max(map(len, names), default=0)
    for name in names:
        values = list(dict.fromkeys(value for job in jobs if (value := _value(job, name))))
        shown = values if len(values) <= SHOWN else [*values[: SHOWN - 2], "…", values[-1]]
        count = f"{len(values)} values" if len(values) > 1 else "1 value"
        lines.append(f"  {name:{width}}  {count}: {', '.join(shown)}")
    return lines


def _note_of_off(off: dict[str, int]) -> str:
    number = sum(off.values())
    return (
        f"{ABLATION}: {', '.join(off)}: off already, so that there is nothing to turn off; {_jobs(number)} not trained"
    )


def _note_of_twins(here: str, there: str, number: int) -> str:
    if here == there:
        return f"values that are given twice count once; {_jobs(number)} not trained again"
    return f"{here} makes the same settings as {there}; {_jobs(number)} not trained again"


def note_of_end(override: Any) -> str:
    """Return a note if a range has its own end, by the rounding of its steps; Hydra means ranges to be without."""
    if not override.is_range_sweep():
        return ""
    value = override.value()
    numbers = list(value.range())
    if not math.isclose(numbers[-1], value.stop, rel_tol=1e-9, abs_tol=1e-9 * abs(value.step)):
        return ""
    return (
        f"{override.input_line} has its end, {value.stop}, too: its steps are added up in floating-point numbers; "
        f"{override.get_key_element()}={','.join(f'{number:.6g}' for number in numbers[:-1])} leaves it out"
    )


def _jobs(number: int) -> str:
    return "1 job is" if number == 1 else f"{number} jobs are"


def _value(job: Sequence[str], name: str) -> str:
    """Return the value that a job gives a setting, or nothing."""
    return next((value for key, _, value in (override.partition("=") for override in job) if key == name), "")


def _differing(job: Sequence[str], other: Sequence[str]) -> tuple[str, str]:
    """Return what two jobs were given that differs, and the ablation that may be why their settings do not."""
    here = [override for override in job if override not in other or (job != other and _value([override], ABLATION))]
    return " ".join(here), " ".join(override for override in other if override not in job)
