"""Data: sets of rows in memory or in mapped files, their splits, standardizing, augmentation, and the loader."""

from glassnet.data.augmentation import Augmentation
from glassnet.data.dataset import ArrayDataset, DataLoader, Dataset
from glassnet.data.split import SPLITS, stratified_split
from glassnet.data.standardizing import Standardizing

__all__ = [
    "SPLITS",
    "ArrayDataset",
    "Augmentation",
    "DataLoader",
    "Dataset",
    "Standardizing",
    "stratified_split",
]
