"""What a diagnosis finds: one thing that could be better, the numbers that show it, and the changes to try."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | float | int | bool | tuple[int, ...] | None


@dataclass(frozen=True)
class AnyOf:
    """Values of a setting to compare, with one training for each."""

    values: Sequence[Value]


@dataclass(frozen=True)
class Change:
    """One setting, and what it is to become.

    Attributes:
        setting: its dotted name, such as "optimizer.learning_rate"; that of a group, such as "model", stands for all of
            it.
        value: the value; for a group, the name of the choice.
    """

    setting: str
    value: Value | AnyOf


@dataclass(frozen=True)
class Finding:
    """One thing that could be better.

    Attributes:
        name: what, such as "overfitting".
        severity: from 0 to 1: how much is to be gained by mending it.
        evidence: the numbers that show it.
        advice: what to try next.
        changes: the settings that do so, the one that matters most last; none where their present values are unknown.
    """

    name: str
    severity: float
    evidence: str
    advice: str
    changes: tuple[Change, ...]


def rounded(value: float, digits: int) -> float:
    """Return a number with so many significant digits, as a person would choose it for a setting."""
    return float(f"{value:.{digits}g}")
