"""The section `evaluation`: how a class is decided on, which one is positive, and what the network is held against."""

import math
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from glassnet.config.fields import Section
from glassnet.config.signatures import REFUSED

CRITERIA = ("f1", "balanced")  # what a threshold of two classes may maximize on the validation rows
COST = "cost"


def _threshold(value: Any) -> Any:
    """Return the rule of a decision: None, a number, a criterion, or the costs of errors as a square of floats."""
    if value is None or (isinstance(value, str) and value in CRITERIA):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    if isinstance(value, dict) and list(value) == [COST]:
        return {COST: _costs(value[COST])}
    choices = f"null, a number from 0 to 1, {', '.join(CRITERIA)} or {{{COST}: [[0, 1], [5, 0]]}}"
    raise _refused(f"expected {choices}, received {value!r}")


def _costs(value: Any) -> list[list[float]]:
    """Return a cost for each pair of an actual class, by rows, and a predicted one."""
    rows = value if isinstance(value, list) else []
    entries = [entry for row in rows if isinstance(row, list) for entry in row]
    is_square = len(rows) > 1 and all(isinstance(row, list) and len(row) == len(rows) for row in rows)
    are_numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in entries)
    if not is_square or not are_numbers or not all(math.isfinite(each) and each >= 0 for each in entries):
        raise _refused(
            f"expected {COST} as a square of numbers of 0 or more, a row for each actual class and a column for each "
            f"predicted one, received {value!r}"
        )
    costs = [[float(each) for each in row] for row in rows]
    for label, row in enumerate(costs):
        if row[label] >= min(row[:label] + row[label + 1 :]):
            raise _refused(
                f"expected each row of {COST} to have its least number, that of the right answer, on the diagonal, "
                f"received {value[label]} as row {label + 1}"
            )
    return costs


def _refused(said: str) -> PydanticCustomError:
    return PydanticCustomError(REFUSED, "{said}", {"said": said})


Threshold = Annotated[float | str | dict[str, list[list[float]]] | None, BeforeValidator(_threshold)]


BaselineName: TypeAlias = Literal["majority", "linear", "boosting"]


def _each_once(names: list[str] | None) -> list[str] | None:
    if names is not None and len(set(names)) < len(names):
        raise ValueError("each baseline once")
    return names


class EvaluationSettings(Section):
    """How the network's probabilities become decisions, and its baselines; None for all that fit the data."""

    threshold: Threshold = None
    positive: str | None = None
    baselines: Annotated[list[BaselineName] | None, AfterValidator(_each_once)] = None


def _class_weights(value: Any) -> Any:
    """Return what weighs the classes: None, "balanced", or a number above 0 for each class by its name."""
    if value is None or value == "balanced":
        return value
    if isinstance(value, dict) and value:
        for name, weight in value.items():
            is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not is_number or not 0 < weight < math.inf:
                raise _refused(f"expected a finite number above 0 as the weight of {name}, received {weight!r}")
        return {str(name): float(weight) for name, weight in value.items()}
    raise _refused(f"expected null, balanced or a weight for each class such as {{no: 1, yes: 5}}, received {value!r}")


ClassWeights = Annotated[str | dict[str, float] | None, BeforeValidator(_class_weights)]
