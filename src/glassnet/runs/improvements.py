"""The record of improvements that were tried on a run: what was changed, by how much it helped, and how surely."""

import json
from typing import NotRequired, TypedDict, cast

from glassnet.files import write_whole
from glassnet.runs.layout import Layout
from glassnet.training import MONITORS
from glassnet.training.monitor import LOSS

TRIALS = "improve"  # in the checkpoints of a run: the folder of what was trained for it, below its key
BETTER = 0.02  # by what fraction a loss must be lower to count as better


class Tried(TypedDict):
    """A change of settings that was trained beside today's settings.

    Attributes:
        changes: the settings that change, as overrides of Hydra's.
        reason: why it was tried.
        pairs: how often it was trained beside today's settings.
        fresh: how many of these pairs had no part in choosing it; the change and its interval are of them alone.
        change: by what fraction the validation loss was higher, the geometric mean of the pairs; below 0, it fell.
        interval: that holds the change with 95%; None where there are too few pairs for one.
        cost: the multiply-adds of a training, as a multiple of those of today's settings.
        helps: whether it is an improvement: by `BETTER` or more, and by more than luck.
    """

    changes: list[str]
    reason: str
    pairs: int
    fresh: int
    change: float
    interval: list[float] | None
    cost: float
    helps: bool


class Improvements(TypedDict):
    """The content of reports/improvements.json.

    Attributes:
        key: that of the run; None where nothing was tried.
        trainings: how many were spent.
        losses: today's best validation loss in each pair, the run's own first.
        tried: the changes, those that help first, the most helpful of them before the others.
        monitor: the score that was compared, where that is not the loss; what is said of the loss is said of 1 less the
            score where a higher one is better.
        of_logarithm: there, and true, where the losses are of the logarithm of the target, which was learnt.
    """

    key: str | None
    trainings: int
    losses: list[float]
    tried: list[Tried]
    monitor: NotRequired[str]
    of_logarithm: NotRequired[bool]


def compared_in(improvements: Improvements) -> str:
    """Return the name of what was compared, as a sentence has it."""
    monitor = improvements.get("monitor", LOSS.name)
    learnt = " of the logarithm" if improvements.get("of_logarithm") else ""
    name = f"validation {monitor.replace('_', ' ')}{learnt}"
    return name if MONITORS[monitor].lower_is_better else f"1 less the {name}"


NOTHING: Improvements = {"key": None, "trainings": 0, "losses": [], "tried": []}


def read_improvements(layout: Layout) -> Improvements:
    """Return what was tried on the run of a folder, or on an earlier one there; nothing, where there is no record.

    Raises:
        ValueError: if the record is damaged.
    """
    path = layout.improvements
    if not path.is_file():
        return NOTHING
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        received = f"no JSON ({error})"
        raise ValueError(f"{path}: expected what improve wrote, received {received}; run improve again") from error
    whole = isinstance(content, dict) and content.keys() >= Improvements.__required_keys__
    if not whole or any(each.keys() < Tried.__required_keys__ for each in content["tried"]):
        raise ValueError(f"{path}: expected what improve wrote, received a damaged record; run improve again")
    return cast(Improvements, content)


def write_improvements(layout: Layout, improvements: Improvements) -> None:
    """Write the record, whole or not at all."""
    layout.improvements.parent.mkdir(parents=True, exist_ok=True)
    write_whole(layout.improvements, json.dumps(improvements, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
