"""The type of a setting in words, with its range, from the JSON schema that pydantic makes of it."""

from collections.abc import Mapping
from typing import Any

from glassnet.nn.ranges import MOST

# Around a table whose cells stand below each other on a narrow screen: docs/assets/site.css.
ROWS = '<div class="rows" markdown>'
SIGNS = {"exclusiveMinimum": "> ", "minimum": "≥ ", "exclusiveMaximum": "< ", "maximum": "≤ "}
NAMES = {"string": "string", "boolean": "`true` or `false`", "null": "`null`"}


def type_in_words(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return a type in words.

    Args:
        field: its schema.
        definitions: the schemas to which `$ref` leads, by their names.
    """
    if "$ref" in field:
        return type_in_words(definitions[field["$ref"].rpartition("/")[2]], definitions)
    for several in ("anyOf", "oneOf"):
        if several in field:
            return " or ".join(dict.fromkeys(type_in_words(arm, definitions) for arm in field[several]))
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kind = str(field.get("type", ""))
    if kind in {"integer", "number"}:
        return " ".join(["whole number" if kind == "integer" else "number", _range(field)]).strip()
    if kind == "array":
        each = field.get("items")
        one = "one of " if each and "enum" in each else "a "
        return f"list, each {one}{type_in_words(each, definitions)}" if each else "list"
    if kind == "object":
        named = field.get("additionalProperties")  # sections by their names, or numbers and lists
        return "mapping" if isinstance(named, dict) and "$ref" not in named else "a class of your own"
    return NAMES.get(kind, "any")


def value_in_words(value: Any) -> str:
    """Return a value as YAML has it; that of a long list is how long it is."""
    if isinstance(value, list) and len(str(value)) > 60:
        return f"a list of {len(value)}"
    text = str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
    return f"`{text}`" if text else ""


def _range(field: Mapping[str, Any]) -> str:
    """Return the ends of a range, but for the one that all counts have so that NumPy can hold them."""
    return " and ".join(f"{sign}{field[name]:g}" for name, sign in SIGNS.items() if field.get(name, MOST) != MOST)
