"""Data: sets of rows in memory or in mapped files, their splits, scaling, augmentation, and the loader."""

from glassnet.data.augmentation import Augmentation
from glassnet.data.dataset import ArrayDataset, DataLoader, Dataset
from glassnet.data.group_split import grouped_split
from glassnet.data.robust_scaling import RobustScale, RobustScaling
from glassnet.data.split import SPLITS, stratified_split
from glassnet.data.standardizing import Standardizing
from glassnet.data.target_scale import TargetScale, TargetTransform, in_units, transformed
from glassnet.data.time_split import UNUSED, timed_split

__all__ = [
    "SPLITS",
    "UNUSED",
    "ArrayDataset",
    "Augmentation",
    "DataLoader",
    "Dataset",
    "RobustScale",
    "RobustScaling",
    "Standardizing",
    "TargetScale",
    "TargetTransform",
    "grouped_split",
    "in_units",
    "stratified_split",
    "timed_split",
    "transformed",
]
