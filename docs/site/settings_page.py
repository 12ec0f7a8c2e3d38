"""The reference of the settings: each key with its type and range, what conf/ has there, and what it means."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from docs.site.conf_files import CONF, default_choice, entries_of, read
from docs.site.setting_types import ROWS, type_in_words, value_in_words
from glassnet import nn, optim
from glassnet.components import arguments_of
from glassnet.config.fields import Section, arms_of
from glassnet.config.settings import Settings
from glassnet.config.signatures import OwnSection
from glassnet.sources import SOURCES
from glassnet.sources.csv.options import CSVOptions
from glassnet.sources.csv_source import csv_table

INTRODUCTION = """# Every setting

Each is given as `<key>=<value>` to a stage, or stands in a file of `conf/`. A key that does not exist, and a value of
another type or out of range, is refused in one line that names what was expected. Types and ranges are those of the
code, defaults and comments those of `conf/`, where it has any.
"""
# Written by `make params`, for the file itself.
OF_THE_FILE = {"about", "conf_digest", "settings_digest", "left_behind", "by_hand"}
MAKERS: Mapping[str, Mapping[str, Any]] = {
    "data": SOURCES,
    "optimizer": optim.OPTIMIZERS,
    "schedule": optim.SCHEDULES,
    "loss": nn.LOSSES,
}
HEAD = [ROWS, "", "| key | type | in conf/ | what it is |", "|---|---|---|---|"]
FOOT = ["", "</div>", ""]


@dataclass(frozen=True)
class Key:
    """One setting.

    Attributes:
        name: its dotted name.
        kind: its type, with the range.
        default: what conf/ has there; "" where that is in the presets.
        comment: what it means.
        general: what it means in all choices of its group; "" if its section does not say.
    """

    name: str
    kind: str
    default: str
    comment: str
    general: str = ""


def settings_page() -> str:
    """Return the page."""
    lines = [INTRODUCTION]
    for group, choices in groups().items():
        lines += [f"## {group}", ""]
        shared = _shared(group, choices)
        if shared:
            lines += [f"### Every choice of {group}", "", *HEAD, *map(_row, shared.values()), *FOOT]
        for choice, keys in choices.items():
            own = [
                key for key in keys if not _is_in(key, shared) and (key.name != f"{group}.name" or len(choices) == 1)
            ]
            said = "".join(key.comment for key in keys if key.name == f"{group}.name")
            lines += [f"### {group}={choice}", "", *([said, ""] if said else [])] if len(choices) > 1 else []
            lines += [*HEAD, *map(_row, own), *FOOT] if own else []
        lines += _presets(group)
    return "\n".join(lines)


def groups() -> dict[str, dict[str, list[Key]]]:
    """Return the settings: of each group, of each choice, its keys. Those that stand alone are the last group."""
    found: dict[str, dict[str, list[Key]]] = {}
    alone: list[Key] = []
    values, comments = read(CONF / "config.yaml")
    schema = Settings.model_json_schema()
    general = entries_of(Settings.__doc__, "Attributes")
    for group, field in Settings.model_fields.items():
        sections = [arm for arm in arms_of(field.annotation) if isinstance(arm, type) and issubclass(arm, Section)]
        ours = [section for section in sections if not issubclass(section, OwnSection)]
        if ours:
            found[group] = dict(_choice(group, section) for section in ours)
        elif group not in OF_THE_FILE:
            kind = type_in_words(schema["properties"][group], schema["$defs"])
            comment = comments.get(group) or general.get(group, "")
            alone.append(Key(group, kind, value_in_words(values.get(group)), comment))
    return found | {"and these": {"": alone}}


def _choice(group: str, section: type[Section]) -> tuple[str, list[Key]]:
    """Return a choice of a group, and its keys; what they mean says its file, its constructor, or its class."""
    names = get_args(section.model_fields["name"].annotation) if "name" in section.model_fields else ()
    choice = names[0] if group in MAKERS else default_choice(group)
    values, comments = read(CONF / group / f"{choice}.yaml")
    shared, said = read(CONF / "config.yaml")
    values = (shared.get(group) or {}) | values
    comments = {name.removeprefix(f"{group}."): text for name, text in said.items()} | comments
    general: dict[str, str] = {}
    for base in reversed(section.__mro__):
        general |= entries_of(base.__dict__.get("__doc__"), "Attributes")
    if group in MAKERS:
        make = MAKERS[group][choice]
        entries = entries_of(make.__doc__, "Args") | entries_of(make.__init__.__doc__, "Args")
        if make is csv_table:  # its docstring says that they are there
            for base in CSVOptions.__mro__:
                entries |= entries_of(base.__doc__, "Attributes")
        for argument in arguments_of(make, group):
            about = entries.get(argument.name, "")
            about = about.replace("steps", "epochs") if argument.in_epochs else about
            comments = (dict.fromkeys(argument.settings, about) if about else {}) | comments
    schema = section.model_json_schema()
    keys = list(_keys(f"{group}.", schema, schema.get("$defs", {}), values, comments, general))
    if len(keys) == 1 and not keys[0].comment:
        keys = [Key(keys[0].name, keys[0].kind, keys[0].default, said.get(group, ""))]
    return choice, keys


def _keys(
    prefix: str,
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    values: Mapping[str, Any],
    comments: Mapping[str, str],
    general: Mapping[str, str],
) -> Iterator[Key]:
    """Yield the keys of a section, and of those inside it."""
    for name, field in schema["properties"].items():
        below = definitions.get(field.get("$ref", "").rpartition("/")[2], {})
        if "properties" in below:
            inner = entries_of(below.get("description"), "Attributes")
            said = {key.removeprefix(f"{name}."): text for key, text in comments.items() if key.startswith(f"{name}.")}
            yield from _keys(f"{prefix}{name}.", below, definitions, values.get(name) or {}, said, inner)
            continue
        default = values[name] if name in values else field.get("default", "")
        if isinstance(default, str) and "${" in default:  # it is that of another key
            default = ""
        of_class = general.get(name, "")
        yield Key(
            f"{prefix}{name}",
            type_in_words(field, definitions),
            value_in_words(default),
            comments.get(name) or of_class,
            of_class,
        )


def _shared(group: str, choices: Mapping[str, list[Key]]) -> dict[str, Key]:
    """Return the keys that all choices of a group have with the same type, with the defaults of each."""
    if len(choices) < 2:
        return {}
    shared = {}
    for key in next(iter(choices.values())):
        same = {choice: each for choice, keys in choices.items() for each in keys if each.name == key.name}
        if key.name == f"{group}.name" or len(same) < len(choices) or len({each.kind for each in same.values()}) > 1:
            continue
        defaults = {choice: each.default for choice, each in same.items()}
        if len(set(defaults.values())) == 1:
            default = key.default
        else:
            usual = Counter(defaults.values()).most_common(1)[0][0] if len(defaults) > 4 else ""
            others = [f"{choice} {value}" for choice, value in defaults.items() if value != usual]
            default = ", ".join([*([usual] if usual else []), *others])
        said = Counter(each.comment for each in same.values()).most_common(1)[0][0]
        shared[key.name] = Key(key.name, key.kind, default, said, key.general)
    return shared


def _is_in(key: Key, shared: Mapping[str, Key]) -> bool:
    """Return whether a key is said already where all choices are, and this one has nothing to add."""
    return key.name in shared and key.comment in {key.general, shared[key.name].comment}


def _row(key: Key) -> str:
    said = re.sub(r"^(null|\w+(?=:)|\w+_\w+)", r"`\1`", key.comment)  # a value, as it is written
    first = said[:1].upper() if said[:1].isascii() else said[:1]  # the capital of β is another symbol
    comment = (first + said[1:]).replace("|", "\\|").replace("<", "&lt;")
    return f"| `{key.name}` | {key.kind} | {key.default} | {comment} |"


def _presets(group: str) -> list[str]:
    """Return a table of what the presets give a group; nothing if they do not."""
    presets = {path.stem: read(path)[0].get(group, {}) for path in sorted((CONF / "preset").glob("*.yaml"))}
    keys = list(dict.fromkeys(key for values in presets.values() for key in values))
    if not keys:
        return []
    lines = ["The presets, files of `conf/preset`, have:", ""]
    lines += [f"| preset | {' | '.join(f'`{group}.{key}`' for key in keys)} |", "|---" * (len(keys) + 1) + "|"]
    for name, values in presets.items():
        lines.append(f"| `{name}` | {' | '.join(value_in_words(values.get(key, '')) for key in keys)} |")
    return [*lines, ""]
