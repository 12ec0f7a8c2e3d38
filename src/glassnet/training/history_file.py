"""The history as CSV."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from glassnet.files import whole_file

Row: TypeAlias = dict[str, float]
"""The type of a row of a history: a number for each column."""


def write_history(path: Path, history: Iterable[Row], columns: Iterable[str]) -> None:
    """Write the named columns of a history, one row an epoch; floats in full, so that they read back the same."""
    columns = list(columns)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(row[column]) for column in columns] for row in history)


def _text(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))  # NumPy's floats have a repr of their own


def read_history(path: Path) -> list[Row]:
    """Read what `write_history` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no history, or ends in the middle of an epoch.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected the history of a training here, found no file; run train first")
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    except (ValueError, TypeError):
        rows = []
    if not rows or "epoch" not in rows[0]:
        raise ValueError(f"{path}: expected the history of a training, received a damaged or foreign file; train again")
    return rows
