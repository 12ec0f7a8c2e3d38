"""The typed settings of the data: what all have, and the arguments of each source from its signature."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args, get_type_hints

from pydantic import AfterValidator, ConfigDict, Field, create_model, model_validator

from glassnet.components import DATA, Make
from glassnet.config.fields import MOST, Fraction, NotNegativeCount, Section
from glassnet.config.signatures import OwnSection, choice_among, section_of
from glassnet.sources import SOURCES, DataChoice, SplitSettings, WithTestRows


class DataSettings(Section):
    """What every data set has: where it comes from, and how its rows are divided."""

    path: Annotated[str, Field(min_length=1)]
    validation_fraction: Fraction
    test_fraction: Fraction | None
    split_seed: NotNegativeCount
    folds: Annotated[int, Field(ge=2, le=MOST)] | None
    fold: NotNegativeCount
    repetition: NotNegativeCount
    name: str

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> "DataSettings":
        if self.folds is None and self.validation_fraction + (self.test_fraction or 0) >= 1:
            raise ValueError("validation_fraction + test_fraction below 1, so that training rows are left")
        if self.fold >= (self.folds or 1):
            raise ValueError("fold below folds, or 0 without folds")
        return self

    def choice(self) -> DataChoice:
        """Return what these settings choose."""
        split = SplitSettings(
            self.validation_fraction, self.test_fraction, self.split_seed, self.folds, self.fold, self.repetition
        )
        return DataChoice(Path(self.path), split, self.model_dump())


class OwnDataSettings(OwnSection, DataSettings):
    """Data from a function of one's own, with its arguments."""

    model_config = ConfigDict(extra="allow")


def _section_of(name: str, load: Make) -> type[Section]:
    """Return the section of one of our sources: what all have, then its arguments.

    Only a source that has test rows of its own does without a test fraction; and only one that reads a file of the
    user's lets `path` be any.
    """
    fields: dict[str, Any] = {}
    if "path" not in inspect.signature(load).parameters:
        fields["path"] = (Annotated[str, _made_by(Path(inspect.getfile(load)).name)], ...)
    if WithTestRows() not in get_args(get_type_hints(load, include_extras=True)["return"]):
        fields["test_fraction"] = (Fraction, ...)
    base: type[DataSettings] = create_model("DataSettings", __base__=DataSettings, **fields)
    return section_of(name, load, base, group=DATA)


def _made_by(source: str) -> AfterValidator:
    """Let `path`, on which DVC has the data depend, be nothing but the file that makes the data."""

    def check(path: str) -> str:
        if Path(path).name != source:
            raise ValueError(f"{source} with this data set; a table of your own is data=csv data.path={path}")
        return path

    return AfterValidator(check)


if TYPE_CHECKING:
    AnyData: TypeAlias = DataSettings | OwnDataSettings
else:
    AnyData = choice_among([_section_of(name, load) for name, load in SOURCES.items()], OwnDataSettings)
