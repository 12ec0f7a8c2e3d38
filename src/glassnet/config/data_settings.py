"""The typed settings of the data: what all have, and the arguments of each source from its signature."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args, get_type_hints

from pydantic import AfterValidator, ConfigDict, Field, create_model, model_validator

from glassnet.components import DATA, Make
from glassnet.config.added_later import without_defaults
from glassnet.config.fields import MOST, Fraction, NotNegativeCount, Section
from glassnet.config.signatures import OwnSection, choice_among, section_of
from glassnet.data import TargetTransform
from glassnet.sources import SOURCES, DataChoice, OfQuantity, RawImages, Scaling, SplitSettings, WithTestRows


class DataSettings(Section):
    """What every data set has: where it comes from, and how its rows are divided.

    Attributes:
        path: what the data are made from; DVC fetches them again when it changes.
        validation_fraction: the fraction of the rows by which settings are chosen; without folds.
        test_fraction: the fraction of the rows that only `evaluate` opens.
        split_seed: which rows are for testing, and how the others are divided.
        folds: null, or a number of folds, of which one is the validation split; the test split stays the same.
        fold: which of the folds that is, from 0.
        repetition: 0, or which other way of dividing what is not for testing.
    """

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
        transform: TargetTransform = getattr(self, "target_transform", "none")
        scaling: Scaling = getattr(self, "scaling", "standard")
        settings: Any = without_defaults({DATA: self.model_dump()})
        return DataChoice(Path(self.path), split, settings[DATA], transform, scaling)


class OwnDataSettings(OwnSection, DataSettings):
    """Data from a function of one's own, with its arguments."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _preparing_is_one_of_ours(self) -> "OwnDataSettings":
        """They are no keys of their own here: a file that does not name them stays as it is in what a run was given."""
        for name, choices in (("target_transform", get_args(TargetTransform)), ("scaling", get_args(Scaling))):
            if (self.model_extra or {}).get(name, choices[0]) not in choices:
                raise ValueError(f"{' or '.join(choices)} as {name}")
        return self


def _section_of(name: str, load: Make) -> type[Section]:
    """Return the section of one of our sources: what all have, then its arguments.

    Only a source that has test rows of its own does without a test fraction; only one that reads a file of the user's
    lets `path` be any; only of a quantity is there a logarithm to learn; and only a table has columns to scale.
    """
    fields: dict[str, Any] = {}
    returned = get_type_hints(load, include_extras=True)["return"]
    marks = get_args(returned)
    if "path" not in inspect.signature(load).parameters:
        fields["path"] = (Annotated[str, _made_by(Path(inspect.getfile(load)).name)], ...)
    if WithTestRows() not in marks:
        fields["test_fraction"] = (Fraction, ...)
    if OfQuantity() in marks:
        fields["target_transform"] = (TargetTransform, "none")
    if RawImages not in (returned, *marks):
        fields["scaling"] = (Scaling, "standard")
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
