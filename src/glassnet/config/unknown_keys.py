"""What the user may have meant by a setting that there is none of: the keys of all settings, and the nearest one."""

import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import get_args

from glassnet.config.fields import Section, arms_of
from glassnet.config.signatures import OwnSection


def unknown_setting(key: str, known: Mapping[str, Sequence[str]], received: str = "") -> str:
    """Return the sentence about an unknown setting, with the nearest one, or what there is in its section.

    Args:
        key: as the user wrote it.
        known: all settings, each with the choices of its group that have it, where not all of them do.
        received: its value, if the user may not see it elsewhere.
    """
    unknown = f"Unknown setting `{key}`" + (f", received {received}" if received else "")
    if known.get(key):
        return f"{unknown}; {having(key, known[key])}"
    if near := nearest(key, known):
        return f"{unknown}; did you mean `{near}`?"
    section, _, _ = key.rpartition(".")
    inside = [name.rpartition(".")[2] for name in known if section and name.rpartition(".")[0] == section]
    return f"{unknown}; {section} has {', '.join(inside)}" if inside else unknown


def having(key: str, choices: Sequence[str]) -> str:
    """Return which choices of its group have a setting, as the end of a line."""
    group = key.partition(".")[0]
    return f"{' and '.join(f'{group}={choice}' for choice in choices)} {'has' if len(choices) == 1 else 'have'} it"


def nearest(key: str, known: Mapping[str, Sequence[str]]) -> str | None:
    """Return the setting that an unknown key is meant for: an abbreviation of its name, or a slip in it."""
    section, _, last = key.rpartition(".")
    ordered = sorted(known, key=lambda name: -name.count("."))  # the outer ones last, where they come before
    inside = {name.rpartition(".")[2]: name for name in ordered if name.rpartition(".")[0] == section or not section}
    names = [name for last_part, name in inside.items() if "".join(word[:1] for word in last_part.split("_")) == last]
    names += [inside[last_part] for last_part in difflib.get_close_matches(last, inside, n=1)]
    names += difflib.get_close_matches(key, known, n=1, cutoff=0.8) if not inside else []
    if not section:
        names += difflib.get_close_matches(key, dict.fromkeys(name.partition(".")[0] for name in known), n=1)
    return names[0] if names else None


def keys_of(section: type[Section], prefix: str = "") -> dict[str, list[str]]:
    """Return the settings in a section, each with the choices that have it, where there are several choices."""
    found: dict[str, list[str]] = {}
    for name, field in section.model_fields.items():
        arms = [arm for arm in arms_of(field.annotation) if inspect.isclass(arm) and issubclass(arm, Section)]
        choices = [arm for arm in arms if not issubclass(arm, OwnSection)]
        if not choices:
            found[f"{prefix}{name}"] = []
        for choice in choices:
            called = get_args(choice.model_fields["name"].annotation) if len(choices) > 1 else ()
            for key in keys_of(choice, f"{prefix}{name}."):
                found.setdefault(key, []).extend(map(str, called))
    return found
