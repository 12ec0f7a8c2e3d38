"""The scores in metrics.json: the few that one looks at first, the others in groups that a command can leave out.

DVC makes a column of each number: a hundred and fifty of them, side by side, show nothing.
"""

from collections.abc import Mapping
from typing import Any, cast

from glassnet.evaluation.records import Metrics

HEADLINES = ("accuracy", "r2", "mae", "log_loss", "examples")
INTERVALS, FURTHER = "intervals", "further"
ENDS = ("_low", "_high")  # of an interval


def grouped(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's scores as metrics.json has them, in groups; those of its baselines too.

    Example:
        `{"accuracy": 0.9, "accuracy_low": 0.8, "macro_f1": 0.7}` becomes
        `{"accuracy": 0.9, "further": {"macro_f1": 0.7}, "intervals": {"accuracy_low": 0.8}}`.
    """
    headlines = {name: scores[name] for name in HEADLINES if name in scores}
    others = {name: value for name, value in scores.items() if name not in headlines}
    sections = {name: value for name, value in others.items() if isinstance(value, dict)}
    if "baselines" in sections:
        sections["baselines"] = {name: grouped(inner) for name, inner in sections["baselines"].items()}
    single = {name: value for name, value in others.items() if name not in sections}
    groups = {
        FURTHER: {name: value for name, value in single.items() if not name.endswith(ENDS)},
        INTERVALS: {name: value for name, value in single.items() if name.endswith(ENDS)},
    }
    return {**headlines, **{name: group for name, group in groups.items() if group}, **sections}


def ungrouped(metrics: Mapping[str, Any]) -> Metrics:
    """Return the scores that metrics.json has, as `grouped` was given them; ungrouped ones of before as they are."""
    scores = {name: value for name, value in metrics.items() if name not in {FURTHER, INTERVALS}}
    for name in (FURTHER, INTERVALS):
        scores |= metrics.get(name, {})
    if isinstance(baselines := scores.get("baselines"), dict):
        scores["baselines"] = {name: ungrouped(inner) for name, inner in baselines.items()}
    return cast(Metrics, scores)
