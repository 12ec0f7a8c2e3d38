"""What a file of conf/ says: its values, and the comment above or behind each key."""

import inspect
import re
from pathlib import Path
from typing import Any

from docs.site.links import ROOT
from glassnet.config.yaml_text import load_yaml

CONF = ROOT / "conf"


def read(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values of a file, and its comments by the dotted names of the keys; nothing of a file that is not."""
    if not path.is_file():
        return {}, {}
    text = path.read_text(encoding="utf-8")
    comments: dict[str, str] = {}
    above: list[str] = []
    within: list[tuple[int, str]] = []
    for line in text.splitlines():
        found = re.match(r"( *)(\w+):(?:.*?\s#\s*(.+))?", line)
        if line.lstrip().startswith("#"):
            above.append(line.lstrip().lstrip("#").strip())
            continue
        if found:
            within = [(at, key) for at, key in within if at < len(found[1])] + [(len(found[1]), found[2])]
            if said := " ".join(filter(None, [*above, found[3]])):
                comments[".".join(key for _, key in within)] = said
        above = []
    return load_yaml(text) or {}, comments


def default_choice(group: str) -> str:
    """Return which file of a group conf/config.yaml chooses."""
    values, _ = read(CONF / "config.yaml")
    return next((str(each[group]) for each in values["defaults"] if isinstance(each, dict) and group in each), "")


def entries_of(docstring: str | None, heading: str) -> dict[str, str]:
    """Return the entries of a section of a Google-style docstring, such as `Args`, by their names."""
    block = re.findall(rf"^{heading}:\n((?:    .*\n?|\n)+)", inspect.cleandoc(docstring or ""), re.MULTILINE)
    rows = re.findall(r"^    (\w+): (.+(?:\n        .+)*)", "\n".join(block), re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in rows}
