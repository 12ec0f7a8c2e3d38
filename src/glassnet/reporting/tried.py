"""The improvements that were tried on a run, as the report tells of them."""

import shlex
from dataclasses import dataclass

from glassnet.reporting.commands import Launch, command_line
from glassnet.runs import Layout
from glassnet.runs.improvements import BETTER, Tried, compared_in, read_improvements

SHOWN = 3
LUCK = "nothing of this helped by more than luck"


@dataclass(frozen=True)
class TriedImprovements:
    """What the report says of the improvements that were tried.

    Attributes:
        summary: what was tried in all.
        best: a line and a command for each of the best, three at most; those that helped by more than luck first.
    """

    summary: str
    best: list[tuple[str, str]]


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
    helped = sum(each["helps"] for each in known["tried"])
    best = [each for each in known["tried"] if each["helps"] or each["change"] <= -BETTER][:SHOWN]
    pairs = len(known["losses"])
    verdict = f"{helped} of them helped by more than luck" if helped else LUCK
    summary = (
        f"{len(known['tried'])} changes were tried in {known['trainings']} trainings on training and validation rows, "
        f"beside today's settings with the same seed and split in each of {pairs} pair{'' if pairs == 1 else 's'}; "
        f"{verdict}"
    )
    compared = compared_in(known)
    return TriedImprovements(
        summary, [(_line(each, compared), command_line(launch, given=each["changes"])) for each in best]
    )


def command_that_tries(launch: Launch) -> str:
    """Return the command line that tries improvements of a run."""
    command = ["python", "-m", "glassnet.stages.improve"]
    if launch.standalone:
        command += [*launch.overrides, "hydra.run.dir=outputs/again"]
    elif launch.overrides:
        return command_line(launch, given=["improve.trainings=20"])
    return shlex.join(command)


def change_of(tried: Tried) -> str:
    """Return the measured change of what was compared with its interval: "-31% (-40% to -20%)"."""
    change = _percent(tried["change"])
    if tried["interval"] is None:
        return f"{change} ({'1 pair' if tried['pairs'] == 1 else 'too few pairs for an interval'})"
    low, high = map(_percent, tried["interval"])
    return f"{change} ({low} to {high})"


def _line(tried: Tried, compared: str) -> str:
    name = f"{tried['reason'][0].upper()}{tried['reason'][1:]}"
    if tried["fresh"]:
        pairs = f"on {tried['fresh']} pair{'s' if tried['fresh'] > 1 else ''} that had no part in choosing it"
    else:
        pairs = "on the pair that chose it"
    luck = "" if tried["helps"] else ", which may be luck"
    times = f"{tried['cost']:.2g}"
    cost = f"a training costs {'as much' if times == '1' else f'{times} times as much'}"
    return f"{name}: {compared} {change_of(tried)} {pairs}{luck}; {cost}"


def _percent(fraction: float) -> str:
    text = f"{100 * fraction:+.3g}" if fraction < 9.995 else "more than +999"
    return f"{text}%"
