"""The monitored score: which number of the validation rows decides what epoch is kept, and when a training stops."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from glassnet import evaluation, nn
from glassnet.evaluation.ranking import log_odds
from glassnet.nn import FloatArray
from glassnet.training.history_file import Row

CLASSES, NUMBERS = "classification", "regression"
Score: TypeAlias = Callable[["Monitor", nn.Loss, FloatArray, npt.NDArray[Any]], float]


@dataclass(frozen=True)
class Monitor:
    """A score of the validation rows by its name, one of `MONITORS`.

    Attributes:
        name: of the score; "loss" for the validation loss.
        positive: of two classes, the one whose rows average precision ranks.
    """

    name: str = "loss"
    positive: int = 1

    def __post_init__(self) -> None:
        """Refuse a name that there is not.

        Raises:
            ValueError: for any but those of `MONITORS`.
        """
        if self.name not in MONITORS:
            raise ValueError(f"monitor: expected one of {', '.join(MONITORS)}, received {self.name!r}")

    @property
    def column(self) -> str:
        """The column of the history that has it."""
        return f"validation_{self.name}"

    def require_task(self, task: str) -> None:
        """Raise a `ValueError` unless the score is one of this task: "classification", or "regression"."""
        own = MONITORS[self.name].task
        if own not in {None, task}:
            fitting = ", ".join(name for name, kind in MONITORS.items() if kind.task in {None, task})
            raise ValueError(f"monitor: expected a score of a {task}, one of {fitting}, received {self.name}")

    def require_loss(self, loss: nn.Loss) -> None:
        """Raise a `ValueError` unless the score is one of the task of a loss, as far as its own score says it."""
        if (kind := MONITORS.get(loss.score_name)) is not None and kind.task is not None:
            self.require_task(kind.task)

    def score(self, loss: nn.Loss, outputs: FloatArray, targets: npt.NDArray[Any]) -> float:
        """Return the score of the network's outputs for all validation rows, answered as its loss answers.

        Raises:
            ValueError: where it is undefined, as average precision is with a single class.
        """
        kind = MONITORS[self.name]
        if kind.task == CLASSES and targets.ndim == 2:
            targets = targets.argmax(axis=1)
        value = math.nan if kind.score is None else kind.score(self, loss, outputs, targets)
        if not math.isfinite(value):
            present = np.unique(targets).tolist()[:5]
            raise ValueError(
                f"monitor: expected validation rows that {self.name} is defined for, received classes {present} alone"
            )
        return value

    def minimized(self, row: Row) -> float:
        """Return of an epoch's row what is to be low: the score, or 1 less the score where a higher one is better."""
        return minimized(self.name, row[self.column])


def minimized(name: str, value: float) -> float:
    """Return what is minimized of a monitored score: 1 less it, where a higher one is better; twice, the score."""
    return value if MONITORS[name].lower_is_better else 1 - value


@dataclass(frozen=True)
class Kind:
    """What there is to know of a score.

    Attributes:
        task: that it is for; None for any.
        score: computes it from the outputs of all rows; None for the loss, which is there in any case.
        lower_is_better: its direction.
    """

    task: str | None
    score: Score | None
    lower_is_better: bool = False


def _of_counts(score: Callable[[npt.NDArray[np.int64]], Any]) -> Score:
    def of_answers(_: Monitor, loss: nn.Loss, outputs: FloatArray, targets: npt.NDArray[Any]) -> float:
        return float(score(evaluation.confusion_matrix(targets, loss.answers(outputs), outputs.shape[1])))

    return of_answers


def _average_precision(monitor: Monitor, _: nn.Loss, outputs: FloatArray, targets: npt.NDArray[Any]) -> float:
    """Return that of the positive class; of more than two, the mean over the classes that have rows."""
    scores = nn.log_softmax(outputs)
    of_two: Sequence[int] = [monitor.positive]
    labels = of_two if outputs.shape[1] == 2 else np.unique(targets).tolist()
    if len(np.unique(targets)) < 2:
        return math.nan
    each = [evaluation.average_precision(targets == label, log_odds(scores, label)) for label in labels]
    return float(np.mean(each))


def _roc_auc(_: Monitor, __: nn.Loss, outputs: FloatArray, targets: npt.NDArray[Any]) -> float:
    return evaluation.roc_auc(targets, nn.softmax(outputs))


def _mae(_: Monitor, __: nn.Loss, outputs: FloatArray, targets: npt.NDArray[Any]) -> float:
    return float(np.abs(outputs.astype(np.float64) - targets).mean())


def _rmse(_: Monitor, __: nn.Loss, outputs: FloatArray, targets: npt.NDArray[Any]) -> float:
    return float(np.sqrt(np.square(outputs.astype(np.float64) - targets).mean()))


MONITORS: Mapping[str, Kind] = {
    "loss": Kind(None, None, lower_is_better=True),
    "accuracy": Kind(CLASSES, _of_counts(evaluation.accuracy)),
    "balanced_accuracy": Kind(CLASSES, _of_counts(evaluation.balanced_accuracy)),
    "macro_f1": Kind(CLASSES, _of_counts(evaluation.macro_f1)),
    "average_precision": Kind(CLASSES, _average_precision),
    "roc_auc": Kind(CLASSES, _roc_auc),
    "mae": Kind(NUMBERS, _mae, lower_is_better=True),
    "rmse": Kind(NUMBERS, _rmse, lower_is_better=True),
}
"""What can be monitored, by the names that conf/ takes."""

LOSS = Monitor()  # what is monitored by default
