"""Data: sources, splits, preprocessing, data sets and the loader that deals them out."""

from glassnet.data.dataset import ArrayDataset, DataLoader, Dataset
from glassnet.data.preprocessing import Standardizer
from glassnet.data.sources import SOURCES, RawTable
from glassnet.data.split import SPLITS, stratified_split

__all__ = [
    "SOURCES",
    "SPLITS",
    "ArrayDataset",
    "DataLoader",
    "Dataset",
    "RawTable",
    "Standardizer",
    "stratified_split",
]
