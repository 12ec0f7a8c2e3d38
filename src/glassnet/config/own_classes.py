"""Classes and functions of one's own that settings name: that they exist, take what they are given, their files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from glassnet import nn, optim
from glassnet.components import DATA, TARGET, find, import_target, require_arguments, source_files, targets_in
from glassnet.config.compose import CONF, PARAMS
from glassnet.config.errors import UserError
from glassnet.config.parsing import describe_problem
from glassnet.config.settings import Settings
from glassnet.config.signatures import OwnSection, misfits
from glassnet.config.yaml_text import load_yaml
from glassnet.files import JsonObject
from glassnet.training import Callback

BASES: dict[str, type | None] = {
    DATA: None,
    "activation": nn.Module,
    "optimizer": optim.Optimizer,
    "schedule": None,
    "loss": nn.Loss,
    "callback": Callback,
}


def own_sections(settings: Settings) -> dict[str, JsonObject]:
    """Return the sections that choose a class of one's own, by their keys.

    Callbacks come in the order of their names, in which they are called: the order of a mapping is no setting.
    """
    callbacks = settings.callback if isinstance(settings.callback, dict) else {}
    sections = {
        "model.activation": settings.model.activation,
        **{key: getattr(settings, key) for key in ("optimizer", "schedule", "loss", "callback")},
        **{f"callback.{name}": section for name, section in sorted(callbacks.items())},
    }
    own: dict[str, JsonObject] = {
        key: section.model_dump() for key, section in sections.items() if isinstance(section, OwnSection)
    }
    return {DATA: settings.data.choice().source, **own} if isinstance(settings.data, OwnSection) else own


def kind_of(key: str) -> str:
    """Return of which kind the class is that a section of this key chooses: "callback.log" chooses a callback."""
    return key.removeprefix("model.").partition(".")[0]


def require_own_classes(settings: Settings) -> None:
    """Import the classes of one's own that the settings name, and hold their arguments to their signatures.

    Raises:
        UserError: for a path that leads to no class of the kind, or settings that are not its arguments.
    """
    for key, section in own_sections(settings).items():
        try:
            made = find(key, section, {}, BASES[kind_of(key)])
            require_arguments(key, section, made)
        except ValueError as error:
            raise UserError(str(error)) from error
        if problems := misfits(section, made, key):
            outer = key.split(".")
            lines = [describe_problem({**each, "loc": (*outer, *each["loc"])}) for each in problems]
            raise UserError("; ".join(lines))


def own_files(settings: Settings) -> list[Path]:
    """Return the Python files of one's own that the settings name: they are code that a result depends on."""
    return sorted({path for target in targets_in(own_sections(settings)) for path in source_files(target)})


def require_dependencies(settings: Settings) -> None:
    """Raise a `UserError` unless DVC fetches or trains again when a file of one's own changes.

    Those outside of the project, in an installed package, are as the environment has them.
    """
    here, own = Path.cwd(), own_sections(settings)
    pipeline = load_yaml(Path("dvc.yaml").read_bytes())["stages"] if own else {}
    for key, section in own.items():
        stage, why = ("fetch", "the data come from it") if key == DATA else ("train", "a part of the training is in it")
        deps = [each.replace("${data.path}", settings.data.path) for each in pipeline[stage]["deps"]]
        for path in source_files(str(section[TARGET])):
            if path.is_relative_to(here) and not any(path.relative_to(here).is_relative_to(each) for each in deps):
                name = path.relative_to(here).parts[0]
                raise UserError(
                    f"dvc.yaml: expected {name} among the deps of {stage}, since {why}, received none; add `- {name}` "
                    f"there, and DVC {'fetches' if key == DATA else 'trains'} again when it changes"
                )


def named_in_conf(where: str, target: object) -> Any:
    """Return the class that a model file names, if conf/ or params.yaml names it too.

    Raises:
        ValueError: if they do not: what a file says is no reason to import it.
    """
    files = [*CONF.rglob("*.yaml"), *([PARAMS] if PARAMS.is_file() else [])]
    if target not in {each for path in files for each in targets_in(load_yaml(path.read_bytes()))}:
        raise ValueError(
            f"expected a network of glassnet's own modules, or a class that conf/ names, received one with {target!r}, "
            f"which {CONF.absolute()} does not name; start in the project's folder, or allow the class by a file there "
            f"such as activation/own.yaml with `{TARGET}: {target}`"
        )
    return import_target(where, target)


def named_by(settings: Settings) -> Callable[[str, object], Any]:
    """Return what finds the class that a model file names, if these settings name it or conf/ does."""
    named = targets_in(own_sections(settings))
    return lambda where, target: import_target(where, target) if target in named else named_in_conf(where, target)
