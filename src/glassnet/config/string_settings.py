"""Strings on the command line as they were written, where Hydra would take them for numbers, truth values or lists."""

from functools import cache
from typing import Any, Literal, get_args, get_origin

from glassnet.config.fields import arms_of
from glassnet.config.settings import Settings
from glassnet.overrides import parts_of, quoted

STRING, STRINGS = "string", "strings"


def as_written(argument: str) -> str:
    """Return an override of a setting that holds a string, or several, with quotation marks about what Hydra misreads.

    2020 is a number for it, 2_020 the same one, and [a] a list, where they may be the names of columns.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import ChoiceSweep
    from hydra.errors import HydraException

    key, separator, raw = argument.partition("=")
    kind = string_settings().get(key.lstrip("+"))
    if kind is None or not separator:
        return argument
    try:
        override = OverridesParser.create().parse_overrides([argument])[0]
        value = override.value()
    except HydraException:
        return argument  # it is explained where it is parsed again
    if not override.is_sweep_override():
        return f"{key}={_one(raw, value, kind)}"
    parts = parts_of(raw)
    if not isinstance(value, ChoiceSweep) or not value.simple_form or len(parts) != len(value.list):
        return argument
    return f"{key}={','.join(_one(part, each, kind) for part, each in zip(parts, value.list, strict=True))}"


def with_quotes(argument: str) -> str | None:
    """Return an override that Hydra cannot read with quotation marks about its string, or each of its strings."""
    key, separator, raw = argument.partition("=")
    kind, raw = string_settings().get(key.lstrip("+")), raw.strip()
    if kind is None or not separator:
        return None
    if kind == STRING:
        return f"{key}={quoted(raw)}"
    if not raw.startswith("[") or not raw.endswith("]"):
        return None
    return f"{key}=[{','.join(quoted(part.strip()) for part in parts_of(raw[1:-1]))}]"


@cache
def string_settings() -> dict[str, str]:
    """Return the settings that hold a string, or a list of them."""
    found: dict[str, str] = {}
    for section, field in Settings.model_fields.items():
        for model in arms_of(field.annotation):
            for name, inner in getattr(model, "model_fields", {}).items():
                if kind := _kind(inner.annotation):
                    found[f"{section}.{name}"] = kind
    return found


def _one(raw: str, value: Any, kind: str) -> str:
    """Return one value of a setting as it was written, quoted if Hydra made something else of it."""
    if kind == STRING:
        return raw if value is None or isinstance(value, str) else quoted(raw.strip())
    parts = parts_of(raw.strip()[1:-1])
    if not isinstance(value, list) or len(parts) != len(value):
        return raw
    strings = [part if isinstance(each, str) else quoted(part.strip()) for part, each in zip(parts, value, strict=True)]
    return f"[{','.join(strings)}]"


def _kind(annotation: Any) -> str | None:
    """Return whether an annotation is that of a string, or of a list of them."""
    kinds = set()
    for arm in arms_of(annotation):
        if get_origin(arm) is list:
            kinds.add(STRINGS if _kind(get_args(arm)[0]) == STRING else "")
        elif arm is str or (get_origin(arm) is Literal and all(isinstance(choice, str) for choice in get_args(arm))):
            kinds.add(STRING)
        elif arm is not type(None):
            kinds.add("")
    return kinds.pop() or None if len(kinds) == 1 else None
