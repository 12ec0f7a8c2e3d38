"""The preset that a data set selects: network, batches and epochs that suit it, in conf/preset."""

from pathlib import Path

from glassnet.components import TARGET
from glassnet.config.several import places_in, targets_of
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject, section_of

PRESETS, USUAL = "preset", "small"


def preset_for(conf: Path, data: str) -> Path:
    """Return the file of conf/preset that `data=` selects: the one of that name, or else the usual one."""
    own = conf / PRESETS / f"{data}.yaml"
    return own if own.is_file() else own.with_stem(USUAL)


def read_group(conf: Path, group: str, choice: str, data: str) -> JsonObject:
    """Return the values of a group's choice as conf/ composes them: over those of the preset that the data select."""
    preset = load_yaml(preset_for(conf, data).read_text(encoding="utf-8"))
    values = load_yaml((conf / group / f"{choice}.yaml").read_text(encoding="utf-8"))
    entries = places_in(conf, group, choice)
    if targets_of(entries):
        sections = {name: {key: place.value for key, place in places.items()} for name, places in entries.items()}
        return {name: {**_own_name(section), **section} for name, section in sections.items()}
    return {**_own_name(values), **preset.get(group, {}), **values}


def _own_name(section: JsonObject) -> dict[str, str]:
    """Return what a class of one's own is called where its file gives it no name."""
    return {"name": str(section[TARGET]).rpartition(".")[2].lower()} if TARGET in section else {}


def is_several(section: JsonObject) -> bool:
    """Return whether a section is of several classes of one's own, each by a name."""
    return TARGET not in section and all(isinstance(each, dict) for each in section.values())


def choice_in(conf: Path, group: str, section: JsonObject) -> str:
    """Return the choice of a group that settings are of: its name, or the file that has its classes of one's own."""
    if is_several(section):
        targets = {name: section_of(section, name).get(TARGET) for name in section}
        files = sorted((conf / group).glob("*.yaml"))
        return next((path.stem for path in files if targets_of(places_in(conf, group, path.stem)) == targets), "")
    name, target = str({**_own_name(section), **section}["name"]), section.get(TARGET)
    if target is None:
        return name
    files = sorted((conf / group).glob("*.yaml"), key=lambda path: (path.stem != name, path))
    return next((path.stem for path in files if load_yaml(path.read_bytes()).get(TARGET) == target), name)
