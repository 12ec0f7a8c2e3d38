"""Reads plain values as settings; what does not fit is named in one line."""

from typing import Any

from pydantic import ValidationError

from glassnet.config.errors import UserError
from glassnet.config.settings import Settings
from glassnet.config.signatures import OURS, OWN, REFUSED, SEVERAL
from glassnet.config.unknown_keys import keys_of, unknown_setting
from glassnet.overrides import as_setting


def parse_settings(values: object, source: str) -> Settings:
    """Return `values` (nested mappings, read from `source`) as settings.

    Raises:
        UserError: naming each key that is unknown, missing or out of range, what was expected there and what came.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{source}: " + "; ".join(describe_problem(problem) for problem in error.errors())) from error


def describe_problem(problem: Any) -> str:
    """Return in one line what pydantic finds wrong with a setting."""
    path = [str(part) for part in problem["loc"]]
    chooses = len(path) > 1 and path[1] == OURS
    path = [part for part in path if part not in (OURS, OWN, SEVERAL, "[key]")]
    del path[1 : 1 + chooses]  # the choice that pydantic followed, not a key
    key = ".".join(path) or "settings"
    received = problem["input"]
    if problem["type"] == "extra_forbidden":
        return unknown_setting(key, keys_of(Settings), repr(received))
    if problem["type"] == "missing":
        return f"{key}: expected a value, received none"
    if problem["type"].startswith("union_tag"):
        choices = problem.get("ctx", {}).get("expected_tags", "a name")
        name = received.get("name") if isinstance(received, dict) else received
        return f"{key}.name: expected one of {choices}, received {name!r}"
    if problem["type"] == "string_type" and isinstance(received, int | float) and not isinstance(received, bool):
        typed = f"{key}='{received}'"
        return f'{key}: expected a string, received the number {received}; in quotes it is a string: "{typed}"'
    if problem["type"] == "list_type" and isinstance(received, str | int | float):
        typed = as_setting(key, [received])
        return f"{key}: expected a list, received {received!r}; in brackets it is one: {typed}"
    if problem["type"] == REFUSED:
        return f"{key}: {problem['msg']}"
    message = (
        problem["msg"]
        .removeprefix("Input should be ")
        .removeprefix("String should have ")
        .removeprefix("Value error, ")
    )
    if message.startswith(("greater ", "less ")):
        message = f"a number {message}"
    if problem["type"] == "value_error" and not path:  # of several sections: it says all itself
        return str(message)
    if problem["type"] == "value_error":
        return f"{key}: expected {message}, received {_without_nesting(received)}"
    return f"{key}: expected {message}, received {received!r}"


def _without_nesting(received: object) -> str:
    if isinstance(received, dict):
        return ", ".join(f"{name}={value!r}" for name, value in received.items() if not isinstance(value, dict))
    return repr(received)
