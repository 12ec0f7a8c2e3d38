"""What a search may choose from: the values of each setting, as a command line names them in Hydra's words."""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glassnet.config.compose import CONF
from glassnet.config.errors import UserError

DIGITS = 4  # of a number from an interval: more would be of no use, and are hard to read


@dataclass(frozen=True)
class Space:
    """The values of one setting.

    Attributes:
        name: the setting, as an override has it.
        values: those to choose from, as an override has them; none for an interval of several numbers.
        low: the lowest number, of an interval or of values that are numbers in a row.
        high: the highest one.
        is_log: whether numbers are proposed by their logarithms.
        is_whole: whether an interval has whole numbers alone.
        text: how the user wrote it.
    """

    name: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    is_log: bool = False
    is_whole: bool = False
    text: str = ""

    @property
    def size(self) -> float:
        """How many values there are; infinite for an interval of real numbers."""
        if self.values:
            return len(self.values)
        return self.high - self.low + 1 if self.is_whole else math.inf

    @property
    def example(self) -> str:
        """A value; from an interval of real numbers one that is not whole."""
        if self.values:
            return self.values[0]
        return str(int(self.low)) if self.is_whole else repr(self.low + (self.high - self.low) / math.pi)

    def propose(self, trial: Any) -> str:
        """Return an Optuna trial's value, as an override has it."""
        if self.values and self.is_log:
            number = trial.suggest_float(self.name, self.low, self.high, log=True)
            return min(self.values, key=lambda value: abs(math.log(float(value) / number)))
        if self.values and self.low < self.high:  # numbers in a row
            return self.values[trial.suggest_int(self.name, 0, len(self.values) - 1)]
        if self.values:
            return str(trial.suggest_categorical(self.name, self.values))
        if self.is_whole:
            return str(trial.suggest_int(self.name, int(self.low), int(self.high), log=self.is_log))
        number = trial.suggest_float(self.name, self.low, self.high, log=self.is_log)
        short = float(f"{number:.{DIGITS}g}")
        return repr(short if self.low <= short < self.high else number)

    def parameter(self, value: str) -> Any:
        """Return what Optuna has to suggest for `propose` to give this value."""
        if self.is_log or not self.values:
            return int(value) if self.is_whole else float(value)
        return self.values.index(value) if self.low < self.high else value

    def all_values(self) -> Sequence[str]:
        """Return all values of a finite space."""
        return self.values or [str(number) for number in range(int(self.low), int(self.high) + 1)]


def read_space(override: Any) -> Space:
    """Return what an override with several values names.

    Raises:
        UserError: for what names no values, or not the same ones each time: a trial must be repeatable.
    """
    value, text, name = override.value(), override.input_line, override.get_key_element()
    if getattr(value, "shuffle", False):
        raise UserError(f"expected the values in an order of their own, received {text!r}; leave shuffle out")
    if unknown := set(getattr(value, "tags", ())) - {"log"}:
        raise UserError(f"expected log, the one tag that a search knows, received {text!r} with {', '.join(unknown)}")
    is_log = "log" in getattr(value, "tags", ())
    if override.is_interval_sweep():
        return _interval(Space(name, (), value.start, value.end, is_log, isinstance(value.start, int), text))
    if override.is_range_sweep():
        return _range(Space(name, is_log=is_log, text=text), override)
    if is_log:
        raise UserError(f"expected an interval or a range to search by logarithms, received {text!r}; leave log out")
    if isinstance(getattr(value, "list", None), list):
        return Space(name, tuple(dict.fromkeys(override.sweep_string_iterator())), text=text)
    choices = sorted(path.stem for path in (CONF / override.key_or_group).glob("*.yaml"))
    if not (found := value.filter(choices)):
        raise UserError(
            f"expected the values to choose from, such as model=mlp,softmax, received {text!r}, which has none"
        )
    return Space(name, tuple(found), text=text)


def size_of(spaces: Sequence[Space]) -> float:
    """Return how many combinations of values there are."""
    return math.prod(space.size for space in spaces)


def shuffled(spaces: Sequence[Space], generator: random.Random) -> Iterator[tuple[str, ...]]:
    """Yield all combinations of finite spaces, beginning anywhere."""
    orders = [generator.sample(values := list(space.all_values()), len(values)) for space in spaces]
    return itertools.product(*orders)


def _interval(space: Space) -> Space:
    space = _checked(space, math.isfinite(space.low) and math.isfinite(space.high) and space.low <= space.high)
    return replace(space, values=(repr(space.low),)) if space.low == space.high else space


def _range(space: Space, override: Any) -> Space:
    from hydra.errors import HydraException

    try:
        values = tuple(override.sweep_string_iterator())
    except (HydraException, ValueError) as error:
        raise UserError(f"expected values to search in, received {space.text!r} ({error})") from error
    ends = sorted(float(value) for value in (*values[:1], *values[-1:])) or [0.0]
    return _checked(replace(space, values=values, low=ends[0], high=ends[-1]), bool(values))


def _checked(space: Space, has_values: bool) -> Space:
    if not has_values or (space.is_log and space.low <= 0):
        raise UserError(
            f"expected values from the lower to the higher, above 0 with log, received {space.text!r}, which has none"
        )
    return space
