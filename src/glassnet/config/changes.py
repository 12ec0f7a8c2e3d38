"""The overrides that take conf/ to the settings of a run: what to give Hydra or DVC to have it again."""

from pathlib import Path

from glassnet.config.added_later import ADDED_LATER, with_defaults
from glassnet.config.conf_edits import GROUPS
from glassnet.config.presets import choice_in, default_choices, read_group
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject, section_of
from glassnet.overrides import as_override

OPTIONAL = ("loss", "callback")  # groups of which nothing may be chosen
SECTIONS = ("improve", "evaluation")  # of conf/config.yaml itself


def changes_from_conf(conf: Path, values: JsonObject) -> tuple[str, ...]:
    """Return the overrides, choices of groups before single values, by which conf/ composes to `values`.

    Args:
        conf: the folder.
        values: the seed and the groups of a run's settings, or those of their values that matter.
    """
    values = with_defaults(values)
    main = load_yaml((conf / "config.yaml").read_text(encoding="utf-8"))
    choices, changes, data = [], [], choice_in(conf, "data", section_of(values, "data"))
    chosen = default_choices(conf, data)
    for group in GROUPS:
        section = section_of(values, group)
        choice = choice_in(conf, group, section, data)
        if choice != chosen[group]:
            choices.append(f"{group}={choice}")
        changes += _differences(group, section, read_group(conf, group, choice, data))
    for group in OPTIONAL:
        if values.get(group):
            section = section_of(values, group)
            choice = choice_in(conf, group, section)
            if (conf / group / f"{choice}.yaml").is_file():
                choices += [f"{group}={choice}"] if choice != chosen.get(group) else []
                changes += _differences(group, section, read_group(conf, group, choice, data))
            else:  # Hydra takes no mapping for the choice of a group
                choices += [f"{group}=null"] if chosen.get(group) is not None else []
                changes += [f"+{group}.{key}={as_override(value)}" for key, value in section.items()]
        elif chosen.get(group) is not None:
            choices.append(f"{group}=null")
    for name in SECTIONS:
        if name in values:
            changes += _differences(name, section_of(values, name), main.get(name, {}))
    if values["seed"] != main["seed"]:
        changes.append(f"seed={values['seed']}")
    return (*choices, *changes)


def _differences(prefix: str, values: JsonObject, present: JsonObject) -> list[str]:
    changes = []
    later = ADDED_LATER.get(prefix, {})
    for key, value in values.items():
        inner = present.get(key, {})
        if key not in present and key in later and later[key] == value:
            continue  # such as the scaling of pictures, which have none
        if isinstance(value, dict) and not isinstance(inner, dict):  # a class of one's own
            changes.append(f"{prefix}.{key}={as_override(value)}")
        elif isinstance(value, dict) and isinstance(inner, dict):
            changes += _differences(f"{prefix}.{key}", value, inner)
        elif key not in present or present[key] != value:
            changes.append(f"{'' if key in present else '+'}{prefix}.{key}={as_override(value)}")
    return changes
