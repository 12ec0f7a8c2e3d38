"""Data: sources, splits, preprocessing, data sets and the loader that deals them out."""

from glassnet.data.dataset import ArrayDataset, DataLoader, Dataset
from glassnet.data.prepared import PreparedData, open_prepared, prepare, read_prepared, read_raw, write_raw
from glassnet.data.preprocessing import Standardizer
from glassnet.data.sources import SOURCES, RawTable
from glassnet.data.split import SPLITS, stratified_split

__all__ = [
    "SOURCES",
    "SPLITS",
    "ArrayDataset",
    "DataLoader",
    "Dataset",
    "PreparedData",
    "RawTable",
    "Standardizer",
    "open_prepared",
    "prepare",
    "read_prepared",
    "read_raw",
    "stratified_split",
    "write_raw",
]
