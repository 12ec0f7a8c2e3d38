"""Naming columns and strings in a sentence: all of them, or as many as a line can bear."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

LEAST_IN_A_RUN = 4
SHOWN = 8


def listed(names: Iterable[Any]) -> str:
    """Return at most eight names in one line, long ones cut short."""
    names = [name if len(name) <= 40 else f"{name[:39]}…" for name in map(str, names)]
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def all_named(names: Iterable[str]) -> str:
    """Return all names in one line: p1, p2, p3 and p4, which differ by a number that counts them, as p1 to p4."""
    runs: list[list[str]] = []
    for name in (" ".join(name.split()) for name in names):
        if runs and _follows(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    said: list[str] = []
    for run in runs:
        said += [f"{run[0]} to {run[-1]} ({len(run)} columns)"] if len(run) >= LEAST_IN_A_RUN else run
    return ", ".join(said)


def with_details(details: dict[str, str]) -> str:
    """Return all names, each with its detail in brackets, if it has one; what several have in common is said once."""
    groups: dict[str, list[str]] = {}
    for name, detail in details.items():
        groups.setdefault(detail, []).append(name)
    return "; ".join(
        f"{all_named(names)} ({detail})" if detail else all_named(names) for detail, names in groups.items()
    )


def near(name: str, names: Iterable[str]) -> str | None:
    """Return which of the names was meant by one that is not among them, if it is clear."""
    names = list(names)
    alike = [other for other in names if _letters(other) == _letters(name)]
    return next(iter(alike or difflib.get_close_matches(name, names, n=1, cutoff=0.8)), None)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def rows_were(count: int) -> str:
    """Return so many rows, and the verb that goes with them."""
    return "1 row was" if count == 1 else f"{count} rows were"


def _follows(one: str, other: str) -> bool:
    """Return whether two names differ by a number alone, which is larger by one in the other."""
    parts, of_other = re.split(r"(\d+)", one), re.split(r"(\d+)", other)
    differing = [place for place, (a, b) in enumerate(zip(parts, of_other, strict=False)) if a != b]
    if len(parts) != len(of_other) or len(differing) != 1 or differing[0] % 2 == 0:
        return False
    return int(parts[differing[0]]) + 1 == int(of_other[differing[0]])
