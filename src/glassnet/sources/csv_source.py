"""A CSV file of the user's own as a choice of `data`: its settings are the arguments here."""

from pathlib import Path
from typing import Annotated, Literal

from glassnet.nn.ranges import AddedLater, Count, NotEmpty
from glassnet.sources.csv.options import (
    CSVOptions,
    DateFormat,
    Decimal,
    Delimiter,
    DropOrError,
    LaterNames,
    Name,
    Names,
    NearCopies,
    TargetTask,
)
from glassnet.sources.raw import OfQuantity, RawTable


def csv_table(
    path: str,
    *,
    target: Name | None,
    task: TargetTask,
    delimiter: Delimiter | None,
    decimal: Decimal,
    encoding: Annotated[str, NotEmpty()],
    drop: Names,
    keep: LaterNames = (),
    categorical: Names,
    dates: LaterNames = (),
    date_format: Annotated[DateFormat | None, AddedLater()] = None,
    most_categories: Count | None,
    missing_values: Names,
    missing_target: Annotated[DropOrError, AddedLater()] = "drop",
    missing_numeric: Literal["median", "mean", "drop"],
    missing_categorical: Literal["most_frequent", "own_category", "drop"],
    missing_indicator: bool,
    rare_classes: DropOrError,
    group: Annotated[Name | None, AddedLater()] = None,
    time: Annotated[Name | None, AddedLater()] = None,
    near_copies: Annotated[NearCopies, AddedLater()] = "apart",
) -> Annotated[RawTable, OfQuantity()]:
    """Return the table in a CSV file; `CSVOptions` says what each argument means.

    Raises:
        ValueError: in one line, for whatever makes the file unusable.
    """
    from glassnet.sources.csv.table import read_table  # all else of it is needed here alone

    options = CSVOptions(
        target=target,
        task=task,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        drop=drop,
        keep=keep,
        categorical=categorical,
        dates=dates,
        date_format=date_format,
        most_categories=most_categories,
        missing_values=missing_values,
        missing_target=missing_target,
        missing_numeric=missing_numeric,
        missing_categorical=missing_categorical,
        missing_indicator=missing_indicator,
        rare_classes=rare_classes,
        group=group,
        time=time,
        near_copies=near_copies,
    )
    return read_table(Path(path), options)


SOURCES = {"csv": csv_table}
