"""Data: sets of rows in memory or in mapped files, their splits, scaling, augmentation, and the loader."""

from glassnet.data.augmentation import Augmentation
from glassnet.data.dataset import ArrayDataset, DataLoader, Dataset
from glassnet.data.robust_scaling import RobustScale, RobustScaling
from glassnet.data.split import SPLITS, stratified_split
from glassnet.data.standardizing import Standardizing
from glassnet.data.target_scale import TargetScale, TargetTransform, in_units, transformed

__all__ = [
    "SPLITS",
    "ArrayDataset",
    "Augmentation",
    "DataLoader",
    "Dataset",
    "RobustScale",
    "RobustScaling",
    "Standardizing",
    "TargetScale",
    "TargetTransform",
    "in_units",
    "stratified_split",
    "transformed",
]
