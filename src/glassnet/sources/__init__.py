"""Where raw data come from: one function for each choice of `data`, from its settings to a table or images."""

from glassnet.nn.choices import choices
from glassnet.sources.choice import DataChoice, Scaling, SplitSettings
from glassnet.sources.raw import MissingRules, OfQuantity, RawData, RawImages, RawTable, WithTestRows

SOURCES = choices("glassnet.sources", "SOURCES")

__all__ = [
    "SOURCES",
    "DataChoice",
    "MissingRules",
    "OfQuantity",
    "RawData",
    "RawImages",
    "RawTable",
    "Scaling",
    "SplitSettings",
    "WithTestRows",
]
