"""A saved training and what it is to go on with: what differs, and whether its rates would have been the same."""

import os
import sys
from pathlib import Path

from glassnet.files import JsonObject, JsonValue
from glassnet.optim import Schedule
from glassnet.training.checkpoint import (
    CURRENT,
    DAMAGED,
    PREVIOUS,
    DamagedCheckpointError,
    Snapshot,
    Values,
    read_checkpoint,
)


def newest_checkpoint(folder: Path) -> tuple[Snapshot, JsonObject] | None:
    """Return the newest checkpoint that is whole, with its identity; None if there is none. A damaged one is put aside.

    The next one to be saved would else take the damaged one for the newest, and give it the place of the whole one.

    Raises:
        ValueError: if there are checkpoints, but none is whole.
    """
    present = [folder / name for name in (CURRENT, PREVIOUS) if (folder / name).is_file()]
    damaged = []
    for path in present:
        try:
            found = read_checkpoint(path)
        except DamagedCheckpointError as error:
            print(f"checkpoint: {error}; it is left aside", file=sys.stderr)
            damaged.append(path)
        else:
            for other in damaged:
                os.replace(other, folder / DAMAGED)
            return found
    if present:
        raise ValueError(
            f"{folder}: expected a whole checkpoint to resume from, received only damaged ones; delete the folder, or "
            "start without resume"
        )
    return None


def changes_between(before: JsonObject, now: JsonObject) -> dict[str, tuple[JsonValue, JsonValue]]:
    """Return what differs between two identities of a training, by name: the value before, and now."""
    return {
        name: (before.get(name), now.get(name))
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    }


def as_text(changes: dict[str, tuple[JsonValue, JsonValue]]) -> str:
    """Return changes as part of a line."""
    return "; ".join(f"{name} was {before!r} and is {now!r}" for name, (before, now) in changes.items())


def jump_of_rate(values: Values, schedule: Schedule, steps_per_epoch: int) -> tuple[float, float] | None:
    """Return the rates of the last step and of the next one, if the schedule would have had other rates until now.

    None stands for a schedule that goes on as if it had been there from the start. It is held against the rates that
    the training has recorded: that of each epoch's last step, and that of the very last one.

    Args:
        values: of the saved training.
        schedule: with which it is to go on, a function of the step.
        steps_per_epoch: how many updates an epoch has.
    """
    step = values["step"]
    recorded = {int(row["epoch"]) * steps_per_epoch - 1: row["learning_rate"] for row in values["history"]}
    if step:
        recorded[step - 1] = values["learning_rate"]
    if all(schedule(taken) == rate for taken, rate in recorded.items()):
        return None
    return values["learning_rate"], schedule(step)
