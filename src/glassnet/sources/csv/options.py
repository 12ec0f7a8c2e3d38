"""How a CSV file of the user's own is written, and what to make of its columns: see conf/data/csv.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from glassnet.columns.dates import is_date_format
from glassnet.nn.ranges import AddedLater, Checked
from glassnet.sources.raw import CategoricalRule, MissingRules, NumericRule


def name_of_column(value: object) -> object:
    """Return a whole number as the string that it most likely is: Hydra makes a number of a column named 2020."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def delimiter_character(value: object) -> object:
    """Return a tab where one is typed as people type it; a tab itself does not reach the settings.

    Raises:
        ValueError: for a string that is not one character.
    """
    if value in ("\\t", "tab"):
        return "\t"
    if isinstance(value, str) and len(value) != 1:
        raise ValueError("one character, such as ';', or \\t for a tab")
    return value


def says_a_date(value: object) -> object:
    """Return the value, which if it is a string says how dates are written.

    Raises:
        ValueError: for a string that does not.
    """
    if isinstance(value, str) and not is_date_format(value):
        raise ValueError("how dates are written, in the terms of Python's strftime, with a year, such as '%d.%m.%Y'")
    return value


Name: TypeAlias = Annotated[str, Checked(name_of_column)]
Names: TypeAlias = Sequence[Name]
LaterNames: TypeAlias = Annotated[Sequence[Name], AddedLater()]
Delimiter: TypeAlias = Annotated[str, Checked(delimiter_character)]
DateFormat: TypeAlias = Annotated[str, Checked(says_a_date)]
Decimal: TypeAlias = Literal[".", ","]
TargetTask: TypeAlias = Literal["auto", "classification", "regression"]
NearCopies: TypeAlias = Literal["apart", "together"]
DropOrError: TypeAlias = Literal["drop", "error"]


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """How the fields of a CSV file are written.

    Attributes:
        delimiter: what divides them; None for the one that fits.
        decimal: the decimal separator.
        encoding: of the file.
        missing_values: what stands for a missing value, besides an empty field.
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    missing_values: Sequence[str] = ("NA", "NaN", "nan")


@dataclass(frozen=True, kw_only=True)
class CSVOptions(FileFormat):
    """A CSV file with a target, and what to make of its columns.

    Attributes:
        target: the column to predict.
        task: what is learnt.
        drop: columns to leave out.
        keep: columns to learn from, though there is a doubt about them.
        group: the column that names what rows belong to; all of a group are in one split. None: each row is for itself.
        time: the column by which rows are divided, the latest for testing. None: they are divided at random.
        near_copies: whether near copies of a row may be in other splits than it.
        categorical: columns of numbers or dates that are categories.
        dates: columns of dates that are not found out.
        date_format: how dates are written; None for the format that fits.
        most_categories: a column of more different strings is left out; None leaves it open.
        missing_target: what becomes of rows without a value of the target.
        missing_numeric: what fills a missing number or date.
        missing_categorical: what fills a missing string.
        missing_indicator: whether a numeric column with missing values gets a companion that marks them.
        rare_classes: what becomes of classes with too few rows to split.
    """

    target: str | None
    task: TargetTask = "auto"
    drop: Sequence[str] = ()
    keep: Sequence[str] = ()
    group: str | None = None
    time: str | None = None
    near_copies: NearCopies = "apart"
    categorical: Sequence[str] = ()
    dates: Sequence[str] = ()
    date_format: str | None = None
    most_categories: int | None = None
    missing_target: DropOrError = "drop"
    missing_numeric: NumericRule = "median"
    missing_categorical: CategoricalRule = "most_frequent"
    missing_indicator: bool = False
    rare_classes: DropOrError = "error"

    @property
    def missing(self) -> MissingRules:
        """What fills missing values, and what stands for one in later rows."""
        return MissingRules(
            self.missing_numeric, self.missing_categorical, self.missing_indicator, tuple(self.missing_values)
        )
