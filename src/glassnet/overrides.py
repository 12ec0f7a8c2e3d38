"""Values as Hydra's grammar of overrides has them, on the command line and behind DVC's -S."""

import re
import shlex
from collections.abc import Iterable
from typing import Any

WORDS = {"null", "true", "false", "nan", "inf"}  # which Hydra takes for values where they are not quoted
SHOWN = 8  # strings of a list that a sentence can bear


def as_override(value: Any) -> str:
    """Return a value as Hydra's grammar of overrides has it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(as_override, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_as_key(key)}:{as_override(each)}" for key, each in value.items()) + "}"
    if isinstance(value, str) and (value.lower() in WORDS or not re.fullmatch(r"[A-Za-z_/][\w/.-]*", value, re.ASCII)):
        return quoted(value)
    return str(value)


def _as_key(name: Any) -> str:
    """Return a key of a mapping, in which the grammar has no quotation marks, but signs to escape."""
    return re.sub(r"([\\()\[\]{}:=,\s])", r"\\\1", str(name))


def as_setting(key: str, value: str | Iterable[Any]) -> str:
    """Return a setting as one types it, in quotation marks where the shell needs them; its key alone if it is long."""
    value = value if isinstance(value, str) else list(value)
    if isinstance(value, list) and len(value) > SHOWN:
        return key
    typed = f"{key}={as_override(value)}"
    if re.search(r'[!$`"]', typed):  # signs that mean something to a shell within double quotation marks
        swapped = typed.replace("'", '"')
        return shlex.quote(typed if '"' in typed or "\\" in typed else swapped)
    return f'"{typed}"' if re.search(r"['\s]", typed) else typed


def quoted(text: str) -> str:
    """Return a text in quotation marks, in which every character stands for itself."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)
    trailing = re.search(r"\\*$", escaped)
    return f"'{escaped}{trailing[0] if trailing else ''}'"


def parts_of(text: str) -> list[str]:
    """Return what the commas divide that stand outside of brackets and quotation marks."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[{(":
            depth += 1
        elif character in "]})":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return parts
