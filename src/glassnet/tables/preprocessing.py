"""Preprocessing that travels with the model: of tables or of images, read back from what it wrote of itself."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from glassnet.tables.descriptions import PreprocessingDescription
from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.table_preprocessing import TablePreprocessing

Preprocessing: TypeAlias = TablePreprocessing | ImagePreprocessing


def preprocessing_from_json(data: Mapping[str, Any]) -> Preprocessing:
    """Return what `to_json` described."""
    described = cast(PreprocessingDescription, data)  # parsed from JSON
    if described["kind"] == "images":
        height, width = described["shape"]
        return ImagePreprocessing((height, width), described["mean"], described["scale"])
    return TablePreprocessing(described["columns"], described.get("gap_marks", []))
