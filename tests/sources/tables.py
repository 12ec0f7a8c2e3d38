"""What the tests of CSV files share: reading a small one with the settings of conf/, some of them changed."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glassnet.sources import DataChoice, RawTable
from glassnet.tables import load_raw
from tests.settings import data_choice


def choice_for(path: Path, **changes: Any) -> DataChoice:
    """Return the choice of a table at `path` with the target y."""
    return data_choice("csv", **{"path": str(path), "target": "y", **changes})


def read(folder: Path, content: str | bytes, **changes: Any) -> RawTable:
    """Return the table of a file with this content."""
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table = load_raw(choice_for(path, **changes))
    assert isinstance(table, RawTable)
    return table


def lines(header: str, row: Callable[[int], str], rows: int = 60) -> str:
    """Return a file of this header and these rows."""
    return header + "\n" + "".join(row(i) + "\n" for i in range(rows))


def measured(i: int) -> str:
    """Return one of many numbers with decimals, in no order, with no relation to `class_of`."""
    return f"{random.Random(f'number {i}').gauss(0, 1):.3f}"


def class_of(i: int) -> str:
    """Return one of two classes, in no order."""
    return "pq"[random.Random(f"class {i}").random() < 0.5]


def note(table: RawTable, part: str) -> str:
    """Return the one note that has this part."""
    found = [said for said in table.notes if part in said]
    assert len(found) == 1, (part, table.notes)
    return found[0]
