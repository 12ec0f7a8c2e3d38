"""Writes settings into conf/: the choice of each group, and each value where its group's file has it."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from glassnet.config.errors import UserError
from glassnet.config.settings import Settings

GROUPS = ("data", "model", "optimizer", "schedule", "training")


def edited_conf(conf: Path, settings: Settings) -> dict[Path, str]:
    """Return the files of conf/ that have to change so that it composes to `settings`, with their new texts.

    Comments and the order of the keys stay as they are. Where results are tracked is not touched.

    Raises:
        UserError: if a file lacks a key that the settings have.
    """
    main = conf / "config.yaml"
    texts = {main: main.read_text(encoding="utf-8")}
    texts[main] = _set(texts[main], "seed", settings.seed, main)
    for group in GROUPS:
        values = getattr(settings, group).model_dump()
        choice = values["name"]
        texts[main], found = re.subn(rf"(?m)^(  - {group}: ).*$", rf"\g<1>{choice}", texts[main])
        path = conf / group / f"{choice}.yaml"
        if not found or not path.is_file():
            raise UserError(f"{path}: expected a choice of {group} there and in the defaults of {main}, found none")
        text = path.read_text(encoding="utf-8")
        for key, value in values.items():
            if isinstance(value, dict):
                for inner, inner_value in value.items():
                    text = _set(text, inner, inner_value, path, section=key)
            else:
                text = _set(text, key, value, path)
        texts[path] = text
    return {path: text for path, text in texts.items() if path.read_text(encoding="utf-8") != text}


def write_texts(texts: dict[Path, str]) -> None:
    """Write files, each whole or not at all."""
    for path, text in texts.items():
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)


def _set(text: str, key: str, value: Any, path: Path, section: str | None = None) -> str:
    """Return the text of a YAML file with one value replaced, unless it says the same already."""
    present = yaml.safe_load(text)
    present = present if section is None else present.get(section, {})
    if key not in present:
        raise UserError(f"{path}: expected the key {key}, which the run's settings have, found none")
    if present[key] == value and type(present[key]) is type(value):
        return text
    written = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).removesuffix("\n...\n")
    indent = "" if section is None else "  "
    pattern = rf"(?m)^({indent}{re.escape(key)}:).*$"
    start = 0 if section is None else text.index(f"\n{section}:")
    return text[:start] + re.sub(pattern, lambda match: f"{match[1]} {written.strip()}", text[start:], count=1)
