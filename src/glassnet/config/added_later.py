"""Settings younger than the models of earlier versions: at its default, such a one is left out of what tells of a run.

A model file holds the settings that it was trained with. With one more of them in it, the same training would leave
other bytes.
"""

from glassnet.files import JsonObject, JsonValue

ADDED_LATER: dict[str, dict[str, JsonValue]] = {
    "data": {"scaling": "standard"},
    "model": {"input_scale": False, "zero_output": False},
    "training": {
        "class_weights": None,
        "monitor": "loss",
        "keep": "best",
        "bias_rate_factor": 1.0,
        "scale_rate_factor": 1.0,
        "ensemble": None,
    },
    "optimizer": {"l1_decay": 0.0},
    "evaluation": {"threshold": None, "positive": None},
}
CHOICES_WITH = {"optimizer": ("adamw",)}  # of a group, those that have the settings above; of other sections, all


def without_defaults(values: JsonObject) -> JsonObject:
    """Return the settings of a run, nested as in conf/, without those of `ADDED_LATER` that have their default."""
    kept = dict(values)
    for section, defaults in ADDED_LATER.items():
        inner = kept.get(section)
        if isinstance(inner, dict):
            kept[section] = {key: each for key, each in inner.items() if key not in defaults or each != defaults[key]}
            if not kept[section]:
                del kept[section]
    return kept


def with_defaults(values: JsonObject) -> JsonObject:
    """Return the settings of a run with those that `without_defaults` has left out, or an earlier version lacked."""
    whole = dict(values)
    for section, defaults in ADDED_LATER.items():
        inner = whole.get(section, {})
        if section in CHOICES_WITH and not (isinstance(inner, dict) and inner.get("name") in CHOICES_WITH[section]):
            continue
        whole[section] = {**defaults, **inner} if isinstance(inner, dict) else inner
    return whole


def settings_added_later(names: JsonObject) -> JsonObject:
    """Return of flat settings, by their dotted names, those in `ADDED_LATER`, whatever stands below them."""
    later = tuple(f"{section}.{key}" for section, defaults in ADDED_LATER.items() for key in defaults)
    return {name: value for name, value in names.items() if name.startswith(later)}
