"""The typed settings of the data: where they come from, and how their rows are divided."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from glassnet.config.fields import MOST, Count, Fraction, Name, NotNegative, NotNegativeCount, Positive, Section


class DataSettings(Section):
    """What every data set has: where it comes from, and how its rows are divided."""

    path: Annotated[str, Field(min_length=1)]
    validation_fraction: Fraction
    test_fraction: Fraction
    split_seed: NotNegativeCount
    folds: Annotated[int, Field(ge=2, le=MOST)] | None
    fold: NotNegativeCount
    repetition: NotNegativeCount

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> "DataSettings":
        if self.folds is None and self.validation_fraction + (self.test_fraction or 0) >= 1:
            raise ValueError("validation_fraction + test_fraction below 1, so that training rows are left")
        if self.fold >= (self.folds or 1):
            raise ValueError("fold below folds, or 0 without folds")
        return self


def _made_by(source: str) -> AfterValidator:
    """Let `path`, on which DVC has the data depend, be nothing but the file that makes the data."""

    def check(path: str) -> str:
        if Path(path).name != source:
            raise ValueError(f"{source} with this data set; a table of your own is data=csv data.path={path}")
        return path

    return AfterValidator(check)


class BundledSettings(DataSettings):
    """A data set that scikit-learn carries."""

    path: Annotated[str, _made_by("bundled.py")]
    name: Literal["wine", "breast_cancer", "digits", "diabetes"]


class BlobsSettings(DataSettings):
    """Normal clouds."""

    path: Annotated[str, _made_by("generated.py")]
    name: Literal["blobs"]
    rows: Count
    classes: Annotated[int, Field(ge=2, le=MOST)]
    features: Count
    spread: Positive
    seed: NotNegativeCount


class SpiralsSettings(DataSettings):
    """Interleaved spiral arms."""

    path: Annotated[str, _made_by("generated.py")]
    name: Literal["spirals"]
    rows: Count
    classes: Annotated[int, Field(ge=2, le=MOST)]
    turns: Positive
    noise: NotNegative
    seed: NotNegativeCount


class FashionMNISTSettings(DataSettings):
    """Pictures of clothes; without a test fraction, the publisher's own test rows are the test split."""

    path: Annotated[str, _made_by("fashion_mnist.py")]
    name: Literal["fashion_mnist"]
    test_fraction: Fraction | None  # type: ignore[assignment]  # wider than the base's on purpose
    mirrors: Annotated[list[str], Field(min_length=1)]


def _as_character(delimiter: object) -> object:
    """Return a tab where one is typed as people type it; a tab itself does not reach the settings."""
    if delimiter in ("\\t", "tab"):
        return "\t"
    if isinstance(delimiter, str) and len(delimiter) != 1:
        raise ValueError("one character, such as ';', or \\t for a tab")
    return delimiter


def _says_a_date(form: str) -> str:
    from glassnet.columns.dates import is_date_format  # NumPy comes with it, which the settings do without

    if not is_date_format(form):
        raise ValueError("how dates are written, in the terms of Python's strftime, with a year, such as '%d.%m.%Y'")
    return form


class CSVSettings(DataSettings):
    """A table of the user's own."""

    name: Literal["csv"]
    target: Name | None
    task: Literal["auto", "classification", "regression"]
    delimiter: Annotated[str, BeforeValidator(_as_character)] | None
    decimal: Literal[".", ","]
    encoding: Annotated[str, Field(min_length=1)]
    drop: list[Name]
    keep: list[Name] = Field(default_factory=list)
    categorical: list[Name]
    dates: list[Name] = Field(default_factory=list)
    date_format: Annotated[str, AfterValidator(_says_a_date)] | None = None
    most_categories: Count | None
    missing_values: list[Name]
    missing_target: Literal["drop", "error"] = "drop"
    missing_numeric: Literal["median", "mean", "drop"]
    missing_categorical: Literal["most_frequent", "own_category", "drop"]
    missing_indicator: bool
    rare_classes: Literal["error", "drop"]
