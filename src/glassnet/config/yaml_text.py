"""YAML as Hydra reads it: numbers such as 1e-3 are numbers, which for PyYAML alone are strings."""

import re
from typing import Any

import yaml


def load_yaml(content: str | bytes) -> Any:
    """Return what YAML has; nothing in it is ever executed.

    Raises:
        yaml.YAMLError: if it is none.
    """
    return yaml.load(content, Loader=_LOADER)  # noqa: S506  # a SafeLoader, see below


def _make_loader() -> Any:
    """Return PyYAML's safe loader, with numbers such as 1e-3 read as numbers, as YAML 1.2 and Hydra have it."""
    loader = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    loader.add_implicit_resolver(  # type: ignore[attr-defined]  # inherited from PyYAML's Resolver
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
    )
    return loader


_LOADER = _make_loader()
