"""Changes of settings as command lines: what a diagnosis suggests, for a terminal."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from glassnet.diagnostics import AnyOf, Change
from glassnet.diagnostics.diagnosis.finding import Value


@dataclass(frozen=True)
class Launch:
    """How a run was started.

    Attributes:
        overrides: what takes conf/ to its settings.
        standalone: whether it was started by its command, and not by DVC.
        is_final: whether its network was trained anew on the validation rows too.
    """

    overrides: tuple[str, ...] = ()
    standalone: bool = False
    is_final: bool = False


def command_line(launch: Launch, changes: Sequence[Change] = (), *, given: Sequence[str] = ()) -> str:
    """Return the command line that repeats a run with these changes, once for each of the values to compare.

    What is compared learns from the training rows alone, also where the run is a final model.

    Args:
        launch: how the run was started.
        changes: what to change.
        given: further changes, as overrides.
    """
    launch = replace(launch, overrides=replaced(launch.overrides, given))
    if any(isinstance(change.value, AnyOf) for change in changes):
        compared = [Change("training.final", False), *changes] if launch.is_final else changes
        return shlex.join(["python", "-m", "glassnet.stages.train", "-m", *arguments(launch, compared)])
    if launch.standalone:
        return shlex.join(["python", "-m", "glassnet.stages.train", *arguments(launch, changes)])
    return " ".join(["dvc exp run", *(f"-S {shlex.quote(each)}" for each in arguments(launch, changes))])


def command_that_looks(launch: Launch) -> str:
    """Return the command line that puts a run under glass."""
    folder = [*launch.overrides, "hydra.run.dir=outputs/again"] if launch.standalone else []
    return shlex.join(["python", "-m", "glassnet.stages.look", *folder])


def override(change: Change) -> str:
    """Return a change as an override of Hydra's; values to compare are separated by commas."""
    if not isinstance(change.value, AnyOf):
        return f"{change.setting}={_written(change.value)}"
    values = change.value.values
    if isinstance(values, range) and (values.start, values.step) == (0, 1):
        return f"{change.setting}=range({values.stop})"
    return f"{change.setting}={','.join(map(_written, values))}"


def _written(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{','.join(map(str, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def replaced(overrides: Sequence[str], by: Sequence[str]) -> tuple[str, ...]:
    """Return overrides with others behind them, and without those whose settings the others change."""
    names = [each.partition("=")[0] for each in by]

    def is_replaced(given: str) -> bool:
        key = given.partition("=")[0].lstrip("+")
        return any(key == name or key.startswith(f"{name}.") for name in names)

    return (*(each for each in overrides if not is_replaced(each)), *by)


def arguments(launch: Launch, changes: Sequence[Change]) -> list[str]:
    """Return the overrides of a run that no change replaces, and the changes."""
    return list(replaced(launch.overrides, list(map(override, changes))))
