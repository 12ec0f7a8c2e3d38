"""What is wrong with every job of a sweep: it is found before the first of them begins, and said once."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from glassnet.config.compose import to_settings
from glassnet.config.errors import UserError
from glassnet.config.settings import Settings
from glassnet.runs.ending import MENDABLE, as_line
from glassnet.runs.layout import Layout
from glassnet.runs.plan import refers_to_its_job

Check = Callable[[Settings, Layout], object]


def mistakes_of_all(configs: Iterable[Any], check: Check, folder: Path) -> list[str]:
    """Return what is wrong with each configuration; nothing, and look no further, once one is found that is sound.

    Args:
        configs: of the jobs; one that refers to what is known in the job alone passes for sound.
        check: raises an error that the user can mend for settings that no training can begin with.
        folder: the sweep's.
    """
    mistakes = []
    for config in configs:
        if refers_to_its_job(config):
            return []
        try:
            check(to_settings(config, "settings"), Layout(folder))
        except MENDABLE as error:
            mistakes.append(as_line(error))
        except Exception:  # a bug: the job comes upon it too, and keeps the way to it
            return []
        else:
            return []
    return mistakes


def refuse(mistakes: Sequence[str]) -> None:
    """Raise a `UserError` with the first of the mistakes of all jobs, if there are any."""
    if mistakes:
        others = f"; none of the {len(mistakes)} jobs can be trained" if len(set(mistakes)) > 1 else ""
        raise UserError(f"{mistakes[0]}{others}")
