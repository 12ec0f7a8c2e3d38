"""The improvements that were tried on a run, as the report tells of them."""

import shlex
from dataclasses import dataclass

from glassnet.reporting.commands import Launch, command_line
from glassnet.reporting.tables import Table, code, plain
from glassnet.runs import Layout
from glassnet.runs.improvements import Tried, read_improvements

SHOWN = 3
LUCK = "nothing of this helped by more than luck"


@dataclass(frozen=True)
class TriedImprovements:
    """What the report says of the improvements that were tried.

    Attributes:
        summary: what was tried in all.
        helped: a line and a command for each of those that helped, the best first, three at most.
        others: the table of further ones, which were better by no more than luck, as far as there is room.
    """

    summary: str
    helped: list[tuple[str, str]]
    others: Table


def tried_on(layout: Layout, key: str, launch: Launch) -> TriedImprovements | None:
    """Return what was tried on the run with this key; None where nothing was, or on another run, which a line says.

    Args:
        layout: of the run's files.
        key: what identifies the run.
        launch: how the run was started.
    """
    known = read_improvements(layout)
    if known["key"] != key:
        if known["key"] is not None:
            print(
                f"report: note: {layout.improvements} is of another run ({known['key']}) than the one described "
                f"({key}), and left out; run improve again"
            )
        return None
    helped = [each for each in known["tried"] if each["helps"]]
    lucky = [each for each in known["tried"] if not each["helps"] and each["change"] < 0]
    best = helped[:SHOWN]
    pairs = len(known["losses"])
    verdict = f"{len(helped)} of them helped by more than luck" if helped else LUCK
    summary = (
        f"{len(known['tried'])} changes were tried in {known['trainings']} trainings on training and validation rows, "
        f"beside today's settings with the same seed and split in each of {pairs} pair{'' if pairs == 1 else 's'}; "
        f"{verdict}"
    )
    return TriedImprovements(
        summary,
        [(_line(each), command_line(launch, given=each["changes"])) for each in best],
        [
            [code(" ".join(each["changes"])), plain(each["reason"]), change_of(each), each["fresh"]]
            for each in lucky[: SHOWN - len(best)]
        ],
    )


def command_that_tries(launch: Launch) -> str:
    """Return the command line that tries improvements of a run."""
    command = ["python", "-m", "glassnet.stages.improve"]
    if launch.standalone:
        command += [*launch.overrides, "hydra.run.dir=outputs/again"]
    return shlex.join(command) if launch.standalone or not launch.overrides else _within_dvc(launch)


def _within_dvc(launch: Launch) -> str:
    return command_line(launch, given=["improve.trainings=20"])


def change_of(tried: Tried) -> str:
    """Return the measured change of the validation loss with its interval: "-31% (-40% to -20%)"."""
    change = _percent(tried["change"])
    if tried["interval"] is None:
        return f"{change} ({'1 pair' if tried['pairs'] == 1 else 'too few pairs for an interval'})"
    low, high = map(_percent, tried["interval"])
    return f"{change} ({low} to {high})"


def _line(tried: Tried) -> str:
    name = f"{tried['reason'][0].upper()}{tried['reason'][1:]}"
    pairs = f"on {tried['fresh']} pairs that had no part in choosing it"
    return f"{name}: validation loss {change_of(tried)} {pairs}; a training costs {tried['cost']:.2g} times as much"


def _percent(fraction: float) -> str:
    text = f"{100 * fraction:+.3g}" if fraction < 9.995 else "more than +999"
    return f"{text}%"
