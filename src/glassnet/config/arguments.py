"""Arguments of the form key=value, for commands that are no stages of the pipeline; and what `--help` prints."""

import inspect
import sys
from pathlib import Path
from typing import Any

from glassnet.config.compose import CONF
from glassnet.config.errors import UserError

STAGE_ARGUMENTS = """
Without arguments it takes the settings of params.yaml and writes DVC's outputs. With any, it takes those of conf/ with
the values given, and writes into a dated folder, or that of hydra.run.dir=. `-m` makes a sweep of several values, such
as optimizer.learning_rate=0.1,0.01. `--cfg job` prints all settings, `--hydra-help` lists Hydra's own options. Choices:
"""


def read_arguments(
    defaults: dict[str, Any], required: tuple[str, ...] = (), about: tuple[str | None, ...] = ()
) -> dict[str, Any]:
    """Return the command line's key=value arguments over `defaults`, each converted to its default's type.

    Args:
        defaults: the keys there are, with their values; one of None takes a number or a text as it comes.
        required: those that must be given.
        about: what `--help` says of the command, in paragraphs.

    Raises:
        UserError: for an unknown key, a value of the wrong type, or a required key that is missing.
        SystemExit: with status 0, if help was asked for and printed.
    """
    if asks_for_help():
        optional = [f"[{key}={'…' if default is None else default}]" for key, default in defaults.items()]
        given = [f"{key}=…" for key in required]
        print_usage(" ".join([*given, *optional[len(required) :]]), *about)
        raise SystemExit(0)
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


def _convert(key: str, text: str, default: Any) -> Any:
    if isinstance(default, float) or default is None:
        try:
            return float(text)
        except ValueError:
            if default is None:
                return text
            raise UserError(f"{key}: expected a number, received {text!r}") from None
    return text
