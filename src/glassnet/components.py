"""Data, optimizers, schedules, activations, losses and callbacks from settings: ours by name, one's own by path.

The settings of a part are the arguments of its constructor. A class of one's own is named by `_target_`, as Hydra has
it, and is imported from the working directory or an installed package. Only what builds a training does so.
"""

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from glassnet.files import JsonObject, JsonValue
from glassnet.nn.arrays import describe
from glassnet.nn.ranges import InEpochs, InParts

TARGET = "_target_"
NAMES = ("name", TARGET)  # settings that no constructor takes
DATA = "data"  # the section of the data, which are there before the training, and given nothing
# Settings of a kind, which it need not take.
BESIDE = {"optimizer": ("learning_rate",), "schedule": ("warmup_epochs",), DATA: ("path",)}
GIVEN = ("self", "parameters", "learning_rate", "steps", "steps_per_epoch")  # arguments that a training knows itself

Make = Callable[..., Any]


@dataclass(frozen=True)
class OwnClass:
    """A class of one's own, as settings and model files name it.

    Attributes:
        target: its path, such as "my_package.Lion".
        settings: the arguments of its constructor, and a name.
    """

    target: str
    settings: JsonObject

    @classmethod
    def from_json(cls, section: JsonObject) -> "OwnClass":
        """Return the class that a section names.

        Raises:
            ValueError: for a section without a path.
        """
        target = section.get(TARGET)
        if not isinstance(target, str):
            raise ValueError(f"expected the path of a class as {TARGET}, received {describe(target)}")
        return cls(target, {name: value for name, value in section.items() if name != TARGET})

    def to_json(self) -> JsonObject:
        """Return its section."""
        return {**self.settings, TARGET: self.target}


@dataclass(frozen=True)
class Argument:
    """An argument of a constructor, and the settings that it is made of.

    Attributes:
        name: of the argument.
        hint: its type.
        default: its default, or `inspect.Parameter.empty`.
        settings: the keys: its name; one for each entry of a tuple in parts; epochs for steps that are counted so.
        in_epochs: whether the setting counts epochs, and the argument steps.
    """

    name: str
    hint: Any
    default: Any
    settings: tuple[str, ...]
    in_epochs: bool = False


def arguments_of(make: Make, key: str = "") -> list[Argument]:
    """Return the arguments of a constructor for which there are settings, in their order; `key` is their section."""
    given = () if key == DATA else GIVEN
    function = make.__init__ if inspect.isclass(make) else make
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # of a class of one's own, for the type checker alone
        hints = {}
    found = []
    for name, parameter in inspect.signature(make).parameters.items():
        hint = hints.get(name, Any)
        marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        epochs = next((mark.setting for mark in marks if isinstance(mark, InEpochs)), None)
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if named and (name not in given or epochs is not None):
            parts = next((mark.settings for mark in marks if isinstance(mark, InParts)), None)
            keys: tuple[str, ...] = parts or ((name,) if epochs is None else (epochs,))
            hint = get_args(hint)[0] if parts else hint
            found.append(Argument(name, hint, parameter.default, keys, epochs is not None))
    return found


def find(key: str, section: JsonObject, ours: Mapping[str, Make], base: type | None) -> Make:
    """Return what makes the part that a section of the settings chooses.

    Args:
        key: where the section stands in the settings.
        section: with the name of one of ours, or the path of a class of one's own as `_target_`.
        ours: those that have a name.
        base: what a class of one's own must derive from; None where any function or class will do.

    Raises:
        ValueError: for an unknown name, or a path that leads to no such class.
    """
    if TARGET not in section:
        name = section.get("name")
        if not isinstance(name, str) or name not in ours:
            raise ValueError(f"{key}: expected one of {', '.join(ours)}, received {name!r}")
        return ours[name]
    where, target = f"{key}.{TARGET}", section[TARGET]
    made = import_target(where, target)
    if base is not None and not (inspect.isclass(made) and issubclass(made, base)):
        raise ValueError(f"{where}: expected a subclass of {base.__name__}, received {target}, which is none")
    if not callable(made):
        raise ValueError(f"{where}: expected a class or a function, received {target}, {describe(made)}")
    return made


