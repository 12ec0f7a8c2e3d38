"""Ranges of what constructors take, written beside the types; the settings of conf/ get them from there."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeAlias


@dataclass(frozen=True)
class Interval:
    """The numbers that an argument may be; each end is closed unless it says otherwise.

    Attributes:
        low: the lower end.
        high: the upper end.
        low_open: whether `low` itself is excluded.
        high_open: whether `high` itself is excluded.
    """

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True)
class InEpochs:
    """Says of a number of steps that its setting counts epochs.

    Attributes:
        setting: the name of the setting.
    """

    setting: str


@dataclass(frozen=True)
class InParts:
    """Says of a tuple that each of its entries is a setting of its own.

    Attributes:
        settings: the names of the settings.
    """

    settings: tuple[str, ...]


@dataclass(frozen=True)
class NotEmpty:
    """Says of a string, or of several values, that there is one at least."""


@dataclass(frozen=True)
class Checked:
    """Says of an argument that its setting has a rule of its own.

    Attributes:
        rule: returns what the argument is for a value of the setting, which may be of any type; raises a `ValueError`
            that says what was expected.
    """

    rule: Callable[[object], object]


@dataclass(frozen=True)
class AddedLater:
    """Says of an argument that it is younger than its constructor: settings without it are read, by its default."""


MOST = 2**31 - 1  # of anything that is counted: of what is beyond 64 bits, NumPy complains without naming an argument

Positive: TypeAlias = Annotated[float, Interval(0, low_open=True)]
NotNegative: TypeAlias = Annotated[float, Interval(0)]
HalfOpenFraction: TypeAlias = Annotated[float, Interval(0, 1, high_open=True)]
OpenFraction: TypeAlias = Annotated[float, Interval(0, 1, low_open=True, high_open=True)]
PositiveFraction: TypeAlias = Annotated[float, Interval(0, 1, low_open=True)]
ClosedFraction: TypeAlias = Annotated[float, Interval(0, 1)]
Count: TypeAlias = Annotated[int, Interval(1, MOST)]
