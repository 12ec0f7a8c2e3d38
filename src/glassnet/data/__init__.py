"""Data: sources, splits, preprocessing, data sets and the loader that deals them out."""

from glassnet.data.augmentation import Augmentation
from glassnet.data.dataset import ArrayDataset, DataLoader, Dataset
from glassnet.data.image_preprocessing import ImagePreprocessing
from glassnet.data.prepared import PreparedData, open_prepared, prepare, read_prepared
from glassnet.data.preprocessing import Preprocessing, preprocessing_from_json
from glassnet.data.raw_files import read_raw, write_raw
from glassnet.data.sources import SOURCES, RawData, RawImages, RawTable
from glassnet.data.split import SPLITS, stratified_split
from glassnet.data.table_preprocessing import TablePreprocessing

__all__ = [
    "SOURCES",
    "SPLITS",
    "ArrayDataset",
    "Augmentation",
    "DataLoader",
    "Dataset",
    "ImagePreprocessing",
    "PreparedData",
    "Preprocessing",
    "RawData",
    "RawImages",
    "RawTable",
    "TablePreprocessing",
    "open_prepared",
    "prepare",
    "preprocessing_from_json",
    "read_prepared",
    "read_raw",
    "stratified_split",
    "write_raw",
]
