"""The record of tuning: which settings each promotion changed, and the validation scores that spoke for the change."""

import json
import re
from pathlib import Path
from typing import TypedDict

from glassnet.config.errors import UserError
from glassnet.config.settings import Settings, flatten
from glassnet.files import JsonValue

TUNING = Path("conf", "tuning.json")
REPLICATES = ("seed", "data.fold", "data.repetition")  # the same training again; results are averaged over them


class ValidationScores(TypedDict, total=False):
    """How many trainings there are with some settings, and what they scored.

    Attributes:
        trainings: how many.
        loss: mean and standard deviation of the best validation loss; of a single training, the mean alone.
        accuracy: the same of the accuracy, for a classification.
        mae: the same of the mean absolute error, for a regression.
    """

    trainings: int
    loss: list[float]
    accuracy: list[float]
    mae: list[float]


class Evidence(TypedDict):
    """The scores of trainings with the settings before and after a change; None where there are none."""

    before: ValidationScores | None
    after: ValidationScores | None


class TuningStep(Evidence):
    """One promotion, as conf/tuning.json has it.

    Attributes:
        data: the data set, as `data_set_name` calls it.
        run: the name of the promoted run.
        changed: the values of each setting before and after.
    """

    data: str
    run: str
    changed: dict[str, list[JsonValue]]


def data_set_name(name: str, path: str) -> str:
    """Return what to call the data set that `data.name` and `data.path` choose: a table of one's own by its file."""
    return name if name != "csv" else "csv-" + re.sub(r"[^\w.-]+", "_", Path(path).stem)


def read_tuning(data: str | None = None) -> list[TuningStep]:
    """Return the steps of tuning in their order; with the name of a data set, those on that one.

    Raises:
        UserError: if the file is damaged.
    """
    if not TUNING.is_file():
        return []
    try:
        steps = json.loads(TUNING.read_text(encoding="utf-8"))
        return [step for step in steps if data is None or step["data"] == data]
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{TUNING}: expected what `promote` wrote, received something else ({error})") from error


def tuning_step(before: Settings, after: Settings, run: str, evidence: Evidence) -> TuningStep | None:
    """Return the step of tuning from some settings to others; None if no setting changes, or the data set does.

    Args:
        before: the settings until now.
        after: those of the promoted run.
        run: the name of that run.
        evidence: what trainings with either scored.
    """
    changed = _changed_settings(before, after)
    data, other = (data_set_name(settings.data.name, settings.data.path) for settings in (after, before))
    if not changed or data != other:
        return None
    return {
        "data": data,
        "run": run,
        "changed": changed,
        "before": evidence["before"],
        "after": evidence["after"],
    }


def tuning_with(step: TuningStep) -> str:
    """Return the text of the record with one more step."""
    return _as_text([*read_tuning(), step])


def tuning_without(step: TuningStep) -> str:
    """Return the text of the record without the last of the steps that are equal to this one, if there is any."""
    steps = read_tuning()
    equal = [index for index, each in enumerate(steps) if each == step]
    return _as_text([each for index, each in enumerate(steps) if index not in equal[-1:]])


def _as_text(steps: list[TuningStep]) -> str:
    return json.dumps(steps, indent=2, ensure_ascii=False) + "\n"


def _changed_settings(before: Settings, after: Settings) -> dict[str, list[JsonValue]]:
    """Return each setting that differs, with its value before and after; None where one of them lacks it."""
    old, new = (flatten(settings.describing_the_result()) for settings in (before, after))
    return {name: [old.get(name), new.get(name)] for name in {**new, **old} if old.get(name) != new.get(name)}
