"""The choices of a kind: every file of a package names its own, and nothing else has to."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def choices(package: str, table: str) -> dict[str, Callable[..., Any]]:
    """Return the tables of that name in all files of a package as one: what a name in conf/ is made by.

    Args:
        package: such as "glassnet.nn".
        table: such as "ACTIVATIONS".
    """
    found: dict[str, Callable[..., Any]] = {}
    for file in pkgutil.iter_modules(importlib.import_module(package).__path__):
        found |= getattr(importlib.import_module(f"{package}.{file.name}"), table, {})
    return found
