"""What settings are made of: sections that refuse unknown keys, and numbers with ranges."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from glassnet.nn.ranges import MOST as MOST


class Section(BaseModel):
    """A part of the settings: no unknown keys, no conversion between types (but whole numbers serve as floats).

    Its validator is built when it is first needed: most sections are validated as a part of the whole alone.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, serialize_by_alias=True, defer_build=True)


Fraction = Annotated[FiniteFloat, Field(gt=0, lt=1)]
Positive = Annotated[FiniteFloat, Field(gt=0)]
NotNegative = Annotated[FiniteFloat, Field(ge=0)]
HalfOpenFraction = Annotated[FiniteFloat, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=MOST)]
NotNegativeCount = Annotated[int, Field(ge=0)]


def arms_of(annotation: Any) -> list[Any]:
    """Return the types that an annotation allows, without what is noted beside them."""
    if get_origin(annotation) is Annotated:
        return arms_of(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [arm for each in get_args(annotation) for arm in arms_of(each)]
    return [annotation]
