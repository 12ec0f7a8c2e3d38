"""Arguments of the form key=value, for commands that are no stages of the pipeline; and what `--help` prints."""

import dataclasses
import inspect
import sys
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from glassnet.config.compose import CONF
from glassnet.config.errors import UserError

STAGE_ARGUMENTS = """
Without arguments it takes the settings of params.yaml and writes DVC's outputs. With any, it takes those of conf/ with
the values given, and writes into a dated folder, or that of hydra.run.dir=. `-m` makes a sweep of several values, such
as optimizer.learning_rate=0.1,0.01. `--cfg job` prints all settings, `--hydra-help` lists Hydra's own options. Choices:
"""

Arguments = TypeVar("Arguments")


def read_arguments(kind: type[Arguments], *about: str | None) -> Arguments:
    """Return the command line's key=value arguments as an instance of the dataclass that declares them.

    Args:
        kind: its fields are the keys, of the type `str`, `bool`, `float` or `float | None`. Those without a default
            must be given.
        about: what `--help` says of the command, in paragraphs.

    Raises:
        UserError: for an unknown key, a value of the wrong type, or a required key that is missing.
        SystemExit: with status 0, if help was asked for and printed.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # a dataclass
    required = [name for name, field in fields.items() if field.default is dataclasses.MISSING]
    if asks_for_help():
        optional = [f"[{name}={_shown(field.default)}]" for name, field in fields.items() if name not in required]
        print_usage(" ".join([*(f"{name}=…" for name in required), *optional]), *about)
        raise SystemExit(0)
    known = f"expected arguments {', '.join(f'{name}=…' for name in fields)}"
    types, values = get_type_hints(kind), {}
    for argument in sys.argv[1:]:
        name, separator, text = argument.partition("=")
        if not separator or name not in fields:
            raise UserError(f"{known}, received {argument!r}")
        values[name] = _converted(name, text, types[name])
    for name in required:
        if not values.get(name):
            raise UserError(f"{known}, received no {name}")
    return kind(**values)


def asks_for_help() -> bool:
    """Return whether the command line has `-h` or `--help`."""
    return not {"-h", "--help"}.isdisjoint(sys.argv[1:])


def print_usage(arguments: str, *about: str | None) -> None:
    """Print how this command is started, and what its documentation says of it."""
    print(f"usage: python -m glassnet.stages.{Path(sys.argv[0]).stem} {arguments}")
    for paragraph in filter(None, about):
        print(f"\n{inspect.cleandoc(paragraph)}")


def print_stage_usage(about: str | None) -> None:
    """Print how a stage is started, and the choices that conf/ has."""
    print_usage("[-m] [<setting>=<value> …] [hydra.run.dir=<folder>]", about, STAGE_ARGUMENTS)
    groups = [path for path in CONF.iterdir() if path.is_dir() and path.name != "hydra"] if CONF.is_dir() else []
    print()
    for group in sorted(groups):
        print(f"  {group.name}={'|'.join(sorted(path.stem for path in group.glob('*.yaml')))}")


def _shown(default: object) -> object:
    if isinstance(default, bool):
        return "true|false"
    if isinstance(default, float):
        return f"{default:g}"  # a port is 5000, not 5000.0
    return "…" if default is None else default


def _converted(name: str, text: str, hint: Any) -> str | float | bool:
    if hint is bool:
        if text.lower() not in {"true", "false"}:
            raise UserError(f"{name}: expected true or false, received {text!r}")
        return text.lower() == "true"
    if hint is not float and float not in get_args(hint):
        return text
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{name}: expected a number, received {text!r}") from None
