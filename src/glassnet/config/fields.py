"""What settings are made of: sections that refuse unknown keys, and numbers with ranges."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from glassnet.nn.ranges import MOST as MOST


class Section(BaseModel):
    """A part of the settings: no unknown keys, no conversion between types (but whole numbers serve as floats)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, serialize_by_alias=True)


Fraction = Annotated[FiniteFloat, Field(gt=0, lt=1)]
Positive = Annotated[FiniteFloat, Field(gt=0)]
NotNegative = Annotated[FiniteFloat, Field(ge=0)]
HalfOpenFraction = Annotated[FiniteFloat, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=MOST)]
NotNegativeCount = Annotated[int, Field(ge=0)]
