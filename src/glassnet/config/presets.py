"""What a data set selects in conf/: a preset of network, batches and epochs; an optimizer and a schedule of its own."""

import re
from pathlib import Path

from glassnet.components import TARGET
from glassnet.config.several import places_in, targets_of
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject, section_of

PRESETS, USUAL = "preset", "small"
WINS_OVER_PRESET = "model"  # the group whose choices come after the preset in the defaults of conf/config.yaml
_BY_DATA = re.compile(r"\$\{glassnet\.choice:(\w+),\$\{data\},(\w+)\}")


def preset_for(conf: Path, data: str) -> Path:
    """Return the file of conf/preset that `data=` selects: the one of that name, or else the usual one."""
    own = conf / PRESETS / f"{data}.yaml"
    return own if own.is_file() else own.with_stem(USUAL)


def choice_by_data(conf: Path, group: str, data: str, otherwise: str) -> str:
    """Return the choice of a group that `data=` selects: the file of that name, or else another."""
    return data if (conf / group / f"{data}.yaml").is_file() else otherwise


def default_choices(conf: Path, data: str) -> dict[str, str | None]:
    """Return the choice of each group that conf/config.yaml has for these data."""
    main = load_yaml((conf / "config.yaml").read_text(encoding="utf-8"))
    listed = {group: choice for entry in main["defaults"] if entry != "_self_" for group, choice in entry.items()}
    found: dict[str, str | None] = {}
    for group, choice in listed.items():
        by_data = _BY_DATA.fullmatch(str(choice))
        found[group] = choice if by_data is None else choice_by_data(conf, by_data[1], data, by_data[2])
    return found


def read_group(conf: Path, group: str, choice: str, data: str) -> JsonObject:
    """Return the values of a group's choice as conf/ composes them, together with the preset that the data select."""
    preset = load_yaml(preset_for(conf, data).read_text(encoding="utf-8"))
    values = load_yaml((conf / group / f"{choice}.yaml").read_text(encoding="utf-8"))
    entries = places_in(conf, group, choice)
    if targets_of(entries):
        sections = {name: {key: place.value for key, place in places.items()} for name, places in entries.items()}
        return {name: {**_own_name(section), **section} for name, section in sections.items()}
    of_preset = preset.get(group, {})
    whole = {**of_preset, **values} if group == WINS_OVER_PRESET else {**values, **of_preset}
    return {**_own_name(values), **whole}


def _own_name(section: JsonObject) -> dict[str, str]:
    """Return what a class of one's own is called where its file gives it no name."""
    return {"name": str(section[TARGET]).rpartition(".")[2].lower()} if TARGET in section else {}


def is_several(section: JsonObject) -> bool:
    """Return whether a section is of several classes of one's own, each by a name."""
    return TARGET not in section and all(isinstance(each, dict) for each in section.values())


def choice_in(conf: Path, group: str, section: JsonObject, data: str | None = None) -> str:
    """Return the choice of a group that settings are of: its name, or the file that has its classes of one's own.

    Where the data have a choice of their own, and it makes the same by name, it is that one.
    """
    if is_several(section):
        targets = {name: section_of(section, name).get(TARGET) for name in section}
        files = sorted((conf / group).glob("*.yaml"))
        return next((path.stem for path in files if targets_of(places_in(conf, group, path.stem)) == targets), "")
    name, target = str({**_own_name(section), **section}["name"]), section.get(TARGET)
    if target is None:
        usual = None if data is None else default_choices(conf, data).get(group)
        own = conf / group / f"{usual}.yaml"
        is_usual = usual is not None and own.is_file() and load_yaml(own.read_bytes()).get("name", usual) == name
        return usual if usual is not None and is_usual else name
    files = sorted((conf / group).glob("*.yaml"), key=lambda path: (path.stem != name, path))
    return next((path.stem for path in files if load_yaml(path.read_bytes()).get(TARGET) == target), name)
