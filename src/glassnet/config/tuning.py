"""The record of tuning: which settings each promotion changed, and the validation scores that spoke for the change."""

import json
import re
from pathlib import Path
from typing import Any

from glassnet.config.errors import UserError
from glassnet.config.settings import Settings, flatten

TUNING = Path("conf", "tuning.json")
REPLICATES = ("seed", "data.fold", "data.repetition")  # the same training again; results are averaged over them

Json = dict[str, Any]


def data_set_name(data: Json) -> str:
    """Return what to call the data set that these settings of `data` choose: a table of one's own by its file."""
    if data["name"] != "csv":
        return str(data["name"])
    return "csv-" + re.sub(r"[^\w.-]+", "_", Path(data["path"]).stem)


def read_tuning(data: Json | None = None) -> list[Json]:
    """Return the steps of tuning in their order; with the settings of `data`, those on that data set.

    Raises:
        UserError: if the file is damaged.
    """
    if not TUNING.is_file():
        return []
    try:
        steps = json.loads(TUNING.read_text(encoding="utf-8"))
        return [step for step in steps if data is None or step["data"] == data_set_name(data)]
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{TUNING}: expected what `promote` wrote, received something else ({error})") from error


def tuning_step(before: Settings, after: Settings, run: str, evidence: Json) -> Json | None:
    """Return the step of tuning from some settings to others; None if no setting changes, or the data set does.

    Args:
        before: the settings until now.
        after: those of the promoted run.
        run: the name of that run.
        evidence: "before" and "after", the validation scores of trainings with either; None where there are none.
    """
    changed = _changed_settings(before, after)
    data, other = (data_set_name(settings.data.model_dump()) for settings in (after, before))
    return {"data": data, "run": run, "changed": changed, **evidence} if changed and data == other else None


def tuning_with(step: Json) -> str:
    """Return the text of the record with one more step."""
    return _as_text([*read_tuning(), step])


def tuning_without(step: Json) -> str:
    """Return the text of the record without the last of the steps that are equal to this one, if there is any."""
    steps = read_tuning()
    places = [place for place, each in enumerate(steps) if each == step]
    return _as_text([each for place, each in enumerate(steps) if place not in places[-1:]])


def _as_text(steps: list[Json]) -> str:
    return json.dumps(steps, indent=2, ensure_ascii=False) + "\n"


def _changed_settings(before: Settings, after: Settings) -> dict[str, list[Any]]:
    """Return each setting that differs, with its value before and after; None where one of them lacks it."""
    old, new = (flatten(settings.describing_the_result()) for settings in (before, after))
    return {name: [old.get(name), new.get(name)] for name in {**new, **old} if old.get(name) != new.get(name)}
