"""Changes of settings as command lines: what a diagnosis suggests, for a terminal."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

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


def command_line(launch: Launch, changes: Sequence[Change] = ()) -> str:
    """Return the command line that repeats a run with these changes, once for each of the values to compare.

    What is compared learns from the training rows alone, also where the run is a final model.
    """
    if any(isinstance(change.value, AnyOf) for change in changes):
        compared = [Change("training.final", False), *changes] if launch.is_final else changes
        return shlex.join(["python", "-m", "glassnet.stages.train", "-m", *_arguments(launch, compared)])
    if launch.standalone:
        return shlex.join(["python", "-m", "glassnet.stages.train", *_arguments(launch, changes)])
    return " ".join(["dvc exp run", *(f"-S {shlex.quote(each)}" for each in _arguments(launch, changes))])


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


def _arguments(launch: Launch, changes: Sequence[Change]) -> list[str]:
    """Return the overrides of the run that no change replaces, and the changes."""

    def is_replaced(given: str) -> bool:
        key = given.partition("=")[0].lstrip("+")
        return any(key == change.setting or key.startswith(f"{change.setting}.") for change in changes)

    return [*(each for each in launch.overrides if not is_replaced(each)), *map(override, changes)]