def construct(key: str, section: JsonObject, make: Make, **given: Any) -> Any:
    """Return the part that a constructor makes of a section of the settings; the arguments are those of `values_for`.

    Raises:
        ValueError: for a setting that is no argument, a missing one, or what the constructor refuses.
    """
    values = values_for(key, section, make, **given)
    try:
        return make(**values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{key}: {error}") from error


def values_for(key: str, section: JsonObject, make: Make, **given: Any) -> dict[str, Any]:
    """Return the arguments for a constructor, from a section of the settings.

    Args:
        key: where the section stands in the settings, for messages.
        section: the settings; those with a default may be missing.
        make: the constructor.
        given: what the training knows itself, of `GIVEN`; a constructor gets what it has an argument for.

    Raises:
        ValueError: for a setting that is no argument, or a missing one.
    """
    accepted, arguments = inspect.signature(make).parameters, arguments_of(make, key)
    require_arguments(key, section, make)
    free, beside = _takes_any(make), BESIDE.get(key, ())
    known = {*NAMES, *beside, *(name for argument in arguments for name in argument.settings)}
    values = {name: value for name, value in section.items() if name not in known}  # for keywords of any name
    values |= {name: value for name, value in given.items() if name in accepted or (free and name in beside)}
    for argument in arguments:
        present = [section[name] for name in argument.settings if name in section]
        if len(present) < len(argument.settings):
            continue
        value: Any = tuple(present) if len(argument.settings) > 1 else present[0]
        if argument.in_epochs:
            value *= given["steps_per_epoch"]
        if argument.hint is Path:  # which no YAML has
            value = Path(str(value))
        values[argument.name] = tuple(value) if isinstance(value, list) and _is_tuple(argument.hint) else value
    return values


def require_arguments(key: str, section: JsonObject, make: Make) -> None:
    """Raise a `ValueError` unless the keys of a section are arguments of the constructor, and none is missing."""
    arguments = arguments_of(make, key)
    known = [name for argument in arguments for name in argument.settings]
    free = _takes_any(make)
    for name, value in section.items():
        if name not in (*known, *NAMES, *BESIDE.get(key, ())) and (name in GIVEN or not free):
            rate = ["learning_rate"] if key != DATA and "learning_rate" in inspect.signature(make).parameters else []
            takes = f"it takes {', '.join([*rate, *known]) or 'none'}"
            raise ValueError(f"{key}.{name}: expected an argument of {make.__name__}, received {value!r}; {takes}")
    for argument in arguments:
        if argument.default is inspect.Parameter.empty and not set(argument.settings) <= set(section):
            raise ValueError(f"{key}.{argument.settings[0]}: expected a value for {make.__name__}, received none")


def import_target(where: str, target: object) -> Any:
    """Return the class or function that a dotted path names.

    Raises:
        ValueError: if the path is none, its module cannot be imported, or has no such class.
    """
    if not isinstance(target, str) or not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", target):
        raise ValueError(f"{where}: expected the path of a class, such as my_package.Lion, received {target!r}")
    name, _, last = target.rpartition(".")
    _import_from_here()
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ValueError(
                f"{where}: expected a module in the project's folder or an installed package, received {target!r}; "
                f"there is no {error.name} in {Path.cwd()}"
            ) from error
        raise ValueError(f"{where}: expected {name} to import, received {error!r}") from error
    except Exception as error:  # whatever the user's own code does
        raise ValueError(f"{where}: expected {name} to import, received {' '.join(repr(error).split())}") from error
    if not hasattr(module, last):
        there = [each for each, value in vars(module).items() if callable(value) and not each.startswith("_")]
        raise ValueError(f"{where}: expected a class of {name}, received {last!r}; it has {', '.join(there) or 'none'}")
    return getattr(module, last)


def source_files(target: str) -> list[Path]:
    """Return the Python files of the module, or the whole package, that a class of one's own comes from."""
    _import_from_here()
    name = target.partition(".")[0]
    spec = importlib.util.find_spec(name)
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return sorted(path for folder in spec.submodule_search_locations for path in Path(folder).rglob("*.py"))
    return [Path(spec.origin)] if spec.origin else []


def targets_in(values: JsonValue) -> list[str]:
    """Return the paths of all classes of one's own that settings name, at whatever depth."""
    if not isinstance(values, Mapping):
        return []
    target = values.get(TARGET)
    own = [target] if isinstance(target, str) else []
    return sorted({*own, *(target for value in values.values() for target in targets_in(value))})


def _import_from_here() -> None:
    """Let modules in the working directory be found, also by a process that was not started with `python -m`."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()


def _takes_any(make: Make) -> bool:
    """Return whether a constructor takes keywords of any name."""
    return any(each.kind == each.VAR_KEYWORD for each in inspect.signature(make).parameters.values())


def _is_tuple(hint: Any) -> bool:
    return get_origin(hint) is tuple or hint is tuple
