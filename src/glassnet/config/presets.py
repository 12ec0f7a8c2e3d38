"""The preset that a data set selects: network, batches and epochs that suit it, in conf/preset."""

from pathlib import Path

from glassnet.components import TARGET
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject

PRESETS, USUAL = "preset", "small"


def preset_for(conf: Path, data: str) -> Path:
    """Return the file of conf/preset that `data=` selects: the one of that name, or else the usual one."""
    own = conf / PRESETS / f"{data}.yaml"
    return own if own.is_file() else own.with_stem(USUAL)


def read_group(conf: Path, group: str, choice: str, data: str) -> JsonObject:
    """Return the values of a group's choice as conf/ composes them: over those of the preset that the data select."""
    preset = load_yaml(preset_for(conf, data).read_text(encoding="utf-8"))
    values = load_yaml((conf / group / f"{choice}.yaml").read_text(encoding="utf-8"))
    own_name = {"name": str(values[TARGET]).rpartition(".")[2].lower()} if TARGET in values else {}
    return {**own_name, **preset.get(group, {}), **values}


def choice_in(conf: Path, group: str, section: JsonObject) -> str:
    """Return the choice of a group that settings are of: its name, or the file that has its class of one's own."""
    name, target = str(section["name"]), section.get(TARGET)
    if target is None:
        return name
    files = sorted((conf / group).glob("*.yaml"), key=lambda path: (path.stem != name, path))
    return next((path.stem for path in files if load_yaml(path.read_bytes()).get(TARGET) == target), name)
