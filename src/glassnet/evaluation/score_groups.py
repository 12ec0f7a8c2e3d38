"""The scores in metrics.json: the few that one looks at first, the others in groups that a command can leave out.

DVC makes a column of each number: a hundred and fifty of them, side by side, show nothing.
"""

from collections.abc import Mapping
from typing import cast

from glassnet.evaluation.records import Metrics
from glassnet.files import JsonObject, JsonValue

HEADLINES = ("accuracy", "r2", "mae", "log_loss", "examples")
INTERVALS, FURTHER = "intervals", "further"
ENDS = ("_low", "_high")  # of an interval


def grouped(scores: JsonObject) -> dict[str, JsonValue]:
    """Return a model's scores as metrics.json has them, in groups; those of its baselines too.

    Example:
        `{"accuracy": 0.9, "accuracy_low": 0.8, "macro_f1": 0.7}` becomes
        `{"accuracy": 0.9, "further": {"macro_f1": 0.7}, "intervals": {"accuracy_low": 0.8}}`.
    """
    headlines = {name: scores[name] for name in HEADLINES if name in scores}
    others = {name: value for name, value in scores.items() if name not in headlines}
    sections: dict[str, JsonValue] = {name: value for name, value in others.items() if isinstance(value, Mapping)}
    if isinstance(baselines := sections.get("baselines"), Mapping):
        sections["baselines"] = {
            name: grouped(inner) for name, inner in baselines.items() if isinstance(inner, Mapping)
        }
    single = {name: value for name, value in others.items() if name not in sections}
    groups = {
        FURTHER: {name: value for name, value in single.items() if not name.endswith(ENDS)},
        INTERVALS: {name: value for name, value in single.items() if name.endswith(ENDS)},
    }
    return {**headlines, **{name: group for name, group in groups.items() if group}, **sections}


def ungrouped(metrics: JsonObject) -> Metrics:
    """Return the scores that metrics.json has, as `grouped` was given them; ungrouped ones of before as they are."""
    scores = {name: value for name, value in metrics.items() if name not in {FURTHER, INTERVALS}}
    for name in (FURTHER, INTERVALS):
        if isinstance(group := metrics.get(name), Mapping):
            scores |= group
    if isinstance(baselines := scores.get("baselines"), Mapping):
        without_groups = {name: ungrouped(inner) for name, inner in baselines.items() if isinstance(inner, Mapping)}
        return cast(Metrics, {**scores, "baselines": without_groups})
    return cast(Metrics, scores)
