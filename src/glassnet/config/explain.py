"""Overrides as Hydra reads them, and what it finds wrong with them in our words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from glassnet.config.compose import CONF
from glassnet.config.conf_edits import GROUPS
from glassnet.config.errors import UserError
from glassnet.config.presets import PRESETS
from glassnet.config.settings import flatten
from glassnet.config.string_settings import with_quotes
from glassnet.config.unknown_keys import having, nearest, unknown_setting
from glassnet.config.yaml_text import load_yaml


def parse_override(argument: str) -> Any:
    """Return an argument as Hydra reads it.

    Raises:
        UserError: if it is no override.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        override = OverridesParser.create().parse_overrides([argument])[0]
    except HydraException as error:
        raise UserError(explain(error)) from error
    if not override.key_or_group:
        raise UserError(f"expected overrides such as optimizer.learning_rate=0.01, received {argument!r}")
    group, value = CONF / override.key_or_group, override.value()
    is_choice = group.is_dir() and not override.is_delete() and not override.is_sweep_override()
    if is_choice and not isinstance(value, str | list):
        choices = sorted(path.stem for path in group.glob("*.yaml"))
        raise UserError(f"{override.key_or_group}: expected one of {', '.join(choices)}, received {value!r}")
    return override


def explain(error: Exception, swept: Mapping[str, Sequence[str]] | None = None) -> str:
    """Say in our words what Hydra found wrong with the overrides.

    Args:
        error: Hydra's.
        swept: the groups of which a sweep makes several choices, with these.
    """
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        if not group:
            return f"--config-name: expected config, the one there is, received {choice!r}"
        return f"{group}: expected one of {', '.join(error.options or ())}, received {choice!r}"
    if isinstance(error, OverrideParseException):
        reason = next(line for line in str(error.message).split("\n") if not line.startswith("Error parsing override"))
        if quoted := with_quotes(str(error.override)) or _quoted(str(error.override)):
            reason = f'strings with other characters than ASCII letters, digits and a few more want quotes: "{quoted}"'
        return f"expected overrides such as optimizer.learning_rate=0.01, received {error.override!r} ({reason})"
    unknown = re.search(r"Could not override '([^']+)'", str(error))
    if unknown:
        group, is_inside, _ = unknown[1].partition(".")
        if is_inside and (choices := (swept or {}).get(group)):
            return _lacking(unknown[1], choices)
        return unknown_setting(unknown[1], _known_keys())
    if several := re.search(r"Ambiguous value for argument '([^=]+)=(.*)'$", str(error), re.MULTILINE):
        key, values = several.groups()
        return (
            f"{key}: expected one value, received {values!r}; one with a comma wants quotes (\"{key}='{values}'\"), "
            f"a list brackets ('{key}=[{values}]'), and a sweep over several -m"
        )
    return f"settings: {error}"


def _quoted(override: str) -> str | None:
    """Return an override with quotes about its string, or each of its list; None where that is not what it lacks."""
    from hydra.core.override_parser.overrides_parser import create_functions

    if override.partition("=")[2].partition("(")[0] in create_functions().functions:  # its arguments are what is wrong
        return None
    parts = re.fullmatch(r"([\w.+~]+=)(\[?)([^'\"\[\]{}]+)(\]?)", override, re.ASCII)
    if parts is None or bool(parts[2]) != bool(parts[4]):
        return None
    strings = parts[3].split(",") if parts[2] else [parts[3]]
    return f"{parts[1]}{parts[2]}{','.join(repr(string.strip()) for string in strings)}{parts[4]}"


def _lacking(key: str, choices: Sequence[str]) -> str:
    """Return what to say of a key that some of the choices that a sweep makes lack, or all."""
    group, known = key.partition(".")[0], _known_keys()
    lacking = [choice for choice in choices if choice not in known.get(key, [])] or choices
    if known.get(key):
        remedy = f"; {having(key, known[key])}"
    else:
        remedy = f"; did you mean `{near}`?" if (near := nearest(key, known)) else ""
    return (
        f"{key}: expected a key that each choice of {group} in the sweep has, received one that "
        f"{' and '.join(f'{group}={choice}' for choice in lacking)} {'lacks' if len(lacking) == 1 else 'lack'}{remedy}"
    )


def _known_keys() -> dict[str, list[str]]:
    """Return the keys of all settings in conf/, each with the choices of its group that have it."""
    known: dict[str, list[str]] = {"seed": []}
    for group in (*GROUPS, "tracking"):
        for path in sorted((CONF / group).glob("*.yaml")):
            values = load_yaml(path.read_text(encoding="utf-8"))
            for name in flatten({group: values}):
                known.setdefault(name, []).append(path.stem)
    for path in sorted((CONF / PRESETS).glob("*.yaml")):
        for name in flatten(load_yaml(path.read_text(encoding="utf-8"))):
            known.setdefault(name, [])
    return known
