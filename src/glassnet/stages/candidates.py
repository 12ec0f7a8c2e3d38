"""What might make a trained network better: what its diagnosis advises, the values of conf/, and what is usual."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glassnet.config import CONF, flatten
from glassnet.config.presets import choice_in, default_choices, read_group
from glassnet.diagnostics import AnyOf, Change, Finding
from glassnet.diagnostics.diagnosis.finding import Value, rounded
from glassnet.files import JsonObject, JsonValue, section_of

UNUSUAL = ("model", "optimizer", "schedule", "training")  # the groups whose values may be taken back to those of conf/
# What is tried is neither the first nor the second, ever; with the third it would be compared by another score.
KEPT = ("training.final", "training.ensemble", "training.monitor")
WIDEST = 4096  # units: a candidate is no wider
MOST_IN_A_STEP = 3  # changes: of more, none is the one that would be taken further
FEW = 5_000  # training rows: what is usually good was measured with no more
# How they were chosen: docs/how-to/improve.md.
USUALLY_GOOD: dict[str, Value] = {
    "optimizer.learning_rate": 0.02,
    "model.hidden_sizes": (64,),
    "model.dropout": 0.1,
    "model.normalization": None,
    "model.input_scale": False,
    "model.zero_output": False,
    "training.epochs": 120,
    "training.batch_size": 32,
    "training.l2": 0.0,
    "training.average_decay": None,
    "training.max_gradient_norm": None,
    "training.bias_rate_factor": 1.0,
    "training.scale_rate_factor": 1.0,
    "model.init": "he_normal",
    "model.activation": "relu",
}


@dataclass(frozen=True)
class Candidate:
    """Changes of settings to try together.

    Attributes:
        changes: the settings, and what each is to become.
        reason: why.
    """

    changes: tuple[Change, ...]
    reason: str

    @property
    def settings(self) -> dict[str, Value | AnyOf]:
        """The values by the names of the settings."""
        return {change.setting: change.value for change in self.changes}

    def joined(self, other: "Candidate") -> "Candidate":
        """Return both together; where both change a setting, or one its whole group, the other has its way."""
        groups = tuple(f"{change.setting}." for change in other.changes if "." not in change.setting)
        kept = [
            change
            for change in self.changes
            if change.setting not in other.settings and not change.setting.startswith(groups)
        ]
        reason = self.reason if other.reason in self.reason else f"{self.reason}; {other.reason}"
        return Candidate((*kept, *other.changes), reason)


def of_findings(findings: Iterable[Finding]) -> Iterator[Candidate]:
    """Yield the changes that findings advise, in their order; values to compare are a candidate each."""
    for finding in findings:
        if not finding.changes or any(change.setting == "seed" for change in finding.changes):
            continue
        *before, last = finding.changes
        values = last.value.values if isinstance(last.value, AnyOf) else [last.value]
        for value in values:
            yield Candidate((*before, Change(last.setting, value)), finding.name)


def back_to_conf(overrides: Sequence[str], values: JsonObject) -> list[Candidate]:
    """Return what takes settings back to the values of conf/: all of them together, then each by itself.

    Args:
        overrides: what takes conf/ to the settings.
        values: the settings, nested as in conf/.
    """
    changes = [change for each in overrides if (change := _taken_back(each, values)) is not None]
    chosen = [change.setting for change in changes if "." not in change.setting]
    alone = [each for each in changes if each.setting in chosen or each.setting.partition(".")[0] not in chosen]
    every = [Candidate(tuple(alone), "as in conf/")] if len(alone) > 1 else []
    return [*every, *(Candidate((change,), "as in conf/") for change in alone)]


def _taken_back(override: str, values: JsonObject) -> Change | None:
    name = override.partition("=")[0]
    group, _, key = name.partition(".")
    if group not in UNUSUAL or name in KEPT:
        return None
    data = choice_in(CONF, "data", section_of(values, "data"))
    if not key:
        choices = default_choices(CONF, data)
        return Change(name, choices[name]) if name in choices else None
    present = read_group(CONF, group, choice_in(CONF, group, section_of(values, group), data), data)
    value = flatten(present).get(key)
    if key not in flatten(present) or isinstance(value, Mapping):
        return None
    return Change(name, _value(value))


def _value(value: JsonValue) -> Value:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    assert isinstance(value, Sequence)  # noqa: S101
    return _sizes(value)


def _sizes(value: Sequence[JsonValue]) -> tuple[int, ...]:
    """Return hidden sizes, the one list among the settings that candidates change."""
    return tuple(size for size in value if isinstance(size, int))


def usually_good(values: JsonObject, rows: int) -> Iterator[Candidate]:
    """Yield settings that usually train well, all that differ from today's at once: whatever is ill, and however much.

    Args:
        values: today's settings, nested as in conf/.
        rows: how many the training has.
    """
    if rows > FEW:
        return
    today = flatten(values)
    groups = {"model": "mlp" if not today["model.hidden_sizes"] else today["model.name"]}
    groups |= {"optimizer": "adam", "schedule": "cosine"}
    changes = [Change(name, str(choice)) for name, choice in groups.items() if today[f"{name}.name"] != choice]
    for name, value in USUALLY_GOOD.items():
        before = today.get(name, value)  # what is left out is at its default
        if (tuple(before) if isinstance(before, list) else before) != value:
            changes.append(Change(name, value))
    if changes:
        yield Candidate(tuple(changes), "settings that usually train well")


def usual(values: JsonObject, classes: int | None) -> Iterator[Candidate]:
    """Yield what is worth trying of any training, the most promising first.

    Args:
        values: its settings, nested as in conf/.
        classes: how many there are; None for a regression.
    """
    recorded: Any = values
    model, optimizer, training = recorded["model"], recorded["optimizer"], recorded["training"]
    rate, sizes, batch = optimizer["learning_rate"], tuple(model["hidden_sizes"]), training["batch_size"]
    decay = "optimizer.weight_decay" if optimizer.get("weight_decay") else "training.l2"
    penalty = optimizer.get("weight_decay") or training["l2"]

    def one(setting: str, value: Value, reason: str) -> Candidate:
        return Candidate((Change(setting, value),), reason)

    if optimizer["name"] == "sgd":
        yield one("optimizer", "adam", "a rate for each weight")
    if sizes and model["init"] == "zeros":
        yield one("model.init", "he_normal", "weights that start apart")
    if training["average_decay"] is not None:
        yield one("training.average_decay", None, "the weights themselves, not their average")
    yield one("optimizer.learning_rate", rounded(3 * rate, 2), "three times the learning rate")
    yield one("optimizer.learning_rate", rounded(rate / 3, 2), "a third of the learning rate")
    if sizes:
        wider = tuple(min(WIDEST, 2 * size) for size in sizes)
        yield one("model.hidden_sizes", wider, "twice the width")
    yield one(decay, rounded(max(1e-3, 10 * penalty), 2), "a stronger penalty")
    if penalty:
        yield one(decay, 0.0 if penalty <= 1e-3 else rounded(penalty / 10, 2), "a weaker penalty")
    if sizes:
        if model["normalization"]:
            yield one("model.normalization", None, "no normalization")
        else:
            yield one("model.normalization", "batch", "normalization of each unit over the batch")
        if model["activation"] != "relu":
            yield Candidate((Change("model.init", "he_normal"), Change("model.activation", "relu")), "ReLU units")
        dropout = model["dropout"]
        less = 0.0 if dropout <= 0.3 else rounded(dropout / 2, 2)
        yield one("model.dropout", less if dropout else 0.2, "less dropout" if dropout else "dropout")
    else:
        yield Candidate((Change("model", "mlp"), Change("model.hidden_sizes", (32,))), "a hidden layer")
    if recorded["schedule"]["name"] == "constant":
        yield one("schedule", "cosine", "a falling learning rate")
    if sizes:
        yield one("model.hidden_sizes", (*sizes, sizes[-1]), "one layer more")
    yield one("training.epochs", 2 * training["epochs"], "twice the epochs")
    if batch >= 8:
        yield one("training.batch_size", batch // 2, "half the batch")
    yield one("training.batch_size", 2 * batch, "twice the batch")
    if classes is not None and recorded.get("loss") is None:
        if training["label_smoothing"]:
            yield one("training.label_smoothing", 0.0, "no label smoothing")
        else:
            yield one("training.label_smoothing", 0.05, "label smoothing")
    if sizes:
        dropout = model["dropout"]
        if dropout <= 0.5:
            yield one("model.dropout", rounded(dropout + (0.3 if not dropout else 0.2), 2), "more dropout")
        if max(sizes) > 1:
            yield one("model.hidden_sizes", tuple(max(1, size // 2) for size in sizes), "half the width")
        if len(sizes) > 1:
            yield one("model.hidden_sizes", sizes[:-1], "one layer less")
        if not model["normalization"]:
            yield one("model.normalization", "layer", "normalization of each row")
    if training["max_gradient_norm"] is None:
        yield one("training.max_gradient_norm", 1.0, "clipping")


def further(candidate: Candidate, values: JsonObject) -> Candidate | None:
    """Return the step beyond a candidate that helped: the last of its numbers as far again from today's; None if none.

    Args:
        candidate: what helped.
        values: today's settings, nested as in conf/.
    """
    if len(candidate.changes) > MOST_IN_A_STEP:
        return None
    last = candidate.changes[-1]
    before, after = flatten(values).get(last.setting), last.value
    if last.setting == "model.dropout" and isinstance(after, int | float) and isinstance(before, int | float):
        beyond: Value = rounded(min(0.9, max(0.0, 2 * after - before)), 2)
    elif last.setting == "model.hidden_sizes" and isinstance(before, Sequence) and isinstance(after, tuple):
        if len(before) != len(after):
            return None
        pairs = zip(_sizes(before), after, strict=True)
        beyond = tuple(min(WIDEST, max(1, new * new // old)) for old, new in pairs)
    elif isinstance(before, bool) or isinstance(after, bool):
        return None
    elif isinstance(before, int | float) and isinstance(after, int | float) and before > 0 and after > 0:
        ratio = after * after / before
        beyond = max(1, round(ratio)) if isinstance(before, int) else rounded(ratio, 2)
        if not math.isfinite(ratio) or ratio <= 0:
            return None
    else:
        return None
    if beyond == after:
        return None
    return Candidate((*candidate.changes[:-1], Change(last.setting, beyond)), f"{candidate.reason}, and further")
