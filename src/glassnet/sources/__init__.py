"""Where raw data come from: one function for each choice of `data`, from its settings to a table or images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from glassnet.sources.bundled import breast_cancer, diabetes, digits, wine
from glassnet.sources.csv_table import csv_table
from glassnet.sources.fashion_mnist import fashion_mnist
from glassnet.sources.generated import blobs, spirals
from glassnet.sources.raw import RawData, RawImages, RawTable

DOWNLOADS = Path("data", "downloads")  # kept between runs, so that a broken download goes on where it stopped

SOURCES: dict[str, Callable[[dict[str, Any]], RawData]] = {
    "wine": lambda settings: wine(),
    "breast_cancer": lambda settings: breast_cancer(),
    "digits": lambda settings: digits(),
    "diabetes": lambda settings: diabetes(),
    "blobs": lambda settings: blobs(**_pick(settings, "rows", "classes", "features", "spread", "seed")),
    "spirals": lambda settings: spirals(**_pick(settings, "rows", "classes", "turns", "noise", "seed")),
    "fashion_mnist": lambda settings: fashion_mnist(settings["mirrors"], DOWNLOADS / "fashion_mnist"),
    "csv": csv_table,
}


def _pick(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: settings[name] for name in names}


__all__ = ["SOURCES", "RawData", "RawImages", "RawTable"]
