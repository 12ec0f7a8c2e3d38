"""Ablations: what a choice in conf/ablation turns off, and whether it is off."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassnet.config.errors import UserError
from glassnet.config.settings import Settings, flatten
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonValue

ABLATION = "ablation"  # the group in conf/, and the key by which its choices name themselves in the settings
UNCHANGED = "nothing"  # the choice that the others are compared with


@dataclass
class Part:
    """What is turned off: the values that are set for it, and the choices that are made in other groups."""

    values: dict[str, JsonValue] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)


def part_of(conf: Path, ablations: Sequence[object]) -> Part:
    """Return what ablations turn off, as their files in `conf` say; nothing for one that has no file there."""
    part = Part()
    for ablation in ablations:
        _add(part, conf / ABLATION, ablation)
    return part


def require_turned_off(conf: Path, settings: Settings) -> None:
    """Raise a `UserError` if the settings name an ablation, and have something else than its file in `conf` says.

    On a command line of ours the ablation wins (`let_ablation_win`); DVC composes by itself, and there it does not.
    """
    part = part_of(conf, [settings.ablation])
    present = flatten(settings.model_dump())
    wanted = part.values | {f"{group}.name": choice for group, choice in part.choices.items()}
    for name, value in wanted.items():
        if name in present and present[name] != value:
            raise UserError(
                f"{ABLATION}={settings.ablation}: expected {name}={value!r}, which it stands for, received "
                f"{present[name]!r}, which was given beside it; leave one of the two out"
            )


def _add(part: Part, folder: Path, ablation: object) -> None:
    path = folder / f"{ablation}.yaml"
    if not path.is_file():
        return
    content: Any = load_yaml(path.read_bytes())
    for default in content.pop("defaults", []):
        if isinstance(default, dict):
            part.choices |= {key.removeprefix("override").strip(" /"): choice for key, choice in default.items()}
        else:  # another ablation, which this one includes
            _add(part, folder, default)
    part.values |= {name: value for name, value in flatten(content).items() if name != ABLATION}
