"""What the settings say of the classes that the data have: their weights, the positive one, the decision."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from glassnet.columns.naming import listed
from glassnet.config.errors import UserError
from glassnet.config.evaluation_settings import COST, CRITERIA
from glassnet.config.settings import Settings
from glassnet.evaluation import (
    POSITIVE,
    Decision,
    apply_temperature,
    best_threshold,
    decision_of_weights,
    threshold_of_costs,
)
from glassnet.evaluation.decision import Criterion, without_smoothing
from glassnet.nn import FloatArray


def class_weights(settings: Settings, names: Sequence[str], counts: Sequence[int]) -> tuple[float, ...] | None:
    """Return the weight of each class, or None without weights.

    Balanced ones are `n/(C·n_c)` for n training rows of C classes, n_c of them of class c: every class has the same
    weight in all, and the mean weight of a row is 1. (King & Zeng, "Logistic regression in rare events data", 2001.)

    Args:
        settings: of the run.
        names: of the classes; none for a regression.
        counts: how many training rows each has.

    Raises:
        UserError: for weights in a regression, of a class that there is not, without one of a class that there is, or
            balanced ones where a class has no training row.
    """
    weights = settings.training.class_weights
    if weights is None:
        return None
    if not names:
        raise UserError(f"training.class_weights: expected null for a regression, received {_shown(weights)}")
    if isinstance(weights, str):
        if missing := [name for name, count in zip(names, counts, strict=True) if not count]:
            raise UserError(
                f"training.class_weights: expected training rows of every class for balanced ones, received none of "
                f"{listed(missing)}"
            )
        return tuple(sum(counts) / (len(counts) * count) for count in counts)
    wrong = [f"one of {name!r}, which is no class" for name in weights if name not in names]
    wrong += [f"none of {name!r}" for name in names if name not in weights]
    if wrong:
        raise UserError(
            f"training.class_weights: expected a weight for each class, {listed(names)}, received "
            f"{'; '.join(wrong[:3])}"
        )
    return tuple(weights[name] for name in names)


def positive_class(settings: Settings, names: Sequence[str], counts: Sequence[int]) -> int:
    """Return the id of the positive one of two classes: the chosen one, or the rarer one; of even ones, the second.

    Args:
        settings: of the run.
        names: of the classes.
        counts: how many rows each has in all splits, so that it is the same one in every fold.

    Raises:
        UserError: for a class that there is not, or another number of classes than two.
    """
    chosen = settings.evaluation.positive
    if chosen is None:
        return 0 if len(counts) == 2 and counts[0] < counts[1] else POSITIVE
    if len(names) != 2:
        has = f"data with {len(names)} classes" if names else "a regression"
        raise UserError(f"evaluation.positive: expected null for {has}, received {chosen!r}; it is for two classes")
    if chosen not in names:
        raise UserError(f"evaluation.positive: expected {' or '.join(names)}, received {chosen!r}")
    return names.index(chosen)


def require_decidable(settings: Settings, names: Sequence[str], counts: Sequence[int]) -> None:
    """Raise a `UserError` if the decision of the settings is none for these classes.

    Args:
        settings: of the run.
        names: of the classes; none for a regression.
        counts: how many validation rows each has.
    """
    threshold = settings.evaluation.threshold
    if threshold is None:
        return
    if not names:
        raise UserError(f"evaluation.threshold: expected null for a regression, received {_shown(threshold)}")
    if isinstance(threshold, dict):
        if len(rows := threshold[COST]) != len(names):
            raise UserError(
                f"evaluation.threshold: expected {COST} of {len(names)} rows and columns, one for each of "
                f"{listed(names)}, received {len(rows)} of each"
            )
    elif len(names) != 2:
        raise UserError(
            f"evaluation.threshold: expected null or {COST}, a row of costs for each of the {len(names)} classes, "
            f"received {_shown(threshold)}, which is for two classes"
        )
    elif threshold in CRITERIA and not all(counts):
        received = " and ".join(f"{count} of {name}" for name, count in zip(names, counts, strict=True))
        raise UserError(
            f"evaluation.threshold: expected validation rows of both classes to choose it on, received {received}; set "
            "a number, or a larger data.validation_fraction"
        )


def decision_for(
    settings: Settings,
    weights: Sequence[float] | None,
    positive: int,
    logits: FloatArray,
    labels: npt.NDArray[np.integer],
    smoothing: float = 0.0,
) -> Decision | None:
    """Return how a class is decided on, as the settings say; None for the most probable class.

    Args:
        settings: of the run, which `require_decidable` has let pass.
        weights: those of the classes, if any.
        positive: the id of the positive one of two classes.
        logits: the network's outputs for the validation rows, on which a threshold is chosen.
        labels: their classes.
        smoothing: of the labels that the network was taught.
    """
    threshold = settings.evaluation.threshold
    if threshold is None:
        if weights is None:
            return None
        return without_smoothing(decision_of_weights(weights, positive), smoothing, len(weights))
    if isinstance(threshold, dict):
        costs = threshold[COST]
        if len(costs) == 2:
            even = threshold_of_costs(costs, positive)
            of_two: Decision = {"rule": COST, "positive": positive, "threshold": even, "costs": costs}
            return without_smoothing(of_two, smoothing, 2)
        return without_smoothing({"rule": COST, "costs": costs}, smoothing, len(costs))
    if isinstance(threshold, str):
        probabilities = apply_temperature(logits, 1.0)[:, positive]
        chosen = best_threshold(labels == positive, probabilities, cast(Criterion, threshold))
        return {"rule": threshold, "positive": positive, "threshold": chosen}
    return {"rule": "given", "positive": positive, "threshold": threshold}


def _shown(value: object) -> str:
    return str(value) if isinstance(value, str | float) else repr(value)
