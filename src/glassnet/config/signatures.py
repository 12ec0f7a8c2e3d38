"""Typed settings of a part from the signature of its constructor: each key with its type and its range."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    PydanticSchemaGenerationError,
    Tag,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from glassnet.components import TARGET, Make, arguments_of, construct
from glassnet.config.fields import Section
from glassnet.files import JsonObject
from glassnet.nn import Parameter
from glassnet.nn.ranges import AddedLater, Checked, Interval, NotEmpty

OURS, OWN, SEVERAL = "<ours>", "<own>", "<several>"  # tags of the kinds of a section
REFUSED = "refused"  # the type of the error of a constructor that does not take its arguments together


class OwnSection(Section):
    """A class of one's own, with the arguments of its constructor; it is imported when a training is built."""

    model_config = ConfigDict(extra="allow")

    name: str
    target: str = Field(alias="_target_")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, values: Any) -> Any:
        """Let it be called like its class, where its file gives it no name."""
        if isinstance(values, dict) and "name" not in values and isinstance(values.get(TARGET), str):
            return {"name": values[TARGET].rpartition(".")[2].lower(), **values}
        return values


def _is_name(name: object) -> object:
    """Refuse a name that would not stand in a key, such as `callback.ema.decay`."""
    if not (isinstance(name, str) and name.isidentifier()):
        raise PydanticCustomError(REFUSED, "expected a name of letters, digits and _")
    return name


def _has_target(section: Any) -> Any:
    if not isinstance(section, OwnSection) and not (isinstance(section, dict) and TARGET in section):
        said = f"expected a class of your own with its {TARGET}, received {section!r}"
        raise PydanticCustomError(REFUSED, "{said}", {"said": said})
    return section


# One class of one's own, or several, each by a name.
OneOrSeveral = Annotated[
    Annotated[OwnSection, Tag(OWN)]
    | Annotated[
        dict[Annotated[str, BeforeValidator(_is_name)], Annotated[OwnSection, BeforeValidator(_has_target)]],
        BeforeValidator(lambda value: value if isinstance(value, dict) else _has_target(value)),
        Tag(SEVERAL),
    ],
    Discriminator(lambda value: OWN if kind_of(value) == OWN else SEVERAL),
]


def choice_of(ours: Mapping[str, Make], base: type[Section], own: type[OwnSection], tried: bool = False) -> Any:
    """Return the type of a section that chooses one of ours by its name, or a class of one's own by `_target_`.

    Args:
        ours: the constructors, each by its name.
        base: the keys that all have.
        own: the section of a class of one's own.
        tried: whether the constructor of each is called with its settings, to learn whether it takes them together.
    """
    return choice_among([section_of(name, make, base, tried) for name, make in ours.items()], own)


def choice_among(ours: Sequence[type[Section]], own: type[OwnSection]) -> Any:
    """Return the type of a section that is one of ours, which differ by their name, or one of one's own."""
    sections: Any = tuple(ours)
    named = Annotated[Union[sections], Field(discriminator="name")]  # noqa: UP007  # of a tuple
    return Annotated[Annotated[named, Tag(OURS)] | Annotated[own, Tag(OWN)], Discriminator(kind_of)]


def kind_of(value: Any) -> str:
    """Return whether a section, or what is to become one, is of ours or of one's own."""
    return OWN if isinstance(value, OwnSection) or (isinstance(value, dict) and TARGET in value) else OURS


def section_of(name: str, make: Make, base: type[Section], tried: bool = False, group: str = "") -> type[Section]:
    """Return the section of one of ours: the keys of `base`, then those of its constructor, all of them required.

    An argument that is marked as added later is not, and a key that `base` has is as it says there.
    """
    fields: dict[str, Any] = {"name": (Literal[name], ...)}
    for argument in arguments_of(make, group):
        hints = get_args(argument.hint) if len(argument.settings) > 1 else (argument.hint,)
        default = argument.default if _has_mark(argument.hint, AddedLater) else ...
        default = list(default) if isinstance(default, tuple) else default  # YAML has lists alone
        keys = {key: (_ranged(hint), default) for key, hint in zip(argument.settings, hints, strict=True)}
        fields |= {key: field for key, field in keys.items() if key not in base.model_fields}
    validators: dict[str, Any] = {"tried": model_validator(mode="after")(_tried(make))} if tried else {}
    section: type[Section] = create_model(
        f"{make.__name__}Settings", __base__=base, __validators__=validators, **fields
    )
    return section


def misfits(section: JsonObject, make: Make, group: str = "") -> list[Any]:
    """Return what pydantic finds wrong with the settings of a class of one's own, by the types of its signature."""
    found: list[Any] = []
    for argument in arguments_of(make, group):
        (key,) = argument.settings
        if key not in section:
            continue
        value = section[key]
        is_tuple = get_origin(argument.hint) is tuple
        try:
            adapter = TypeAdapter(_ranged(argument.hint), config=ConfigDict(strict=True))
        except PydanticSchemaGenerationError:  # a type that no YAML has
            continue
        try:
            adapter.validate_python(tuple(value) if is_tuple and isinstance(value, list) else value)
        except ValidationError as error:
            found += [{**problem, "loc": (key, *problem["loc"])} for problem in error.errors()]
    return found


def _tried(make: Make) -> Callable[[Section], Section]:
    """Return a check that the constructor takes the settings of a section together."""

    def check(section: Section) -> Section:
        values = section.model_dump()
        rate = values.pop("learning_rate", None)
        weight = Parameter(np.zeros((1, 1), dtype=np.float32), "W")
        try:
            construct("", values, make, parameters=[weight], learning_rate=rate)
        except ValueError as error:
            message = str(error).removeprefix(": ").removeprefix(f"{make.__name__}: ")
            raise PydanticCustomError(REFUSED, "{said}", {"said": message}) from error
        return section

    return check


def _ranged(hint: Any) -> Any:
    """Return a type as pydantic has it: numbers are finite, a range is a condition, and a rule is looked at first."""
    if get_origin(hint) in {Union, UnionType}:
        return Union[tuple(map(_ranged, get_args(hint)))]  # noqa: UP007  # of a tuple
    if get_origin(hint) in {list, Sequence}:
        return list[_ranged(get_args(hint)[0])]  # type: ignore[misc]
    if get_origin(hint) is not Annotated:
        return {float: FiniteFloat, Path: str}.get(hint, hint) if isinstance(hint, type) else hint
    kind, *marks = get_args(hint)
    conditions: dict[str, Any] = {"min_length": 1} if NotEmpty() in marks else {}
    rules = [BeforeValidator(mark.rule) for mark in marks if isinstance(mark, Checked)]
    for mark in marks:
        if isinstance(mark, Interval):
            if mark.low > -math.inf:
                conditions["gt" if mark.low_open else "ge"] = mark.low
            if mark.high < math.inf:
                conditions["lt" if mark.high_open else "le"] = mark.high
    return Annotated[(_ranged(kind), Field(**conditions), *rules)]


def _has_mark(hint: Any, kind: type) -> bool:
    return get_origin(hint) is Annotated and any(isinstance(mark, kind) for mark in get_args(hint)[1:])
