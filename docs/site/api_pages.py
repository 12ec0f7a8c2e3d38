"""The reference of the library: a page for each package, with every public name from its docstring."""

import inspect
from functools import cache
from importlib import import_module
from types import ModuleType

LIBRARY = ("nn", "optim", "data", "training", "diagnostics", "evaluation")
KINDS = ("Classes", "Functions", "Constants and types")


@cache
def api_pages() -> dict[str, tuple[str, str]]:
    """Return the title and the Markdown of each page, by its place; mkdocstrings puts the docstrings in."""
    return {f"reference/library/{name}.md": (f"glassnet.{name}", _page(name)) for name in LIBRARY}


def names_of(package: str) -> dict[str, list[str]]:
    """Return the public names of a package by their kind, each kind in the order of the alphabet."""
    module = import_module(f"glassnet.{package}")
    names: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name in sorted(module.__all__, key=str.lower):
        names[_kind(module, name)].append(name)
    return {kind: found for kind, found in names.items() if found}


def _kind(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    if inspect.isclass(value):
        return "Classes"
    return "Functions" if inspect.isfunction(inspect.unwrap(value)) else "Constants and types"


def _page(package: str) -> str:
    module = import_module(f"glassnet.{package}")
    lines = [f"# glassnet.{package}", "", inspect.cleandoc(module.__doc__ or ""), ""]
    for kind, names in names_of(package).items():
        lines += [f"## {kind}", ""]
        for name in names:
            lines += [f"::: glassnet.{package}.{name}", "    options:", "      heading_level: 3", ""]
    return "\n".join(lines)
