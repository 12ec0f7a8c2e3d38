"""Arguments of the form key=value, for commands that are no stages of the pipeline and need no composed settings."""

import sys
from typing import Any

from glassnet.config.errors import UserError


def read_arguments(defaults: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the command line's key=value arguments over `defaults`, each converted to its default's type.

    A default of None takes a number or a text as it comes.

    Raises:
        UserError: for an unknown key, a value of the wrong type, or a required key that is missing.
    """
    values = dict(defaults)
    known = f"expected arguments {', '.join(f'{key}=…' for key in defaults)}"
    for argument in sys.argv[1:]:
        key, separator, text = argument.partition("=")
        if not separator or key not in defaults:
            raise UserError(f"{known}, received {argument!r}")
        values[key] = _convert(key, text, defaults[key])
    for key in required:
        if not values[key]:
            raise UserError(f"{known}, received no {key}")
    return values


def _convert(key: str, text: str, default: Any) -> Any:
    if isinstance(default, float) or default is None:
        try:
            return float(text)
        except ValueError:
            if default is None:
                return text
            raise UserError(f"{key}: expected a number, received {text!r}") from None
    return text
