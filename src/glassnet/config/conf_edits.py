"""Writes settings into conf/, value by value, and takes such edits back: the choice of each group, and its values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from glassnet.config.added_later import ADDED_LATER
from glassnet.config.errors import UserError
from glassnet.config.presets import WINS_OVER_PRESET, choice_in, default_choices, is_several, preset_for
from glassnet.config.settings import Settings
from glassnet.config.several import Place, places_in
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject, JsonValue, section_of, write_whole

GROUPS = ("data", "model", "optimizer", "schedule", "training")
WHOLE = ("class_weights",)  # mappings that are one value: a file may have null in their place


_Wanted: TypeAlias = tuple[Path, tuple[str, ...], JsonValue]  # a file, the keys of a value in it, and the value


@dataclass(frozen=True)
class Edit:
    """One value that changes in a file of conf/.

    Attributes:
        file: its path.
        keys: where in the file the value stands, from the outside in.
        before: the value until now.
        before_text: how the file has it.
        after: the new value.
    """

    file: str
    keys: tuple[str, ...]
    before: JsonValue
    before_text: str
    after: JsonValue


def edits_to(conf: Path, settings: Settings) -> list[Edit]:
    """Return the edits after which conf/ composes to `settings`. Where results are tracked is not touched.

    Raises:
        UserError: if a file lacks a key that the settings have.
    """
    main = conf / "config.yaml"
    wanted: list[_Wanted] = [(main, ("seed",), settings.seed)]
    evaluation = settings.evaluation.model_dump()
    wanted += [(main, ("evaluation", key), evaluation[key]) for key in ADDED_LATER["evaluation"]]
    data = choice_in(conf, "data", settings.data.model_dump())
    for group in GROUPS:
        values = getattr(settings, group).model_dump()
        if group == "model" and isinstance(values["activation"], dict):  # a class of one's own: a group of its own
            del values["activation"]
        wanted += _of_group(conf, group, values, data)
    for group, section in optional_sections(settings).items():
        if section is None:
            wanted.append((main, ("defaults", group), None))
        else:
            wanted += _of_group(conf, group, section, data)
    edits = []
    for path, keys, value in wanted:
        text = path.read_text(encoding="utf-8")
        present = _value(text, keys, path)
        if not _same(present, value):
            start, end = _span(text, keys, path)
            edits.append(Edit(path.as_posix(), keys, present, text[start:end], value))
    return edits


def optional_sections(settings: Settings) -> dict[str, JsonObject | None]:
    """Return the sections of the groups of which nothing may be chosen; None for those of which nothing is."""
    values = settings.model_dump()
    activation = values["model"]["activation"]
    return {
        "activation": None if isinstance(activation, str) else activation,
        "loss": values["loss"],
        "callback": values["callback"],
    }


def _of_group(conf: Path, group: str, values: JsonObject, data: str) -> list[_Wanted]:
    """Return the choice of a group, and each of its values with the file and the keys that it stands below."""
    choice = choice_in(conf, group, values, None if group == "data" else data)
    path, preset = conf / group / f"{choice}.yaml", preset_for(conf, data)
    if not choice:
        raise UserError(f"{path.parent}: expected a choice of {', '.join(values)} together there, found none")
    if not path.is_file():
        raise UserError(f"{path}: expected a choice of {group} there, found none")
    is_default = default_choices(conf, data).get(group) == choice
    wanted: list[_Wanted] = [] if is_default else [(conf / "config.yaml", ("defaults", group), choice)]
    if is_several(values):
        return wanted + _of_several(path, places_in(conf, group, choice), values)
    own = load_yaml(path.read_text(encoding="utf-8"))
    of_preset = load_yaml(preset.read_text(encoding="utf-8")).get(group, {})
    for key, value in values.items():
        if key == "name" and key not in own:  # a class of one's own is called by its file
            continue
        in_own = key in own if group == WINS_OVER_PRESET else key not in of_preset
        file, outer = (path, ()) if in_own else (preset, (group,))
        inner = value.items() if isinstance(value, dict) and key not in WHOLE else [(None, value)]
        wanted += [(file, (*outer, key) if name is None else (*outer, key, name), each) for name, each in inner]
    return wanted


def _of_several(path: Path, entries: dict[str, dict[str, Place]], values: JsonObject) -> list[_Wanted]:
    """Return each value of several classes of one's own, with its place; what has none is missed in the choice's."""
    wanted: list[_Wanted] = []
    for name in values:
        for key, value in section_of(values, name).items():
            if key == "name" and key not in entries[name]:
                continue
            place = entries[name].get(key, Place(path, (name, key), None))
            wanted.append((place.file, place.keys, value))
    return wanted


def edited(edits: list[Edit]) -> dict[Path, str]:
    """Return the files with new contents, in which the edits are made; comments and the order of the keys stay."""
    contents: dict[Path, str] = {}
    for edit in edits:
        written = yaml.safe_dump(edit.after, default_flow_style=True, allow_unicode=True, width=100_000)
        _replace(contents, edit, written.removesuffix("\n...\n").strip())
    return contents


def taken_back(edits: list[Edit]) -> dict[Path, str]:
    """Return the files with new contents, in which the edits are undone; whatever else was edited since stays.

    Raises:
        UserError: if a value is neither what the edit made of it nor what it was before.
    """
    contents: dict[Path, str] = {}
    conflicts = []
    for edit in edits:
        path = Path(edit.file)
        present = _value(path.read_text(encoding="utf-8"), edit.keys, path)
        if _same(present, edit.after):
            _replace(contents, edit, edit.before_text)
        elif not _same(present, edit.before):
            name = ".".join(edit.keys)
            conflicts.append(f"{edit.file}: {name}: {present!r} (promoted {edit.after!r}, before {edit.before!r})")
    if conflicts:
        raise UserError(
            f"expected the values that the promotion wrote, received others, edited since: {'; '.join(conflicts)}; set "
            "each to what was promoted or to what it was before, then start again"
        )
    return contents


def write_files(contents: dict[Path, str]) -> None:
    """Write files, each whole or not at all."""
    for path, text in contents.items():
        write_whole(path, text)


def _replace(contents: dict[Path, str], edit: Edit, written: str) -> None:
    path = Path(edit.file)
    text = contents[path] if path in contents else path.read_text(encoding="utf-8")
    start, end = _span(text, edit.keys, path)
    space = " " if start == end and text[start - 1 : start] == ":" else ""  # a key without a value
    contents[path] = text[:start] + space + written + text[end:]


def _same(one: JsonValue, other: JsonValue) -> bool:
    return type(one) is type(other) and bool(one == other)


def _value(text: str, keys: tuple[str, ...], path: Path) -> JsonValue:
    """Return the value below `keys` in the text of a YAML file; a list of mappings is searched for the key."""
    value = load_yaml(text)
    for key in keys:
        mappings = value if isinstance(value, list) else [value]
        found = [mapping[key] for mapping in mappings if isinstance(mapping, dict) and key in mapping]
        if not found:
            raise UserError(f"{path}: expected the key {key}, which the run's settings have, found none")
        value = found[0]
    return value


def _span(text: str, keys: tuple[str, ...], path: Path) -> tuple[int, int]:
    """Return where the value below `keys` begins and ends in the text of a YAML file."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in keys:
        mappings = node.value if isinstance(node, yaml.SequenceNode) else [node]
        pairs = [pair for mapping in mappings if isinstance(mapping, yaml.MappingNode) for pair in mapping.value]
        found = [value for name, value in pairs if name.value == key]
        if not found:
            raise UserError(f"{path}: expected the key {key}, which the run's settings have, found none")
        node = found[0]
    start = node.start_mark.index
    while isinstance(node, yaml.CollectionNode) and not node.flow_style:  # YAML ends it where the next key begins
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return start, node.end_mark.index
