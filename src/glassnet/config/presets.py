"""The preset that a data set selects: network, batches and epochs that suit it, in conf/preset."""

from pathlib import Path
from typing import Any

from glassnet.config.yaml_text import load_yaml

PRESETS, USUAL = "preset", "small"


def preset_for(conf: Path, data: str) -> Path:
    """Return the file of conf/preset that `data=` selects: the one of that name, or else the usual one."""
    own = conf / PRESETS / f"{data}.yaml"
    return own if own.is_file() else own.with_stem(USUAL)


def read_group(conf: Path, group: str, choice: str, data: str) -> dict[str, Any]:
    """Return the values of a group's choice as conf/ composes them: over those of the preset that the data select."""
    preset = load_yaml(preset_for(conf, data).read_text(encoding="utf-8"))
    values = load_yaml((conf / group / f"{choice}.yaml").read_text(encoding="utf-8"))
    return {**preset.get(group, {}), **values}
