"""Reads predictions.csv, the answer for every test row, as evaluate has written it."""

import csv
from typing import TypeAlias

from glassnet.runs import Layout
from glassnet.tables import PreparedData

Predictions: TypeAlias = list[dict[str, str]]


def read_predictions(layout: Layout, prepared: PreparedData) -> Predictions:
    """Return the rows of the file.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if rows are missing or damaged.
    """
    if not layout.predictions.is_file():
        raise FileNotFoundError(f"{layout.predictions}: expected the output of evaluate here, found no file")
    with layout.predictions.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.DictReader(file))
    expected = prepared.about["rows"]["test"]
    whole = [row for row in rows if {"actual", "predicted"} <= row.keys() and None not in row.values()]
    if len(whole) != expected:
        raise ValueError(
            f"{layout.predictions}: expected {expected} rows as evaluate writes them, received {len(whole)}; run "
            "evaluate again"
        )
    return whole
