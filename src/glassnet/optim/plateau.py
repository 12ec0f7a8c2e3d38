"""Reduce on plateau: the one schedule that looks at how the training goes, and so has a state to save."""

import math
from collections.abc import Mapping

from glassnet.nn.arrays import describe
from glassnet.nn.checks import check_count, check_number
from glassnet.nn.ranges import Count, NotNegative, OpenFraction, Positive


class ReduceOnPlateau:
    """Cuts the rate to `factor` of itself whenever the watched loss has not fallen for `patience` observations.

    Called with a step it returns the current rate, whatever the step is, so it serves wherever a schedule does, with a
    warm-up in front of it too. `observe` is called once an epoch with the validation loss. A step at a rate η leaves
    the loss hovering about its minimum at a height that grows with η: when it no longer falls, a smaller rate is the
    way further down.

    Attributes:
        learning_rate: the current rate.
    """

    def __init__(
        self,
        learning_rate: Positive,
        factor: OpenFraction = 0.1,
        patience: Count = 10,
        minimum_change: NotNegative = 0.0,
        minimum_rate: NotNegative = 0.0,
    ) -> None:
        """Start at `learning_rate`; only falls by more than `minimum_change` count, and `minimum_rate` is the floor.

        Args:
            learning_rate: the first rate.
            factor: what is left at each cut, in (0, 1).
            patience: how many epochs without a lower validation loss lead to a cut.
            minimum_change: by how much more than this the loss must be lower to count.
            minimum_rate: the rate is not cut below this.
        """
        name = "ReduceOnPlateau"
        self.learning_rate = check_number(name, "learning_rate", learning_rate, 0, math.inf, low_open=True)
        self.factor = check_number(name, "factor", factor, 0, 1, low_open=True)
        self.patience = check_count(name, "patience", patience)
        self.minimum_change = check_number(name, "minimum_change", minimum_change, 0, math.inf)
        self.minimum_rate = check_number(name, "minimum_rate", minimum_rate, 0, math.inf)
        self._best, self._waited = math.inf, 0

    def __call__(self, step: int) -> float:
        """Return the current rate."""
        return self.learning_rate

    def observe(self, loss: float) -> None:
        """Take note of the loss after an epoch, and cut the rate if it is time."""
        if loss < self._best - self.minimum_change:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            self.learning_rate = max(min(self.learning_rate, self.minimum_rate), self.learning_rate * self.factor)
            self._waited = 0

    def state_dict(self) -> dict[str, float]:
        """Return all that the next rates depend on, besides the settings."""
        return {"learning_rate": self.learning_rate, "best": self._best, "waited": self._waited}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Restore what `state_dict` returned.

        Raises:
            ValueError: if an entry is missing or unexpected, or the rate is none.
        """
        own = self.state_dict()
        if not isinstance(state, Mapping) or state.keys() != own.keys():
            raise ValueError(f"ReduceOnPlateau: expected a state of {sorted(own)}, received {describe(state)}")
        rate = check_number("ReduceOnPlateau", "learning_rate", state["learning_rate"], 0, math.inf, low_open=True)
        self.learning_rate, self._best = rate, float(state["best"])
        self._waited = int(state["waited"])


SCHEDULES = {"plateau": ReduceOnPlateau}
