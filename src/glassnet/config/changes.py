"""The overrides that take conf/ to the settings of a run: what to give Hydra or DVC to have it again."""

from pathlib import Path
from typing import Any

from glassnet.components import TARGET
from glassnet.config.conf_edits import GROUPS
from glassnet.config.presets import choice_in, read_group
from glassnet.config.yaml_text import load_yaml
from glassnet.overrides import as_override

OPTIONAL = ("loss", "callback")  # groups of which nothing may be chosen


def changes_from_conf(conf: Path, values: dict[str, Any]) -> tuple[str, ...]:
    """Return the overrides, choices of groups before single values, by which conf/ composes to `values`.

    Args:
        conf: the folder.
        values: the seed and the groups of a run's settings, or those of their values that matter.
    """
    main = load_yaml((conf / "config.yaml").read_text(encoding="utf-8"))
    chosen = {group: choice for default in main["defaults"] if default != "_self_" for group, choice in default.items()}
    choices, changes, data = [], [], choice_in(conf, "data", values["data"])
    for group in GROUPS:
        choice = choice_in(conf, group, values[group])
        if choice != chosen[group]:
            choices.append(f"{group}={choice}")
        changes += _differences(group, values[group], read_group(conf, group, choice, data))
    for group in OPTIONAL:
        if section := values.get(group):
            changes.append(f"{group}={as_override(section)}" if TARGET in section else f"{group}={section['name']}")
        elif chosen.get(group) is not None:
            choices.append(f"{group}=null")
    if values["seed"] != main["seed"]:
        changes.append(f"seed={values['seed']}")
    return (*choices, *changes)


def _differences(prefix: str, values: dict[str, Any], present: dict[str, Any]) -> list[str]:
    changes = []
    for key, value in values.items():
        if isinstance(value, dict) and not isinstance(present.get(key, {}), dict):  # a class of one's own
            changes.append(f"{prefix}.{key}={as_override(value)}")
        elif isinstance(value, dict):
            changes += _differences(f"{prefix}.{key}", value, present.get(key, {}))
        elif key not in present or present[key] != value:
            changes.append(f"{'' if key in present else '+'}{prefix}.{key}={as_override(value)}")
    return changes
