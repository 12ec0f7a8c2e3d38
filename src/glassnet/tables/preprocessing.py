"""Preprocessing that travels with the model: of tables or of images, read back from what it wrote of itself."""

from typing import Any, TypeAlias

from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.table_preprocessing import TablePreprocessing

Preprocessing: TypeAlias = TablePreprocessing | ImagePreprocessing


def preprocessing_from_json(data: dict[str, Any]) -> Preprocessing:
    """Return what `to_json` described."""
    if data["kind"] == "images":
        return ImagePreprocessing((data["shape"][0], data["shape"][1]), data["mean"], data["scale"])
    return TablePreprocessing(data["columns"], data.get("gap_marks", []))  # models of before they were kept have none
