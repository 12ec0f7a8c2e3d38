"""A choice of conf/ that names several classes of one's own, such as callbacks: which, and where each value stands.

Like every file of Hydra's, that of the choice has its values itself, or takes them from others by a defaults list.
"""

from pathlib import Path
from typing import Any, NamedTuple

from glassnet.components import TARGET
from glassnet.config.yaml_text import load_yaml


class Place(NamedTuple):
    """Where a value stands in conf/.

    Attributes:
        file: its path.
        keys: where in the file, from the outside in.
        value: the value.
    """

    file: Path
    keys: tuple[str, ...]
    value: Any


def places_in(conf: Path, group: str, choice: str) -> dict[str, dict[str, Place]]:
    """Return where the values of each entry of a choice stand: in its own file, or in those of its defaults list.

    A default is `file@entry`, for a file that has one class, or `file`, for one that has entries.
    """
    path = conf / group / f"{choice}.yaml"
    content = load_yaml(path.read_text(encoding="utf-8")) if path.is_file() else None
    if not isinstance(content, dict):
        return {}
    defaults = [default for default in content.get("defaults", []) if isinstance(default, str)]
    found: dict[str, dict[str, Place]] = {}
    for default in defaults if "_self_" in defaults else [*defaults, "_self_"]:  # Hydra's order: the last one wins
        file, at, entry = default.partition("@")
        if default == "_self_":
            sections = {name: section for name, section in content.items() if isinstance(section, dict)}
            inner = {
                name: {key: Place(path, (name, key), value) for key, value in section.items()}
                for name, section in sections.items()
            }
        elif at:
            source = conf / group / f"{file}.yaml"
            values = load_yaml(source.read_text(encoding="utf-8")) if source.is_file() else {}
            inner = {entry: {key: Place(source, (key,), value) for key, value in values.items()}}
        else:
            inner = places_in(conf, group, file)
        for name, places in inner.items():
            found.setdefault(name, {}).update(places)
    return found


def targets_of(entries: dict[str, dict[str, Place]]) -> dict[str, Any]:
    """Return the path of the class of each entry."""
    return {name: places[TARGET].value for name, places in entries.items() if TARGET in places}
