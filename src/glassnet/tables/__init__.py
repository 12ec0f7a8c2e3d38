"""Raw tables and images: prepared for a network, kept on disk, and predicted for by a model file."""

from glassnet.tables.explaining import explain_rows
from glassnet.tables.folds import open_folds
from glassnet.tables.image_preprocessing import ImagePreprocessing
from glassnet.tables.loading import load_raw
from glassnet.tables.model_files import TrainedModel, load_model, predict_rows
from glassnet.tables.prepared import PreparedData, open_prepared, read_prepared
from glassnet.tables.preparing import prepare
from glassnet.tables.preprocessing import Preprocessing, preprocessing_from_json
from glassnet.tables.raw_files import read_raw, write_raw
from glassnet.tables.table_preprocessing import TablePreprocessing

__all__ = [
    "ImagePreprocessing",
    "PreparedData",
    "Preprocessing",
    "TablePreprocessing",
    "TrainedModel",
    "explain_rows",
    "load_model",
    "load_raw",
    "open_folds",
    "open_prepared",
    "predict_rows",
    "prepare",
    "preprocessing_from_json",
    "read_prepared",
    "read_raw",
    "write_raw",
]
