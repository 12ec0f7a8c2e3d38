"""The improvements that were tried on a run, as the report tells of them."""

from dataclasses import dataclass

from glassnet.reporting.commands import Launch, command_line
from glassnet.runs import Layout
from glassnet.runs.improvements import Tried, read_improvements

SHOWN = 3
LUCK = "nothing of this helped by more than luck"


@dataclass(frozen=True)
class TriedImprovements:
    """What the report says of the improvements that were tried.

    Attributes:
        lines: an advice each, with what was measured.
        commands: the command line of each.
        summary: what was tried in all.
    """

    lines: list[str]
    commands: list[str]
    summary: str


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
    best = known["tried"][:SHOWN]
    helped = sum(each["helps"] for each in known["tried"])
    verdict = f"{helped} of them helped by more than luck" if helped else LUCK
    pairs = len(known["losses"])
    summary = (
        f"{len(known['tried'])} changes were tried in {known['trainings']} trainings on training and validation rows, "
        f"beside today's settings with the same seed and the same split in each of {pairs} "
        f"pair{'' if pairs == 1 else 's'}; {verdict}"
    )
    commands = [command_line(launch, given=each["changes"]) for each in best]
    return TriedImprovements([_line(each) for each in best], commands, summary)


def change_of(tried: Tried) -> str:
    """Return the measured change of the validation loss with its interval: "−31% (−40% to −20%)"."""
    change = _percent(tried["change"])
    if tried["interval"] is None:
        return f"{change} ({'1 pair' if tried['pairs'] == 1 else 'too few pairs for an interval'})"
    low, high = map(_percent, tried["interval"])
    return f"{change} ({low} to {high})"


def _line(tried: Tried) -> str:
    how_sure = {
        True: f"on {tried['fresh']} pairs that had no part in choosing it",
        False: "which may be luck",
    }[tried["helps"]]
    name = f"{tried['reason'][0].upper()}{tried['reason'][1:]}"
    cost = f"a training costs {tried['cost']:.2g} times as much"
    return f"**{name}.** Validation loss {change_of(tried)}, {how_sure}; {cost}"


def _percent(fraction: float) -> str:
    text = f"{100 * abs(fraction):.3g}" if abs(fraction) < 9.995 else "more than 999"
    return f"{'+' if fraction > 0 else '−' if fraction < 0 else ''}{text}%"
